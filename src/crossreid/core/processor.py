"""The processor of this machine: its name, and what its products can be computed by."""

import platform
import subprocess
from functools import cache
from pathlib import Path

_FEATURES = (
    "avx2", "fma", "f16c", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16",
    "amx_int8", "amx_bf16", "amx_fp16",
    "asimd", "asimdhp", "asimddp", "dotprod", "bf16", "i8mm", "sve", "sve2",
)  # fmt: skip
"""Instructions that decide in which precision a product is fast: of x86-64, then of arm64."""


@cache
def processor_name() -> str:
    """As the system calls it."""
    for line in _cpuinfo():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


@cache
def processor_features() -> tuple[str, ...]:
    """The instructions of `avx2`, `avx512_bf16`, `amx_bf16` and the like that it has; none where no system tells."""
    return features_in("\n".join(_cpuinfo()) or _sysctl())


def features_in(text: str) -> tuple[str, ...]:
    """The instructions that /proc/cpuinfo, or `sysctl hw.optional` of macOS, says a processor has."""
    found: set[str] = set()
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("flags", "Features"):
            found |= set(value.split())
        elif name.startswith("hw.optional") and value.strip() == "1":
            found.add(name.rpartition(".")[2].lower().removeprefix("feat_"))
    return tuple(feature for feature in _FEATURES if feature in found)


def _cpuinfo() -> list[str]:
    file = Path("/proc/cpuinfo")
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def _sysctl() -> str:
    if platform.system() != "Darwin":
        return ""
    try:
        answer = subprocess.run(["sysctl", "hw.optional"], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return answer.stdout
