"""Put a finished pretraining into the package: weights, log, curve, card and hashes.

python tools/ship_weights.py runs/pretrain-tiny-cloud configs/pretrain-tiny-cloud.yaml tiny-cloud
"""

import argparse
import hashlib
import json
import shutil
from pathlib import Path

from safetensors import safe_open

from crossreid.analysis.figures import convergence_figure, render
from crossreid.models.presets import TINY_HEIGHT, TINY_WIDTH, shipped_folder
from crossreid.training.build import read_history

_WORDS = {
    "tiny-cloud": (
        "A Qwen2-VL in small",
        """`Qwen2VLForConditionalGeneration` of transformers (vision tower, merger, tied language model),
pretrained from nothing by next-token captioning (photographs, infrared pictures, sketches; and captions alone), by
contrast of all kinds of evidence (as in CoCa) at the token that embeds, and by recognising the attributes of
the drawn people there.""",
    ),
    "tiny-edge": (
        "A CLIP in small",
        """`CLIPModel` of transformers, pretrained from nothing by contrast of photographs, infrared pictures, sketches
and captions, and by recognising the attributes of the drawn people. `heads.safetensors` holds a head for each modality;
they start as copies of CLIP's projections.""",
    ),
}
_QUANTITIES = ("contrast", "attributes")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path)
    parser.add_argument("config", type=Path)
    parser.add_argument("name", choices=sorted(_WORDS))
    arguments = parser.parse_args()
    folder = shipped_folder(arguments.name)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(arguments.run / "model", folder)
    shutil.copy(arguments.run / "history.jsonl", folder / "history.jsonl")
    shutil.copy(arguments.config, folder / "pretraining.yaml")
    curves = {name: read_history(folder / "history.jsonl", name) for name in _QUANTITIES}
    picture = render(convergence_figure(curves, title=f"Pretraining of {arguments.name}", quantity="nats"))
    (folder / "curve.png").write_bytes(picture)
    (folder / "README.md").write_text(_card(arguments.name, folder, arguments.run), encoding="utf-8")
    files = sorted(path for path in folder.iterdir() if path.name != "SHA256SUMS")
    sums = "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files)
    (folder / "SHA256SUMS").write_text(sums, encoding="utf-8")
    print(f"{folder}: {sum(path.stat().st_size for path in files) / 2**20:.1f} MiB")


def _card(name: str, folder: Path, run: Path) -> str:
    title, words = _WORDS[name]
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    configuration, hardware = record["configuration"], record["hardware"]
    last = {quantity: read_history(folder / "history.jsonl", quantity)[-5:] for quantity in _QUANTITIES}
    final = ", ".join(
        f"{quantity} {sum(value for _, value in values) / len(values):.3f}"
        for quantity, values in last.items()
    )
    steps = configuration["loop"]["steps"]
    with safe_open(folder / "model.safetensors", framework="numpy") as file:
        shapes = [file.get_slice(key).get_shape() for key in file.keys()]  # noqa: SIM118 no mapping
    count = 0
    for shape in shapes:
        size = 1
        for side in shape:
            size *= side
        count += size
    return f"""---
license: apache-2.0
library_name: crossreid
---

# {name}: {title}

{words}

- Parameters: {count / 1e6:.2f} million, stored in half precision. Pictures of {TINY_HEIGHT} x {TINY_WIDTH} px.
- Data: the first {configuration["drawn_people"]:,} people of the `pretrain` split of the procedural world
  {configuration["world_seed"]}, {configuration["encounters"]} encounters of each. Which split a person is in follows
  from a hash of the attributes, so nobody of `train`, `validation`, `test` or `demo` was seen, in this or any other
  world.
- Steps: {steps} of {configuration["people"]} people; losses at the end in nats: {final}
  (mean of the last logged steps; `history.jsonl`, `curve.png`).
- Made on: {hardware["processor"]}, {hardware["cores"]} cores, accelerator {hardware["accelerator"]};
  torch {record["versions"]["torch"]}, transformers {record["versions"]["transformers"]}.
- Made by: `crossreid train configs/pretrain-{name}.yaml --out runs/pretrain-{name}`, then
  `python tools/ship_weights.py runs/pretrain-{name} configs/pretrain-{name}.yaml {name}`. The same seed draws the same
  people and the same first weights; other thread counts or processors round differently.
- Hashes: `sha256sum --check SHA256SUMS`.

Meant for the demonstration, the tests and for learning how the parts fit together. It has seen nobody but drawn people:
do not expect it to find real ones.
"""


if __name__ == "__main__":
    main()
