"""The paper's own setting: the user's data and weights, looked for before anything begins."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from huggingface_hub import snapshot_download

from crossreid.core.errors import ConfigurationError, CrossReIDError
from crossreid.core.modality import Modality
from crossreid.core.sample import UNKNOWN, Sample
from crossreid.data.dataset import Dataset
from crossreid.data.loading import load_dataset
from crossreid.models.loading import model_folder
from crossreid.models.outline import outline
from crossreid.training.config import load_config
from papers.mllmembed.study import Study, StudyData, check_groups, configured

_FILES = {"teacher": "teacher.yaml", "student": "student.yaml", "distillation": "distillation.yaml"}
_SPLITS = ("train", "test")
_WEIGHTS = ("*.safetensors", "*.bin")


def paper_study(
    data: Mapping[str, Path],
    *,
    dataset: str,
    cloud: str = "",
    edge: str = "",
    configs: Path,
    spectra: Mapping[str, Path] | None = None,
    overrides: Sequence[str] = (),
) -> Study:
    """The paper's trainings on data sets with four kinds of evidence.

    Args:
        data: where each data set lies, by the name that it is to have.
        dataset: their format, with the splits `train` and `test`.
        cloud: the cloud model's backbone in place of the configuration's: a folder or a hub name.
        edge: the edge model's backbone likewise.
        configs: folder of `teacher.yaml`, `student.yaml` and `distillation.yaml`.
        spectra: where data sets for figure 7 alone lie, by their format; of whatever evidence, with the split `test`.
        overrides: "teacher.loop.steps=10" and the like.

    Raises:
        ConfigurationError: something is missing; everything that is missing is named.
    """
    missing = [
        f"the configuration {configs / name}" for name in _FILES.values() if not (configs / name).is_file()
    ]
    if missing:
        raise ConfigurationError(
            f"missing: {'; '.join(missing)}",
            expected="the configurations of the repository",
            remedy="call this in a checkout, or name their folder with --configs",
        )
    check_groups(overrides, tuple(_FILES))
    backbones = [f"teacher.backbone={cloud}"] if cloud else []
    backbones += [f"{kind}.backbone={edge}" for kind in ("student", "distillation")] if edge else []
    read = {kind: load_config(configs / name) for kind, name in _FILES.items()}
    teacher, student, distillation = configured(read, [*backbones, *overrides])
    sources = {"--cloud": teacher.backbone, "--edge": student.backbone}
    others = spectra or {}
    for name in sorted(set(others) & set(data)):
        raise ConfigurationError(
            f"two data sets named {name}", expected="other names for --data than the formats of --spectrum"
        )
    missing = [*_missing_weights(sources), *_missing_data(data, dataset), *_missing_spectra(others)]
    if missing:
        raise ConfigurationError(
            f"missing: {'; '.join(missing)}",
            expected="data with photographs, infrared pictures, sketches and captions, and both backbones",
            remedy="name them with --data NAME=FOLDER, --cloud FOLDER and --edge FOLDER; crossreid expand makes what is"
            " missing of photographs; data without it can be part of figure 7 (--spectrum FORMAT=FOLDER); see"
            " docs/reproducing.md",
        )
    width = outline(model_folder(teacher.backbone)).dim
    return Study(
        "paper",
        teacher,
        student.model_copy(update={"dim": width}),
        distillation,
        {
            "dataset": dataset,
            "data": {name: str(root) for name, root in data.items()},
            "spectra": {name: str(root) for name, root in others.items()},
        },
        lambda seed, folder, quiet: _read(data, dataset, others),
        precision=teacher.loop.precision,
    )


def join(datasets: Mapping[str, Dataset]) -> Dataset:
    """Several data sets as one: nobody of one is anybody of another."""
    samples: list[Sample] = []
    labels: list[str] = []
    for name, one in datasets.items():
        for sample in one.samples:
            person = sample.person_id if sample.person_id == UNKNOWN else sample.person_id + len(labels)
            source = f"{name}/{sample.source_id}" if sample.source_id else ""
            item = f"{name}/{sample.item_id}"
            samples.append(replace(sample, person_id=person, source_id=source, item_id=item))
        labels += [f"{name}/{label}" for label in one.labels]
    return Dataset(" + ".join(datasets), "train", tuple(samples), tuple(labels))


def _read(data: Mapping[str, Path], dataset: str, spectra: Mapping[str, Path]) -> StudyData:
    splits = {
        split: {name: load_dataset(dataset, root, split) for name, root in data.items()} for split in _SPLITS
    }
    others = {name: load_dataset(name, root, "test") for name, root in spectra.items()}
    return StudyData(join(splits["train"]), None, splits["test"], spectra=others)


def _missing_weights(sources: Mapping[str, str]) -> Iterator[str]:
    """Backbones without weights, whether a folder or in the hub's cache; nothing is fetched."""
    for option, source in sources.items():
        folder = Path(source)
        if not folder.exists():
            try:
                folder = Path(snapshot_download(source, local_files_only=True))
            except (OSError, ValueError):  # both are what the hub's own errors descend from
                yield f"the weights {source} ({option}), neither a folder nor in the hub's cache"
                continue
        if folder.is_dir() and not any(file for kind in _WEIGHTS for file in folder.glob(kind)):
            yield f"the weights in {folder} ({option}), which has none of {', '.join(_WEIGHTS)}"


def _missing_data(data: Mapping[str, Path], dataset: str) -> Iterator[str]:
    if not data:
        yield "data (--data CUHK-PEDES=FOLDER, one for each data set)"
    for name, root in data.items():
        for split in _SPLITS:
            try:
                found: Any = load_dataset(dataset, root, split)
            except CrossReIDError as error:
                yield f"{split} of {name}: {error}"
                continue
            lacking = sorted(set(Modality) - {sample.modality for sample in found.samples})
            if lacking:
                yield f"{', '.join(lacking)} in {split} of {name} ({root})"


def _missing_spectra(spectra: Mapping[str, Path]) -> Iterator[str]:
    for name, root in spectra.items():
        try:
            load_dataset(name, root, "test")
        except CrossReIDError as error:
            yield f"test of {name} (--spectrum): {error}"
