"""Does a pack mean on this machine what it meant where it was made?

Runtimes choose their kernels by the processor, and not all of them compute the same: sums of eight-bit products
saturate on some, others round to half width. When a pack is opened on a machine for the first time, its probes are
embedded and compared with the vectors of the original model. The result is cached for the user.
"""

import hashlib
import json
import logging
import os
from importlib import metadata
from pathlib import Path

from crossreid.core.errors import CheckpointError
from crossreid.runtime.encoder import PackEncoder
from crossreid.runtime.pack import CARD, Pack
from crossreid.runtime.parity import LIMITS
from crossreid.runtime.probes import Probes
from crossreid.runtime.processor import processor_features

_DISTRIBUTIONS = {"onnx": "onnxruntime", "openvino": "openvino"}
_WARNED, _REFUSED = 2.0, 10.0
"""Times the error that a pack may have, or had where it was made."""

_log = logging.getLogger(__name__)


def open_pack(folder: str | Path, *, threads: int | None = None, shipped_as: str = "") -> PackEncoder:
    """Open a pack, and compare its probes with the original model unless this machine has done so before.

    Args:
        folder: of the pack.
        threads: of the runtime; its own choice when left out.
        shipped_as: name of the shipped model that the pack stands for; see `PackEncoder`.

    Raises:
        CheckpointError: the pack is damaged, or computes other vectors on this machine than its model.
        MissingDependencyError: its runtime is not installed.
    """
    encoder = PackEncoder(folder, threads=threads, shipped_as=shipped_as)
    _judge(encoder.pack, Path(folder), _known_or_measured(encoder, Path(folder)))
    return encoder


def runtime_version(runtime: str) -> str:
    """Return the name and version of the package that runs packs of a runtime."""
    name = _DISTRIBUTIONS[runtime]
    try:
        return f"{name} {metadata.version(name)}"
    except metadata.PackageNotFoundError:  # a build of another name, such as onnxruntime-gpu
        return name


def probe_cosines(encoder: PackEncoder, probes: Probes) -> dict[str, float]:
    """Return the mean cosine of each modality between this machine's vectors of the probes and the model's."""
    return probes.cosines(encoder.encode(probes.samples()).vectors)


def _known_or_measured(encoder: PackEncoder, folder: Path) -> dict[str, float]:
    file = _cache_file(encoder.pack, folder)
    known = _read(file)
    if known is not None:
        return known
    cosines = probe_cosines(encoder, Probes.load(folder))
    _write(file, cosines)
    return cosines


def _judge(pack: Pack, folder: Path, cosines: dict[str, float]) -> None:
    permitted = {
        modality: max(1 - LIMITS[pack.precision].cosine, 1 - pack.verified.cosines[modality])
        for modality in cosines
    }
    broken = [kind for kind, cosine in cosines.items() if not 1 - cosine <= _REFUSED * permitted[kind]]
    doubtful = [kind for kind, cosine in cosines.items() if 1 - cosine > _WARNED * permitted[kind]]
    here = f"{' '.join(processor_features())}, {runtime_version(pack.runtime)}"
    there = f"{' '.join(pack.verified.processor)}, {pack.verified.runtime}"
    if broken:
        found = ", ".join(f"{kind} {cosines[kind]:.4f}" for kind in broken)
        least = ", ".join(f"{kind} {1 - _REFUSED * permitted[kind]:.4f}" for kind in broken)
        raise CheckpointError(
            f"the pack {folder} computes other vectors on this machine ({here}) than its model: cosine {found}",
            expected=f"at least {least}; it was made on {there}",
            remedy="copy or export the pack again, here and with --precision fp32",
        )
    if doubtful:
        found = ", ".join(f"{kind} {cosines[kind]:.4f}" for kind in doubtful)
        _log.warning(
            "the pack %s is less exact on this machine (%s) than where it was made (%s): cosine with its model %s. "
            "Export it again here, or with --precision fp32.",
            folder,
            here,
            there,
            found,
        )


def _cache_file(pack: Pack, folder: Path) -> Path | None:
    """Of this pack, processor and runtime; the card names the checksum of every file."""
    card = hashlib.sha256((folder / CARD).read_bytes()).hexdigest()
    key = json.dumps([pack.fingerprint, card, processor_features(), runtime_version(pack.runtime)])
    try:
        caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:  # a user without a home
        return None
    return caches / "crossreid" / "packs" / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"


def _read(file: Path | None) -> dict[str, float] | None:
    if file is None:
        return None
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
        return {str(kind): float(cosine) for kind, cosine in known.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def _write(file: Path | None, cosines: dict[str, float]) -> None:
    """Keep a result for the next time; where that is impossible, the next time measures again."""
    if file is None:
        return
    partial = file.with_suffix(f".{os.getpid()}.partial")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(cosines), encoding="utf-8")
        partial.replace(file)
    except OSError:
        _log.debug("%s cannot be written", file, exc_info=True)
