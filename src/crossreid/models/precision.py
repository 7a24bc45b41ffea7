"""The precision of matrix products: which ones a device computes natively, and which of them is the fastest."""

import logging
import platform
import time
from functools import cache

import torch

from crossreid.core.processor import processor_features
from crossreid.models.loading import Precision, PrecisionSetting

_log = logging.getLogger(__name__)

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}

_FASTER = 1.1
"""A precision below fp32 has to be faster by this factor: it costs accuracy, and a measurement has noise."""
_FIRST_SIDE, _LARGEST_SIDE, _ENOUGH_S = 256, 8192, 0.002
_WARNED: set[tuple[str, str]] = set()


def resolve_precision(setting: PrecisionSetting, device: torch.device | str, *, remedy: str) -> Precision:
    """Return the precision to compute in; of `auto`, the fastest that the device computes natively.

    Args:
        setting: as the user gave it. A precision that the device only emulates is taken, with a warning.
        device: that computes.
        remedy: the setting that the warning proposes, such as "loop.precision=auto".
    """
    name = str(torch.device(device))
    if setting == "auto":
        return fastest_precision(name)
    if setting != "fp32" and setting not in native_precisions(name):
        _warn_of_emulation(name, setting, remedy)
    return setting


@cache
def fastest_precision(device: str) -> Precision:
    """bf16 or fp16 where the device computes it natively and a product of it was measured to be faster, else fp32.

    On a processor fp16 is never chosen: its range needs loss scaling, which torch has for GPUs.
    """
    offered: tuple[Precision, ...] = ("bf16", "fp16") if _is_cuda(device) else ("bf16",)
    for precision in offered:
        if precision in native_precisions(device) and slowdown(device, precision) < 1 / _FASTER:
            return precision
    return "fp32"


@cache
def native_precisions(device: str) -> frozenset[Precision]:
    """The precisions that a device has instructions for, and that torch may use."""
    found: set[Precision] = {"fp32"}
    if _is_cuda(device):
        with torch.cuda.device(device):
            if torch.cuda.is_bf16_supported(including_emulation=False):
                found.add("bf16")
            # Before Volta, most GPUs compute fp16 far slower than fp32.
            if torch.cuda.get_device_capability() >= (7, 0):
                found.add("fp16")
    elif torch.device(device).type == "cpu" and _processor_has_bf16():
        found.add("bf16")
    return frozenset(found)


def slowdown(device: str, precision: Precision) -> float:
    """How many times as long a matrix product takes as in fp32; below 1 where it is faster."""
    return product_gflops(device, "fp32") / product_gflops(device, precision)


@cache
def product_gflops(device: str, precision: Precision) -> float:
    """Return the rate of a product of two square matrices, in GFLOP/s.

    The matrices grow until one product takes two milliseconds, and the best rate counts. Where a precision is emulated,
    the first product takes that long.
    """
    side, best, spent = _FIRST_SIDE, 0.0, 0.0
    with torch.inference_mode(), torch.autocast(torch.device(device).type, enabled=False):
        while spent < 3 * _ENOUGH_S:
            # No random numbers: a training that measures this must draw the same ones as one that does not.
            matrix = torch.ones(side, side, device=device, dtype=DTYPES[precision])
            torch.matmul(matrix, matrix)
            begun = _now(device)
            torch.matmul(matrix, matrix)
            seconds = max(_now(device) - begun, 1e-9)
            best, spent = max(best, 2 * side**3 / seconds), spent + seconds
            if seconds < _ENOUGH_S and side < _LARGEST_SIDE:
                side *= 2
    return best / 1e9


def _now(device: str) -> float:
    if _is_cuda(device):
        torch.cuda.synchronize(device)
    return time.perf_counter()


def _is_cuda(device: str) -> bool:
    return torch.device(device).type == "cuda"


def _processor_has_bf16() -> bool:
    has = _processor_features()
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return "bf16" in has
    # ATEN_CPU_CAPABILITY holds torch's own kernels below what the processor has, ONEDNN_MAX_CPU_ISA its products.
    held = torch.backends.cpu.get_cpu_capability() in ("DEFAULT", "AVX2")
    return bool({"avx512_bf16", "amx_bf16"} & has) and not held and _products_may_use_bf16()


def _processor_features() -> set[str]:
    if hasattr(torch.cpu, "get_capabilities"):
        return {name for name, value in torch.cpu.get_capabilities().items() if value is True}
    return set(processor_features())


def _products_may_use_bf16() -> bool:
    return torch.backends.mkldnn.is_available() and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _warn_of_emulation(device: str, precision: Precision, remedy: str) -> None:
    if (device, precision) in _WARNED:
        return
    _WARNED.add((device, precision))
    factor = slowdown(device, precision)
    if factor > 1:
        _log.warning(
            "%s is emulated on this %s: a matrix product takes %.0f times as long as in fp32; set %s",
            precision,
            "GPU" if _is_cuda(device) else "processor",
            factor,
            remedy,
        )
