"""What `crossreid doctor` looks at; no check raises."""

import re
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module, metadata
from pathlib import Path
from typing import Literal

Verdict = Literal["ok", "note", "broken"]

SUMS = "SHA256SUMS"
"""The file in a folder of shipped weights that lists their hashes, as `sha256sum` writes it."""

_REINSTALL = "pip install --force-reinstall crossreid"
_LOWEST_PYTHON = (3, 11)
_GIB = 2**30
_ROOM_GIB, _LITTLE_ROOM_GIB = 0.2, 2.0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: what was found, and what to do unless it is ok."""

    name: str
    verdict: Verdict
    found: str
    remedy: str = ""


def run_checks() -> list[Check]:
    """All checks, in the order in which one thing needs another."""
    checks = [
        check_python(),
        check_libraries(),
        *check_edge_runtimes(),
        guarded("torch", check_torch),
        *check_precision(),
        check_drawing(),
        _optional("matplotlib", "not installed: figures cannot be drawn", "plots"),
        _optional("scikit-learn", "not installed: t-SNE cannot be computed", "plots"),
        check_disk(Path.cwd()),
    ]
    try:
        from crossreid.models.shipped import SHIPPED, shipped_folder, shipped_pack
    except Exception as error:
        return [*checks, Check("models", "broken", _one_line(error), _REINSTALL)]
    for name in SHIPPED:
        weights = guarded(f"weights {name}", lambda name=name: check_weights(name, shipped_folder(name)))
        checks.append(weights)
        if weights.verdict != "broken" and (_version("torch") or shipped_pack(name)):
            checks.append(guarded(f"encode {name}", lambda name=name: check_encoding(name)))
    return checks


def guarded(name: str, check: Callable[[], Check]) -> Check:
    """The check's own answer, or what it died of: in a broken installation anything may be raised."""
    try:
        return check()
    except Exception as error:
        return Check(name, "broken", f"{type(error).__name__}: {_one_line(error)}", _REINSTALL)


def check_python() -> Check:
    """The interpreter is new enough."""
    found = f"{sys.version.split()[0]} at {sys.executable}"
    if sys.version_info >= _LOWEST_PYTHON:
        return Check("python", "ok", found)
    return Check("python", "broken", found, "install Python {}.{} or newer".format(*_LOWEST_PYTHON))


def check_libraries(requirements: list[str] | None = None) -> Check:
    """What the package requires is installed, in versions that it accepts.

    Args:
        requirements: lines such as "numpy>=2.0"; those of the installed package when left out.
    """
    try:
        from packaging.requirements import Requirement

        wanted = metadata.requires("crossreid") if requirements is None else requirements
        needed = [
            requirement
            for requirement in map(Requirement, wanted or ())
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        ]
    except (ImportError, metadata.PackageNotFoundError) as error:
        return Check("libraries", "broken", _one_line(error), _REINSTALL)
    wrong = []
    for requirement in needed:
        version = _version(requirement.name)
        if not version or not requirement.specifier.contains(version, prereleases=True):
            wrong.append(f"{requirement} ({version or 'missing'})")
    if wrong:
        return Check("libraries", "broken", ", ".join(wrong), f"pip install {' '.join(map(_quoted, wrong))}")
    main = ("torch", "transformers", "numpy", "pyarrow")
    versions = ", ".join(f"{name} {_version(name)}" for name in main if _version(name))
    return Check("libraries", "ok", f"all {len(needed)} there; {versions}")


def check_edge_runtimes() -> list[Check]:
    """The runtimes of edge packs, and what tracks people, all of which are optional."""
    without_runtime = "not installed: its edge packs cannot run"
    return [
        _optional("onnxruntime", without_runtime, "edge"),
        _optional("openvino", without_runtime, "edge"),
        _optional("trackers", "not installed: crossreid edge cannot track people", "tracking"),
    ]


def _optional(name: str, without: str, extra: str) -> Check:
    version = _version(name)
    if version:
        return Check(name, "ok", version)
    return Check(name, "note", without, f'pip install "crossreid[{extra}]"')


def check_torch() -> Check:
    """Torch loads; its threads and devices. A device that runs packs only needs none."""
    if not _version("torch"):
        found = "not installed: edge packs run, models do not"
        return Check("torch", "note", found, 'pip install "crossreid[models]"')
    import torch

    devices = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    found = f"{torch.__version__}, {torch.get_num_threads()} threads, {', '.join(devices) or 'cpu only'}"
    return Check("torch", "ok", found)


