"""Write the pack that stands for tiny-edge where torch is missing, or slow to import.

python tools/ship_pack.py

`tools/ship_weights.py` does the same for the weights that it ships: new weights need a new pack. The pack is in fp32;
weights that half width holds without loss, as all shipped ones, are stored in half width.
"""

from pathlib import Path

from crossreid.evaluation.calibration_file import CALIBRATIONS
from crossreid.models.loading import load_encoder
from crossreid.models.shipped import PACK, shipped_folder
from crossreid.packing.card import TENSORRT
from crossreid.packing.export import export
from ship_calibration import write_sums

NAME = "tiny-edge"


def main() -> None:
    pack = ship_pack(NAME)
    print(f"{pack}: {sum(file.stat().st_size for file in pack.iterdir()) / 2**20:.1f} MiB")


def ship_pack(name: str) -> Path:
    """Of the shipped model of that name, whose list of hashes is written again."""
    folder = shipped_folder(name)
    pack = export(load_encoder(name, device="cpu"), folder / PACK, runtime="onnx", precision="fp32")
    # Those of the model serve: the pack has its fingerprint.
    (pack / CALIBRATIONS).unlink(missing_ok=True)
    (pack / TENSORRT).unlink()
    for file in pack.iterdir():
        file.chmod(0o644)
    write_sums(folder)
    return pack


if __name__ == "__main__":
    main()
