"""Measure how near made sketches and infrared pictures come to true ones: without weights, and by trained translators.

The true ones are those of drawn people whom no translator has seen. Both tiny translators are trained by their files in
`configs/`, half an hour each on one core; a run that was stopped goes on. Measured are PSNR and SSIM, and how well
`tiny-edge` finds the people by the made pictures: the targets are other photographs of the same people, so nobody is
found by the very photograph that a picture was made of.

Run `python benchmarks/translators.py`; it writes `translators.json` and `translators.png` into `benchmarks/results`.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure

from crossreid import load_encoder
from crossreid.analysis.figures import render
from crossreid.core.encoder import Encoder
from crossreid.core.modality import Modality
from crossreid.data import load_dataset
from crossreid.data.images import decode_image
from crossreid.evaluation import rank
from crossreid.losses.structural_similarity import structural_similarity_loss
from crossreid.synthesis.expansion_recipes import read_recipe
from crossreid.synthesis.pedestrians.dataset import write_world
from crossreid.training.build import read_history
from crossreid.training.config import TranslatorConfig, load_config
from crossreid.training.record import write_record
from crossreid.training.translation import draw_pairs, train_translator

ROOT = Path(__file__).parents[1]
CONFIGS = {Modality.SKETCH: "translators-sketch-tiny.yaml", Modality.IR: "translators-infrared-tiny.yaml"}
WITHOUT_WEIGHTS = {Modality.SKETCH: "drawn", Modality.IR: "rendered"}
PEOPLE, ENCOUNTERS, WORLD_SEED, RESAMPLES = 150, 3, 1, 2000
SHOWN = 7
AT_A_TIME = 25
Pictures = Sequence[np.ndarray]


@dataclass(frozen=True, slots=True, eq=False)
class Encounters:
    """What was seen of people whom no translator knows.

    Args:
        pictures: of each kind, one an encounter.
        people: whom they show, int64 [n].
    """

    pictures: Mapping[Modality, Pictures]
    people: np.ndarray


def train(modality: Modality, folder: Path, overrides: Sequence[str]) -> Path:
    """The folder of a trained translator."""
    config = load_config(ROOT / "configs" / CONFIGS[modality], overrides)
    assert isinstance(config, TranslatorConfig)
    pairs, validation = draw_pairs(config, folder / "pairs")
    return train_translator(config, pairs, folder, validation=validation)


def read_encounters(folder: Path, people: int) -> Encounters:
    """Draw people, or read those that are drawn."""
    write_world(folder, seed=WORLD_SEED, people={"test": people}, groups_per_person=ENCOUNTERS)
    groups = list(load_dataset("pedestrians", folder, "test").groups().values())
    pictures: dict[Modality, Pictures] = {}
    for modality in (Modality.RGB, *CONFIGS):
        chosen = [next(sample for sample in group if sample.modality == modality) for group in groups]
        pictures[modality] = [decode_image(sample.path) for sample in chosen if sample.path is not None]
    return Encounters(pictures, np.array([group[0].person_id for group in groups]))


def make(modality: Modality, source: str, photos: Pictures) -> list[np.ndarray]:
    """Pictures of photographs, as `crossreid expand` makes them."""
    recipe = read_recipe(modality, source, device="cpu")
    assert recipe is not None
    made: list[np.ndarray] = []
    for start in range(0, len(photos), AT_A_TIME):
        some = photos[start : start + AT_A_TIME]
        made += recipe.make(some, range(start, start + len(some)))
    return made


def closeness(made: Pictures, true: Pictures) -> dict[str, np.ndarray]:
    """Of each picture PSNR, in dB, and SSIM; both of grey values."""
    noise, structure = [], []
    for picture, target in zip(made, true, strict=True):
        pair = [torch.from_numpy(one.mean(axis=2) / 255.0).float()[None, None] for one in (picture, target)]
        noise.append(-10 * float(torch.log10((pair[0] - pair[1]).square().mean().clamp(min=1e-9))))
        structure.append(1 - float(structural_similarity_loss(*pair)))
    return {"psnr": np.array(noise), "ssim": np.array(structure)}


def found(encoder: Encoder, modality: Modality, queries: Pictures, seen: Encounters) -> dict[str, float]:
    """R1 and mAP, in percent, of searches by pictures for other photographs of the same people."""
    vectors = encoder.encode(list(queries), modality=str(modality)).vectors
    photos = encoder.encode(list(seen.pictures[Modality.RGB]), modality="rgb").vectors
    encounters = np.arange(len(seen.people))
    ranking = rank(vectors, photos, seen.people, seen.people, exclude=(encounters, encounters))
    return {"r1": ranking.cmc[1], "mean_ap": ranking.mean_ap}


def interval(values: np.ndarray, people: np.ndarray) -> dict[str, float]:
    """Mean, and a 95 % interval from resampling people with all of their pictures."""
    names = np.unique(people)
    means = np.array([values[people == name].mean() for name in names])
    draws = np.random.default_rng(0).integers(len(names), size=(RESAMPLES, len(names)))
    low, high = np.quantile(means[draws].mean(axis=1), (0.025, 0.975))
    return {"mean": float(values.mean()), "low": float(low), "high": float(high)}


def figure(rows: Mapping[str, Pictures]) -> Figure:
    """A column an encounter with somebody else."""
    drawn = Figure(figsize=(1.1 * SHOWN + 0.4, 2.15 * len(rows)), layout="constrained")
    for row, (name, pictures) in enumerate(rows.items()):
        for column, picture in enumerate(pictures[: SHOWN * ENCOUNTERS : ENCOUNTERS]):
            axes = drawn.add_subplot(len(rows), SHOWN, 1 + row * SHOWN + column)
            axes.imshow(picture)
            axes.set_xticks([])
            axes.set_yticks([])
            if not column:
                axes.set_ylabel(name.replace(", ", "\n"), fontsize=9)
    return drawn


def compare(
    modality: Modality, trained: Path, seen: Encounters, encoder: Encoder
) -> tuple[dict[str, Any], dict[str, Pictures]]:
    """Figures of both ways of making pictures of a kind, and the pictures."""
    true = seen.pictures[modality]
    shown, near = {"true": true}, {}
    ways: dict[str, Any] = {"true": {"search": found(encoder, modality, true, seen)}}
    for way, source in (("without weights", WITHOUT_WEIGHTS[modality]), ("learned", str(trained))):
        shown[way] = make(modality, source, seen.pictures[Modality.RGB])
        near[way] = closeness(shown[way], true)
        ways[way] = {name: interval(values, seen.people) for name, values in near[way].items()}
        ways[way]["search"] = found(encoder, modality, shown[way], seen)
    gained = {
        name: interval(near["learned"][name] - near["without weights"][name], seen.people)
        for name in ("psnr", "ssim")
    }
    return {"ways": ways, "gained": gained}, shown


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, default=Path("runs/translators"))
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results")
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument(
        "--set", nargs="*", default=[], metavar="KEY=VALUE", help="changes to both configurations"
    )
    asked = parser.parse_args()
    seen, encoder = read_encounters(asked.work / "people", asked.people), load_encoder("tiny-edge")
    kinds: dict[str, Any] = {}
    rows: dict[str, Pictures] = {"photograph": seen.pictures[Modality.RGB]}
    for modality, file in CONFIGS.items():
        trained = train(modality, asked.work / str(modality), asked.set)
        kinds[str(modality)], shown = compare(modality, trained, seen, encoder)
        rows |= {f"{modality}, {way}": pictures for way, pictures in shown.items()}
        configuration = load_config(ROOT / "configs" / file, asked.set)
        kinds[str(modality)]["configuration"] = configuration.model_dump(mode="json")
        kinds[str(modality)]["seconds"] = read_history(trained.parent / "history.jsonl", "seconds")[-1][1]
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "translators.png").write_bytes(render(figure(rows), dots_per_inch=100))
    settings = {"people": asked.people, "encounters": ENCOUNTERS, "world_seed": WORLD_SEED}
    path = write_record(asked.out / "translators.json", settings, seed=WORLD_SEED, kinds=kinds)
    print(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
