"""What Common Instruction, DirectReID and lambda do, at home and in a world that looks different.

Run `python -m papers.mllmreid`: 45 trainings. It resumes, and writes `benchmarks/results/mllmreid.json`: R1 and
mAP of photographs searched by photographs of other cameras (`market`), of people never seen, in the style that was
trained on and in the other one, by the vision tower's feature and, where it was trained, by the latent one; and how
well the language model foretells captions of unseen people beside their own picture and beside another's, which says
whether it looks. All start from one backbone, whose language model learns to read pictures first.
`python -m papers.mllmreid --miniature` runs all of it at a size that says nothing but that it runs.
"""

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from crossreid.data.dataset import Dataset
from crossreid.data.images import decode_image
from crossreid.data.loading import load_dataset
from crossreid.evaluation.evaluate import evaluate
from crossreid.models.encoder import ModelEncoder
from crossreid.models.folder import load_model
from crossreid.models.loading import PrecisionSetting
from crossreid.models.mllmreid import Mllmreid
from crossreid.models.mllmreid_prompts import ALIGNMENT, COMMON, DIVERSE, Instruction, answer_to
from crossreid.synthesis.pedestrians.dataset import write_world
from crossreid.synthesis.pedestrians.style import Style
from crossreid.training.build import read_history, train_model
from crossreid.training.config import AlignmentConfig, MllmreidConfig
from crossreid.training.continuations import described_pictures
from crossreid.training.mllmreid import align
from crossreid.training.record import write_record
from crossreid.training.tasks.mllmreid_language import answer_loss

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results" / "mllmreid.json"
RUNS = Path("runs") / "mllmreid"

VARIANTS: Mapping[str, dict[str, Any]] = {
    "(a) many instructions": {"instructions": "diverse", "reid": "none"},
    "(b) Common Instruction": {"reid": "none"},
    "(c) Common Instruction + DirectReID": {},
    "(a) + ReID on the vision tower": {"instructions": "diverse", "reid": "visual"},
    "(b) + ReID on the vision tower (SyncReID)": {"reid": "visual"},
    "ReID on the vision tower alone": {"reid": "visual", "lambda_value": 0.0},
}
"""What is trained -> what differs from the defaults. All are trained in each style."""

COMPARED_STYLES: tuple[Style, ...] = ("day", "evening")
"""The same people and poses in two lights."""

LAMBDAS = (0.0, 0.5, 1.0)
"""Of (c), beside its own 0.7; trained by day."""

_LOOKED_AT, _OTHERS = 150, 5
"""People of whom the language model says what it sees, and others' pictures it is shown in place of each."""

Worlds = Mapping[Style, tuple[Dataset, Dataset]]
"""People to train with and to search for, by style."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How large it is.

    Args:
        train_people: drawn people to learn from, in each style.
        test_people: unseen people that are searched for.
        groups: encounters of each.
        steps: of every training.
        learning_rate: of adapters and projector, at its peak.
        vision_rate: of the vision tower, as a share of it.
        batch_people: identities a batch.
        batch_groups: groups an identity.
        alignment_people: people whose pictures the language model learns to read first.
        alignment_steps: of that.
        samples: pictures of which the model is asked what it sees, after every epoch.
        precision: of training and embedding.
        seeds: of order, augmentation, adapters and classifiers.
        world_seed: of the people.
    """

    train_people: int = 400
    test_people: int = 150
    groups: int = 4
    steps: int = 60
    learning_rate: float = 1e-3
    vision_rate: float = 0.2
    batch_people: int = 8
    batch_groups: int = 4
    alignment_people: int = 3000
    alignment_steps: int = 400
    samples: int = 4
    precision: PrecisionSetting = "auto"
    seeds: tuple[int, ...] = (0, 1, 2)
    world_seed: int = 0


MINIATURE = replace(
    Comparison(),
    train_people=12,
    test_people=8,
    groups=2,
    steps=4,
    batch_people=4,
    batch_groups=2,
    alignment_people=16,
    alignment_steps=4,
    samples=1,
    seeds=(0,),
)