def check_precision() -> list[Check]:
    """What `precision: auto` is on each device, and the rates of matrix products behind it. None without torch."""
    if not _version("torch"):
        return []
    import torch

    devices = ["cpu", *(f"cuda:{index}" for index in range(torch.cuda.device_count()))]
    return [guarded(f"precision {name}", lambda name=name: _rates_of(name)) for name in devices]


def _rates_of(device: str) -> Check:
    from crossreid.models.precision import fastest_precision, native_precisions, product_gflops

    native = native_precisions(device)
    rates = [
        f"{precision} {product_gflops(device, precision):,.1f} GFLOP/s"
        + ("" if precision in native else " (emulated)")
        for precision in ("fp32", "bf16", *(["fp16"] if "fp16" in native else []))
    ]
    return Check(
        f"precision {device}", "ok", f"auto is {fastest_precision(device)}; products in {', '.join(rates)}"
    )


def check_drawing() -> Check:
    """The library that draws pedestrians loads; on servers its system libraries are often missing."""
    if not _version("skia-python"):
        found = "not installed: synthetic people cannot be drawn"
        return Check("drawing", "note", found, 'pip install "crossreid[synthetic]"')
    try:
        skia = import_module("skia")
    except ImportError as error:
        missing = re.search(r"lib(EGL|GLESv2|GL|fontconfig)\b", str(error))
        remedy = "apt-get install libegl1 libgl1 libgles2 libfontconfig1" if missing else _REINSTALL
        return Check("drawing", "broken", _one_line(error), remedy)
    return Check("drawing", "ok", f"skia {skia.__version__}")


def check_weights(name: str, folder: Path) -> Check:
    """The shipped weights are there and are those that were released."""
    from crossreid.runtime.pack import checksum

    label = f"weights {name}"
    if not folder.is_dir():
        return Check(label, "broken", f"{folder} is missing", _REINSTALL)
    if not (folder / SUMS).is_file():
        return Check(label, "broken", f"{folder / SUMS} is missing", _REINSTALL)
    lines = [
        line.split(maxsplit=1) for line in (folder / SUMS).read_text(encoding="utf-8").splitlines() if line
    ]
    changed = [
        file
        for expected, file in ((digest, written.lstrip("*")) for digest, written in lines)
        if not (folder / file).is_file() or checksum(folder / file) != expected
    ]
    if changed or not lines:
        found = f"{', '.join(changed) or 'nothing listed'} in {folder} differs from what was released"
        return Check(label, "broken", found, _REINSTALL)
    size_mib = sum((folder / file).stat().st_size for _, file in lines) / 2**20
    return Check(label, "ok", f"{len(lines)} files, {size_mib:.1f} MiB, hashes agree")


def check_encoding(name: str) -> Check:
    """A shipped model tells a red picture from a blue one, from end to end."""
    import numpy as np

    from crossreid.core.modality import Modality
    from crossreid.core.sample import Sample
    from crossreid.models.loading import load_encoder

    pictures = [np.full((120, 60, 3), colour, np.uint8) for colour in ((200, 30, 30), (30, 30, 200))]
    samples = [Sample(Modality.RGB, image=picture) for picture in pictures]
    samples.append(Sample(Modality.TEXT, caption="a person in a red coat"))
    encoder = load_encoder(name)
    start = time.perf_counter()
    vectors = encoder.encode(samples).vectors
    elapsed_ms = 1000 * (time.perf_counter() - start)
    if float(vectors[0] @ vectors[1]) > 1 - 1e-6:
        return Check(f"encode {name}", "broken", "all pictures look alike to it", _REINSTALL)
    return Check(
        f"encode {name}", "ok", f"{len(samples)} items to {encoder.dim} numbers in {elapsed_ms:.0f} ms"
    )


def check_disk(folder: Path) -> Check:
    """There is room for galleries and runs."""
    free_gib = shutil.disk_usage(folder).free / _GIB
    found = f"{free_gib:.1f} GiB free at {folder}"
    if free_gib < _ROOM_GIB:
        return Check("disk", "broken", found, "make room, or work in another folder")
    if free_gib < _LITTLE_ROOM_GIB:
        return Check("disk", "note", found, "training runs and large galleries may need more")
    return Check("disk", "ok", found)


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _quoted(complaint: str) -> str:
    return f'"{complaint.split(" (")[0]}"'


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
