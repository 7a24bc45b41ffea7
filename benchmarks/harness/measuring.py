"""Several ways of doing the same, measured side by side."""

import ctypes
import gc
import os
import resource
import statistics
import sys
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

Way = Callable[[], object]

_LOOK_SECONDS = 0.001


def clock() -> float:
    """Seconds of processor time of this process: other work on the machine belongs to none of the ways.

    With an accelerator, wall-clock seconds after all that was begun on it is done.
    """
    if torch.cuda.is_available():
        torch.cuda.synchronize()
        return time.perf_counter()
    return time.process_time()


def in_turns(
    ways: Mapping[str, Way], *, rounds: int, now: Callable[[], float] = clock
) -> dict[str, list[float]]:
    """Seconds of each way in each round; a first round warms up and is not counted.

    Within a round every way is run once, in an order that turns around from round to round: none is always the one that
    comes after the other.
    """
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        order = list(ways)[:: 1 if number % 2 else -1]
        for name in order:
            begun = now()
            ways[name]()
            if number:
                seconds[name].append(now() - begun)
    return seconds


def summary(values: list[float]) -> dict[str, float]:
    """Median and extremes."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def ratios(above: list[float], below: list[float]) -> dict[str, float]:
    """Of the rounds, each with its own."""
    return summary([one / other for one, other in zip(above, below, strict=True)])


def count_flops(way: Way) -> int:
    """Floating-point operations of all matrix products, two a multiply-accumulate."""
    with FlopCounterMode(display=False) as counter:
        way()
    return counter.get_total_flops()


def peak_flops(dtype: torch.dtype, *, side: int | None = None, repeats: int = 5) -> float:
    """The most floating-point operations a second that a product of two square matrices reached here.

    Args:
        dtype: of the matrices.
        side: of the matrices; by default 2048, on an accelerator 8192.
        repeats: of which the fastest counts, after one that warms up.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    side = side or (8192 if device == "cuda" else 2048)
    first, second = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    best = float("inf")
    for _ in range(repeats + 1):
        begun = clock()
        torch.matmul(first, second)
        best = min(best, max(clock() - begun, 1e-9))
    return 2 * side**3 / best


def extra_memory_mib(way: Way) -> float:
    """The most memory that a way takes beyond what is held before, MiB.

    On a CPU it runs in a copy of this process; on an accelerator here, and its memory is meant.
    """
    if torch.cuda.is_available():
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        way()
        torch.cuda.synchronize()
        return (torch.cuda.max_memory_allocated() - before) / 2**20
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads: none of them computes here
        child = os.fork()
    if child == 0:
        try:
            os.write(writing, repr(_growth_mib(way)).encode())
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as answer:
        text = answer.read()
    return max(0.0, float(text)) if text else float("nan")


def _growth_mib(way: Way) -> float:
    """How far this process's memory rises while something is done.

    Pages of files, such as those of libraries, do not count: the system takes them away and brings them back as it
    likes. Where it does not tell, the most that was ever held counts.
    """
    _give_back_freed()
    before, done = _own_mib(), threading.Event()
    if before is None:
        held = _peak_mib()
        way()
        return _peak_mib() - held
    highest = before

    def watch() -> None:
        nonlocal highest
        while not done.wait(_LOOK_SECONDS):
            highest = max(highest, _own_mib() or 0.0)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        given = way()
    finally:
        done.set()
        watcher.join()
    last = _own_mib() or 0.0  # with what the way has given, however quick it was
    del given
    return max(highest, last) - before


def _give_back_freed() -> None:
    """Memory that was freed but is kept for later would hide what is taken from it."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _own_mib() -> float | None:
    """Memory that belongs to no file; None where the system does not tell."""
    try:
        _, resident, of_files, *_ = Path("/proc/self/statm").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return None
    return (int(resident) - int(of_files)) * os.sysconf("SC_PAGE_SIZE") / 2**20


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def compare(
    ways: Mapping[str, Way], *, ours: str, items: int, rounds: int, dtype: torch.dtype
) -> dict[str, Any]:
    """A row for each way: seconds, items a second, memory, share of the peak; and how many times faster ours is.

    Args:
        ways: by name.
        ours: the one that the others are compared with.
        items: that each run of a way goes through.
        rounds: that are counted.
        dtype: of the matrix products, for the peak.
    """
    memory = {name: extra_memory_mib(way) for name, way in ways.items()}
    flops = {name: count_flops(way) for name, way in ways.items()}
    seconds, peak = in_turns(ways, rounds=rounds), peak_flops(dtype)
    rows = {
        name: {
            "seconds": summary(taken),
            "items_per_second": items / statistics.median(taken),
            "extra_memory_mib": memory[name],
            "share_of_peak": flops[name] / statistics.median(taken) / peak,
            "gflop": flops[name] / 1e9,
        }
        for name, taken in seconds.items()
    }
    faster = {name: ratios(taken, seconds[ours]) for name, taken in seconds.items() if name != ours}
    return {"items": items, "rounds": rounds, "peak_gflops": peak / 1e9, "ways": rows, "times_faster": faster}
