"""Calibrations as a JSON file: beside a model, one for each encoder whose queries may search its galleries."""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.evaluation.calibration import Calibration, EvidenceCalibration
from crossreid.evaluation.open_set import ScoreCalibration

CALIBRATIONS = "calibration.json"
"""Name of the file in a model folder, and in a gallery."""

_FORMAT = 1
_DIGITS = 6


def read_calibrations(path: Path) -> tuple[Calibration, ...]:
    """What `write_calibrations` wrote; nothing where there is no file.

    Raises:
        DataError: the file is damaged or of another version.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["version"] != _FORMAT:
            raise DataError(f"{path} of version {content['version']!r}", expected=f"version {_FORMAT}")
        return tuple(map(read_calibration, content["calibrations"]))
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{path} cannot be read ({error!r})",
            expected="calibrations",
            remedy="calibrate again, or remove the file",
        ) from error


def write_calibrations(path: Path, calibrations: Iterable[Calibration]) -> Path:
    """Replace the file in one step. Scores keep six decimals. Returns its path.

    Raises:
        DataError: it cannot be written.
    """
    written = ",\n".join(map(_write, calibrations))
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(f'{{"version": {_FORMAT}, "calibrations": [\n{written}\n]}}\n', encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise DataError(
            f"{path} cannot be written ({error.strerror or error})", expected="a place that you may write"
        ) from error
    return path


def with_calibration(
    calibrations: Sequence[Calibration], calibration: Calibration
) -> tuple[Calibration, ...]:
    """The calibrations with one more, which takes the place of one of the same two encoders."""
    pair = _pair(calibration)
    return (*(known for known in calibrations if _pair(known) != pair), calibration)


def calibration_content(calibration: Calibration) -> dict[str, Any]:
    """What a file or a database keeps of a calibration, as JSON has it."""
    return json.loads(_write(calibration))


def read_calibration(content: dict[str, Any]) -> Calibration:
    """From what `calibration_content` gave.

    Raises:
        KeyError, TypeError, ValueError: it is something else.
    """
    weights = {Modality(kind): float(weight) for kind, weight in content["weights"].items()}
    evidence = {name: _read_one(item) for name, item in content["evidence"].items()}
    values = content | {"gallery": Modality(content["gallery"]), "weights": weights, "evidence": evidence}
    return Calibration(**values)


def _pair(calibration: Calibration) -> tuple[str, str]:
    return calibration.query_fingerprint, calibration.gallery_fingerprint


def _write(calibration: Calibration) -> str:
    """One array a line: a person can look at it, and a difference of two files shows what has changed."""
    head = {
        "query_fingerprint": calibration.query_fingerprint,
        "gallery_fingerprint": calibration.gallery_fingerprint,
        "gallery": calibration.gallery,
        "protocol": calibration.protocol,
        "data": calibration.data,
        "people": calibration.people,
        "weights": dict(calibration.weights),
    }
    lines = [f' "{name}": {json.dumps(value)}' for name, value in head.items()]
    evidence = ",\n".join(f'  "{name}": {_write_one(item)}' for name, item in calibration.evidence.items())
    return "{\n" + ",\n".join([*lines, f' "evidence": {{\n{evidence}\n }}']) + "\n}"


def _write_one(item: EvidenceCalibration) -> str:
    values = {
        "candidates": item.candidates,
        "prior": item.prior,
        "curve": asdict(item.curve),
        "mated": np.round(item.mated, _DIGITS).tolist(),
        "non_mated": np.round(item.non_mated, _DIGITS).tolist(),
    }
    lines = (f'   "{name}": {json.dumps(value, allow_nan=False)}' for name, value in values.items())
    return "{\n" + ",\n".join(lines) + "\n  }"


def _read_one(item: dict[str, Any]) -> EvidenceCalibration:
    return EvidenceCalibration(
        mated=np.array(item["mated"], dtype=np.float64),
        non_mated=np.array(item["non_mated"], dtype=np.float64),
        candidates=item["candidates"],
        curve=ScoreCalibration(**item["curve"]),
        prior=item["prior"],
    )
