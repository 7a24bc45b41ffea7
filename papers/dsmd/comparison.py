"""Compare DSMD with the distillation of MLLMEmbed-ReID: one world, teacher, student and budget for all variants.

Run `python -m papers.dsmd`: thirty trainings. It resumes, and writes `benchmarks/results/dsmd.json`: mAP by
`source-excluded` of the three tasks for people never seen, edge against edge (E2E) and edge against cloud (E2C), and
rSum between photographs and captions; and `dsmd.png`, the mAP of validation people over the steps. All variants but
the first learn the task beside, with weight 0.01; balanced weights add up to 10 and more, so that beside them it is
next to nothing, as in the source, which has no task.
"""

import argparse
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from crossreid.analysis.figures import render
from crossreid.core.embeddings import Embeddings
from crossreid.data.dataset import Dataset
from crossreid.data.loading import load_dataset
from crossreid.evaluation.evaluate import BOTH_WAYS, evaluate
from crossreid.models.loading import PrecisionSetting, load_encoder
from crossreid.synthesis.pedestrians.dataset import write_world
from crossreid.training.build import read_history, train_model
from crossreid.training.config import DistillationConfig, DsmdConfig, StudentConfig
from crossreid.training.record import write_record
from crossreid.training.teacher_features import store_teacher_features
from papers.mllmembed.figures import mean_curves

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results" / "dsmd.json"
RUNS = Path("runs") / "dsmd"
TASK = 0.01

_RELEASED = {"balancer": {"rate_of": "released"}}
_ALONE = {"cosine": 0.0, "principal": 0.0, "relation": 0.0}
VARIANTS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "task only": ("student", {}),
    "cosine": ("distillation", _ALONE | {"cosine": 0.99}),
    "PCM": ("distillation", _ALONE | {"principal": 0.99}),
    "FR": ("distillation", _ALONE | {"relation": 0.99}),
    "PCM + FR": ("distillation", _ALONE | {"principal": 0.495, "relation": 0.495}),
    "cosine + PCM + FR": ("distillation", {}),
    "DSMD, raw rate": ("dsmd", {}),
    "DSMD, released": ("dsmd", _RELEASED),
    "cosine + PCM + FR, balanced": (
        "distillation",
        {"cosine": 1.0, "principal": 1.0, "relation": 1.0, "balancer": {}},
    ),
    "cosine + PCM + FR, balanced, released": (
        "distillation",
        {"cosine": 1.0, "principal": 1.0, "relation": 1.0} | _RELEASED,
    ),
}
"""What is trained -> the kind of its configuration and the settings of the distillation."""

DRAWN = (
    "task only", "cosine", "PCM + FR", "cosine + PCM + FR", "DSMD, raw rate", "DSMD, released",
    "cosine + PCM + FR, balanced",
)  # fmt: skip
"""Whose curves are drawn."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How large it is.

    Args:
        train_people: drawn people to learn from, an encounter of each.
        test_people: unseen people that are searched for.
        test_groups: encounters of each.
        validation_people: others, behind the curves, as often met.
        validate_every: steps.
        steps: of every variant.
        learning_rate: at its peak.
        batch_people: identities a batch.
        components: of PCM.
        queue: entries of DSMD's queues, for each modality.
        teacher: whose stored features are followed.
        student: where every variant starts.
        precision: of training and embedding.
        seeds: of the order, the augmentation and the classifier.
        world_seed: of the people.
    """

    train_people: int = 2000
    test_people: int = 200
    test_groups: int = 4
    validation_people: int = 30
    validate_every: int = 20
    steps: int = 160
    learning_rate: float = 1e-3
    batch_people: int = 48
    components: int = 50
    queue: int = 1024
    teacher: str = "tiny-cloud"
    student: str = "tiny-edge"
    precision: PrecisionSetting = "auto"
    seeds: tuple[int, ...] = (0, 1, 2)
    world_seed: int = 0


Numbers = dict[str, dict[str, list[float]]]
Curves = dict[str, list[list[tuple[int, float]]]]


def compare(size: Comparison, folder: Path, *, quiet: bool = True) -> tuple[Numbers, Curves]:
    """Train and evaluate every variant at every seed.

    Returns:
        The numbers by variant, then by name, one a seed; and the mean mAP of validation people, (step, percent), of
        each variant and seed.
    """
    train, test, validation = _draw(size, folder)
    cloud = load_encoder(size.teacher, precision=size.precision)
    features = store_teacher_features(cloud, train, folder / "teacher_features.parquet", progress=not quiet)
    gallery = store_teacher_features(cloud, test, folder / "gallery.parquet", progress=not quiet)
    numbers: Numbers = {"teacher": _add({}, _measure(gallery, gallery))}
    start = load_encoder(size.student, precision=size.precision).encode(test.samples)
    numbers["student, untrained"] = _add({}, _measure(start, gallery))
    curves: Curves = {}
    for name in VARIANTS:
        for seed in size.seeds:
            run = folder / f"{name.replace(' ', '-')}-{seed}"
            model = train_model(
                configuration(size, name, seed),
                train,
                run,
                teacher_features=features,
                validation=validation,
                quiet=quiet,
            )
            curves.setdefault(name, []).append(read_history(run / "history.jsonl", "validation_map"))
            edge = load_encoder(model, precision=size.precision).encode(test.samples)
            measured = _measure(edge, gallery)
            measured["seconds"] = read_history(run / "history.jsonl", "seconds")[-1][1]
            _add(numbers.setdefault(name, {}), measured)
            print(f"{name} ({seed}): " + ", ".join(f"{key} {value:.1f}" for key, value in measured.items()))
    return numbers, curves