@dataclass(frozen=True, slots=True)
class Run:
    """One training.

    Args:
        study: that it belongs to.
        name: of what is compared in it.
        style: that is trained on.
        settings: that differ from the defaults.
        seed: of the training.
    """

    study: str
    name: str
    style: Style
    settings: Mapping[str, Any]
    seed: int

    @property
    def folder(self) -> str:
        """A name for its folder."""
        letters = (letter if letter.isalnum() else "-" for letter in f"{self.study} {self.name}")
        return "-".join("".join(letters).split("-")) + f"-{self.style}-{self.seed}"


def runs(size: Comparison) -> list[Run]:
    """All trainings, seed by seed."""
    planned = []
    for seed in size.seeds:
        for style in COMPARED_STYLES:
            planned += [Run("ablation", name, style, own, seed) for name, own in VARIANTS.items()]
        for value in LAMBDAS:
            # At lambda = 1 nothing is left of DirectReID, whose classifiers would only be decayed.
            own = {"lambda_value": value} | ({"reid": "none"} if value == 1 else {})
            planned.append(Run("lambda", f"{value:g}", "day", own, seed))
    return planned


def compare(size: Comparison, folder: Path, *, quiet: bool = True) -> dict[str, Any]:
    """Train and evaluate every run: study -> name -> trained style -> figure -> one number a seed."""
    worlds: Worlds = {style: _draw(size, folder, style) for style in COMPARED_STYLES}
    backbone = _backbone(size, folder, quiet=quiet)
    start = _measure(size, backbone, worlds) | _sight(backbone, worlds["day"][1], ALIGNMENT)
    numbers: dict[str, Any] = {"start": {"backbone": {"none": _lists(start)}}}
    for run in runs(size):
        measured = _once(size, run, folder / run.folder, backbone, worlds, quiet=quiet)
        place = numbers.setdefault(run.study, {}).setdefault(run.name, {}).setdefault(run.style, {})
        for name, value in measured.items():
            place.setdefault(name, []).append(value)
        shown = ", ".join(f"{name} {value:.1f}" for name, value in measured.items())
        print(f"{run.study}, {run.name}, {run.style} ({run.seed}): {shown}", flush=True)
    return numbers


def configuration(size: Comparison, run: Run, backbone: Path) -> MllmreidConfig:
    """Of one training: all but seed and `mllmreid` is the same."""
    return MllmreidConfig.model_validate(
        {
            "kind": "mllmreid",
            "backbone": str(backbone),
            "loop": _loop(size, size.steps, seed=run.seed),
            "batch": {"people": size.batch_people, "groups": size.batch_groups},
            "augmentation": {"flip": 0.5, "padding": 4, "erase": 0.15},
            "vision_rate": size.vision_rate,
            "mllmreid": dict(run.settings),
            "samples": size.samples,
        }
    )


