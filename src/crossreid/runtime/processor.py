"""The instructions of this processor that decide how a runtime computes a pack."""

import platform
from pathlib import Path

_INSTRUCTIONS = frozenset(
    {
        "avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_int8", "amx_bf16",
        "asimddp", "asimdhp", "i8mm", "bf16", "sve",
    }
)  # fmt: skip
_CPUINFO = Path("/proc/cpuinfo")


def processor_features(cpuinfo: Path = _CPUINFO) -> tuple[str, ...]:
    """Return the architecture and those instruction sets that matter to matrix products, sorted.

    Args:
        cpuinfo: Linux's list; without it, as on macOS, the architecture stands alone.
    """
    try:
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    flags = next(
        (line.partition(":")[2].split() for line in lines if line.startswith(("flags", "Features"))), []
    )
    return (platform.machine(), *sorted(_INSTRUCTIONS.intersection(flags)))
