"""What a model's cosines mean goes along with its packs, whose cosines are the same."""

from dataclasses import replace
from pathlib import Path

from crossreid.evaluation.calibration import Calibration
from crossreid.evaluation.calibration_file import CALIBRATIONS, read_calibrations, write_calibrations
from crossreid.models.shipped import shipped_folder
from crossreid.packing.original import Original
from crossreid.runtime.pack import Pack


def carry_calibrations(original: Original, pack: Pack, folder: Path) -> None:
    """Write the calibrations that lie beside the model into the folder of a pack, under the pack's fingerprint.

    In fewer directions cosines are others, and a pack that is further from its model than it may be has to be
    calibrated itself: neither gets any.

    Args:
        original: whose `source` they lie in.
        pack: judged already.
        folder: of the pack.
    """
    if original.basis is not None or pack.parity.accepted or not original.source:
        return
    known = [
        calibration
        for place in {
            Path(original.source),
            shipped_folder(original.source),
        }  # one and the same, if it is absolute
        for calibration in read_calibrations(place / CALIBRATIONS)
        if original.made_from in (calibration.query_fingerprint, calibration.gallery_fingerprint)
    ]
    if known:
        carried = (_of_pack(calibration, original.made_from, pack.fingerprint) for calibration in known)
        write_calibrations(folder / CALIBRATIONS, carried)


def _of_pack(calibration: Calibration, model: str, pack: str) -> Calibration:
    return replace(
        calibration,
        query_fingerprint=calibration.query_fingerprint.replace(model, pack),
        gallery_fingerprint=calibration.gallery_fingerprint.replace(model, pack),
        data=f"{calibration.data}, by the model of the pack",
    )
