"""Put a finished pretraining into the package: weights, log, curve, card, calibration, pack and hashes.

python tools/ship_weights.py tiny-cloud runs/pretrain-tiny-cloud

The runs are those of `configs/NAME.yaml`; of several, each goes on from the one before.
"""

import argparse
import json
import shutil
import tempfile
from math import prod
from pathlib import Path

from safetensors import safe_open

from crossreid.analysis.figures import convergence_figure, render
from crossreid.models.presets import TINY_HEIGHT, TINY_WIDTH
from crossreid.models.shipped import shipped_folder
from crossreid.training.build import read_history
from ship_calibration import PEOPLE, WORLD, draw_people, ship_calibration
from ship_pack import NAME as PACKED
from ship_pack import ship_pack

_WORDS = {
    "tiny-cloud": (
        "A Qwen2-VL in small",
        """`Qwen2VLForConditionalGeneration` of transformers (vision tower, merger, tied language model),
pretrained from nothing. First the vision tower alone learns to recognise the attributes of photographed people
(tagging). Then all of it learns by next-token captioning of pictures, and of captions alone, by contrast of pictures
and captions (as in CoCa) at the token that embeds, and by recognising the attributes there.""",
    ),
    "tiny-edge": (
        "A CLIP in small",
        """`CLIPModel` of transformers, pretrained from nothing. First the vision tower alone learns to recognise
the attributes of photographed people (tagging). Then both towers learn by contrast of pictures and
captions, and by recognising the attributes in both. `heads.safetensors` holds a head for each modality;
they start as copies of CLIP's projections.""",
    ),
}
_PACK_REMARK = """\
- `pack/`: the same model for ONNX Runtime, under the same fingerprint, which `crossreid index` and `crossreid search`
  open, and `load_encoder` where torch is missing (`python tools/ship_pack.py`).
"""
_QUANTITIES = ("contrast", "attributes")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", choices=sorted(_WORDS))
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument(
        "--remark", default="", help="what the configurations do not tell; goes into the card"
    )
    arguments = parser.parse_args()
    folder, runs = shipped_folder(arguments.name), arguments.runs
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(runs[-1] / "model", folder)
    for run in runs:
        shutil.copy(Path("configs") / f"{run.name}.yaml", folder)
    _join_histories(runs, folder / "history.jsonl")
    curves = {name: read_history(folder / "history.jsonl", name) for name in _QUANTITIES}
    picture = render(convergence_figure(curves, title=f"Pretraining of {arguments.name}", quantity="nats"))
    (folder / "curve.png").write_bytes(picture)
    card = _card(arguments.name, folder, runs, arguments.remark)
    (folder / "README.md").write_text(card, encoding="utf-8")
    for path in folder.iterdir():
        path.chmod(0o644)
    with tempfile.TemporaryDirectory() as drawn:
        ship_calibration(folder, draw_people(Path(drawn)))
    if arguments.name == PACKED:
        ship_pack(PACKED)
    print(f"{folder}: {sum(path.stat().st_size for path in folder.rglob('*')) / 2**20:.1f} MiB")


def _join_histories(runs: list[Path], path: Path) -> None:
    """The logged lines of all runs, steps and seconds counted through."""
    joined, steps, seconds = [], 0, 0.0
    for run in runs:
        lines = [
            json.loads(line) for line in (run / "history.jsonl").read_text(encoding="utf-8").splitlines()
        ]
        joined += [
            line | {"step": line["step"] + steps, "seconds": round(line["seconds"] + seconds, 2)}
            for line in lines
        ]
        steps, seconds = joined[-1]["step"], joined[-1]["seconds"]
    path.write_text("".join(json.dumps(line) + "\n" for line in joined), encoding="utf-8")


def _card(name: str, folder: Path, runs: list[Path], remark: str) -> str:
    title, words = _WORDS[name]
    records = [json.loads((run / "run.json").read_text(encoding="utf-8")) for run in runs]
    hardware, versions = records[-1]["hardware"], records[-1]["versions"]
    last = {quantity: read_history(folder / "history.jsonl", quantity)[-5:] for quantity in _QUANTITIES}
    final = ", ".join(
        f"{quantity} {sum(value for _, value in values) / len(values):.3f}"
        for quantity, values in last.items()
    )
    with safe_open(folder / "model.safetensors", framework="numpy") as file:
        shapes = [file.get_slice(key).get_shape() for key in file.keys()]  # noqa: SIM118 no mapping
    world = records[-1]["configuration"]["world_seed"]
    millions = sum(map(prod, shapes)) / 1e6
    stages = "\n".join(
        _stage(run, record["configuration"]) for run, record in zip(runs, records, strict=True)
    )
    return f"""---
license: apache-2.0
library_name: crossreid
---

# {name}: {title}

{words}

- Parameters: {millions:.2f} million, stored in half precision. Pictures of {TINY_HEIGHT} x {TINY_WIDTH} px.
- Data: one captioned photograph of each of some people of the `pretrain` split of the procedural world {world}, in the
  style `day`, and captioned line drawings of things. No infrared pictures, no sketches of people, nobody twice. Which
  split a person is in follows from a hash of the attributes, so nobody of `train`, `validation`, `test` or `demo` was
  seen, in this or any other world.
- Losses at the end in nats: {final}
  (mean of the last logged steps; `history.jsonl` and `curve.png` count the steps through).
- Made on: {hardware["processor"]}, {hardware["cores"]} cores, accelerator {hardware["accelerator"]};
  torch {versions["torch"]}, transformers {versions["transformers"]}.
- Made by:
{stages}
  - `python tools/ship_weights.py {name} {" ".join(f"runs/{run.name}" for run in runs)}`
- The same seed draws the same people and the same first weights; other thread counts or processors round differently.
{f"- {remark}{chr(10)}" if remark else ""}- `calibration.json`: match thresholds for searches in its own gallery
  (`crossreid search --fpir`), calibrated on {PEOPLE} `validation` people of the procedural world {WORLD}.
{_PACK_REMARK if name == PACKED else ""}- Hashes: `sha256sum --check SHA256SUMS`.

Meant for the demonstration, the tests and for learning how the parts fit together. It has seen nobody but drawn people:
do not expect it to find real ones.
"""


def _stage(run: Path, configuration: dict) -> str:
    steps, batch = configuration["loop"]["steps"], configuration["batch_photographs"]
    done = read_history(run / "history.jsonl", "total")[-1][0]
    count = f"{steps:,}" if done == steps else f"{done:,} of {steps:,}"
    return f"""  - `crossreid train configs/{run.name}.yaml --out runs/{run.name}`:
    {count} steps of {batch} photographs out of {configuration["photographs"]:,} and
    {configuration["batch_drawings"]} drawings out of {configuration["drawings"]:,}"""


if __name__ == "__main__":
    main()