def configuration(size: Comparison, name: str, seed: int) -> StudentConfig | DistillationConfig | DsmdConfig:
    """Of one variant: all but `kind` and the distillation is the same."""
    kind, settings = VARIANTS[name]
    common: dict[str, Any] = {
        "kind": kind,
        "backbone": size.student,
        "loop": {
            "steps": size.steps,
            "learning_rate": size.learning_rate,
            "final_learning_rate": size.learning_rate / 50,
            "warmup_share": 0.1,
            "precision": size.precision,
            "seed": seed,
            "checkpoint_every": max(1, size.steps // 4),
            "log_every": max(1, size.steps // 40),
            "validate_every": size.validate_every,
            "tracker": None,
        },
        "batch": {"people": size.batch_people, "groups": 1},
        "augmentation": {"flip": 0.0, "padding": 4, "erase": 0.15},
        "weights": {"triplet_warmup": 0.5, "sdm_reduction": "mean"},
    }
    follow = {"task": TASK, "head_start": "least_squares"} | settings
    match kind:
        case "student":
            return StudentConfig.model_validate(common)
        case "dsmd":
            return DsmdConfig.model_validate(common | {"dsmd": {"queue": size.queue} | follow})
        case _:
            follow["components"] = size.components
            return DistillationConfig.model_validate(common | {"distillation": follow})


def _draw(size: Comparison, folder: Path) -> tuple[Dataset, Dataset, Dataset]:
    sizes = {
        "train": (size.train_people, 1),
        "test": (size.test_people, size.test_groups),
        "validation": (size.validation_people, size.test_groups),
    }
    for split, (people, groups) in sizes.items():
        write_world(
            folder / split,
            seed=size.world_seed,
            people={split: people},
            groups_per_person=groups,
            progress=False,
        )
    train, test, validation = (load_dataset("pedestrians", folder / split, split) for split in sizes)
    return train, test, validation


def _measure(edge: Embeddings, cloud: Embeddings) -> dict[str, float]:
    """Percent; what has not learnt to live in the cloud's space is not compared with it."""
    found: dict[str, float] = {}
    for setting, gallery in (("E2E", edge), ("E2C", cloud)):
        if edge.fingerprint.partition("@")[2] == gallery.fingerprint.partition("@")[2]:
            rows = evaluate(edge, gallery).rows
            found |= {f"{setting} mAP {row.task}": row.mean_ap for row in rows}
            found[f"{setting} mAP"] = float(np.mean([row.mean_ap for row in rows]))
    sums = evaluate(edge, tasks=BOTH_WAYS, protocol="image-text").recall_sums()
    return found | {"E2E rSum": next(iter(sums.values()))}


def _add(numbers: dict[str, list[float]], measured: Mapping[str, float]) -> dict[str, list[float]]:
    for name, value in measured.items():
        numbers.setdefault(name, []).append(value)
    return numbers


def main(size: Comparison = Comparison(), *, runs: Path = RUNS, results: Path = RESULTS) -> None:
    """Compare, print a line for each variant, and write the record and a figure of the validations.

    Args:
        size: of the data and the trainings.
        runs: folder of the trainings; finished ones are not repeated.
        results: file of the record.
    """
    numbers, curves = compare(size, runs)
    for name, measured in numbers.items():
        values = measured["E2E mAP"]
        spread = f" +- {np.std(values, ddof=1):.1f}" if len(values) > 1 else ""
        print(f"{name:38} mean mAP {np.mean(values):.1f}{spread}")
    settings = {name: {"kind": kind, "settings": asked} for name, (kind, asked) in VARIANTS.items()}
    write_record(
        results,
        asdict(size),
        seed=size.seeds[0],
        seeds=list(size.seeds),
        variants=settings,
        numbers=numbers,
        curves=curves,
        pictures=["dsmd"],
    )
    drawn = {name: curves[name] for name in DRAWN if name in curves}
    picture = mean_curves(drawn, "mean mAP on validation people, %", "DSMD beside cosine, PCM and FR")
    results.with_suffix(".png").write_bytes(render(picture, dots_per_inch=120))
    print(f"{results} is written")


def run() -> None:
    """Run the comparison by the command line, which takes no options but `--help`."""
    argparse.ArgumentParser(prog="python -m papers.dsmd", description=__doc__).parse_args()
    main()