def _loop(size: Comparison, steps: int, *, seed: int) -> dict[str, Any]:
    return {
        "steps": steps,
        "learning_rate": size.learning_rate,
        "final_learning_rate": size.learning_rate / 50,
        "warmup_share": 0.1,
        "precision": size.precision,
        "seed": seed,
        "checkpoint_every": max(1, steps // 4),
        "log_every": max(1, steps // 40),
        "tracker": None,
    }


def _backbone(size: Comparison, folder: Path, *, quiet: bool) -> Path:
    asked = AlignmentConfig.model_validate(
        {
            "loop": _loop(size, size.alignment_steps, seed=0),
            "drawn": {"people": size.alignment_people, "groups": 1, "seed": size.world_seed},
            "people": min(32, size.alignment_people),
        }
    )
    return align(asked, folder / "backbone", quiet=quiet)


def _draw(size: Comparison, folder: Path, style: Style) -> tuple[Dataset, Dataset]:
    counts = {"train": size.train_people, "test": size.test_people}
    for split, people in counts.items():
        write_world(
            folder / "people" / style / split,
            seed=size.world_seed,
            people={split: people},
            groups_per_person=size.groups,
            style=style,
            workers=1,
            progress=False,
        )
    train, test = (load_dataset("pedestrians", folder / "people" / style / name, name) for name in counts)
    return train, test


def _once(
    size: Comparison,
    run: Run,
    folder: Path,
    backbone: Path,
    worlds: Worlds,
    *,
    quiet: bool,
) -> dict[str, float]:
    """The numbers of a run; those of an earlier call with the same configuration are read."""
    config = configuration(size, run, backbone)
    asked = config.model_dump(mode="json")
    note = folder / "numbers.json"
    if note.exists():
        known = json.loads(note.read_text(encoding="utf-8"))
        if known["configuration"] == asked:
            return known["numbers"]
    model = train_model(config, worlds[run.style][0], folder, quiet=quiet)
    measured = _measure(size, model, worlds, latent=config.mllmreid.reid == "direct")
    if config.mllmreid.shares[0]:
        asked_for = COMMON if config.mllmreid.instructions == "common" else DIVERSE[0]
        measured |= _sight(model, worlds[run.style][1], asked_for)
    measured["seconds"] = read_history(folder / "history.jsonl", "seconds")[-1][1]
    measured["said words"] = read_history(folder / "history.jsonl", "said_words")[-1][1]
    note.write_text(json.dumps({"configuration": asked, "numbers": measured}), encoding="utf-8")
    return measured


def _measure(size: Comparison, folder: Path, worlds: Worlds, *, latent: bool = False) -> dict[str, float]:
    """Percent, in each style."""
    found: dict[str, float] = {}
    model, _ = load_model(folder)
    assert isinstance(model, Mllmreid)
    for feature in ("vision", "latent") if latent else ("vision",):
        model.feature = feature
        encoder = ModelEncoder(model, precision=size.precision)
        for style, (_, test) in worlds.items():
            row = evaluate(encoder, dataset=test, tasks=("R->R",), protocol="market").rows[0]
            found |= {f"{feature} mAP {style}": row.mean_ap, f"{feature} R1 {style}": row.r1}
    return found


def _sight(folder: Path, people: Dataset, instruction: Instruction) -> dict[str, float]:
    """Nats a token of what is to be said about unseen people, beside their own picture and beside another's."""
    model, _ = load_model(folder)
    assert isinstance(model, Mllmreid)
    described = described_pictures(people, _LOOKED_AT)
    pictures = [model.preprocessing.resize(decode_image(sample.path or "")) for sample, _ in described]
    answers = [model.chats.answer(answer_to(instruction, caption, prefix=0.5)) for _, caption in described]
    question = model.chats.about_picture(instruction.words, image_tokens=model.image_tokens)
    with torch.inference_mode():
        _, tokens = model.see(torch.from_numpy(model.preprocessing.normalise(pictures)))
        losses = [
            float(answer_loss(model, [question] * len(answers), answers, tokens.roll(places, 0))[0])
            for places in range(1 + _OTHERS)
        ]
    return {"nats own picture": losses[0], "nats other picture": float(np.mean(losses[1:]))}


def _lists(measured: Mapping[str, float]) -> dict[str, list[float]]:
    return {name: [value] for name, value in measured.items()}


def main(size: Comparison = Comparison(), *, folder: Path = RUNS, results: Path = RESULTS) -> None:
    """Compare, print a line for each variant, and write the record.

    Args:
        size: of the data and the trainings.
        folder: folder of the trainings; finished ones are not repeated.
        results: file of the record.
    """
    numbers = compare(size, folder)
    for study, rows in numbers.items():
        for name, styles in rows.items():
            for trained, measured in styles.items():
                shown = (f"{style} {_spread(measured[f'vision mAP {style}'])}" for style in COMPARED_STYLES)
                print(f"{study:9} {name:42} trained {trained:8} mAP {', '.join(shown)}")
    studies = {"variants": dict(VARIANTS), "lambdas": [*LAMBDAS, 0.7]}
    write_record(
        results, asdict(size), seed=size.seeds[0], seeds=list(size.seeds), studies=studies, numbers=numbers
    )
    print(f"{results} is written")


def _spread(values: list[float]) -> str:
    return f"{np.mean(values):.1f}" + (f" +- {np.std(values, ddof=1):.1f}" if len(values) > 1 else "")


def run() -> None:
    """Run the comparison by the command line."""
    parser = argparse.ArgumentParser(prog="python -m papers.mllmreid", description=__doc__)
    parser.add_argument(
        "--miniature", action="store_true", help="at a size that says nothing but that it runs"
    )
    if parser.parse_args().miniature:
        folder = RUNS.with_name("mllmreid-miniature")
        main(MINIATURE, folder=folder, results=folder / "mllmreid.json")
    else:
        main()
