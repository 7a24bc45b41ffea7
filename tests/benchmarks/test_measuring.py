import math

import numpy as np
import pytest
import torch

from benchmarks.harness import measuring


def test_every_way_takes_its_turn_in_every_round_and_the_first_round_is_not_counted() -> None:
    order: list[str] = []
    ticks = iter(range(100))
    seconds = measuring.in_turns(
        {"a": lambda: order.append("a"), "b": lambda: order.append("b")},
        rounds=3,
        now=lambda: float(next(ticks)),
    )
    assert order == ["b", "a", "a", "b", "b", "a", "a", "b"]
    assert seconds == {"a": [1.0] * 3, "b": [1.0] * 3}


def test_ratios_are_of_the_rounds() -> None:
    assert measuring.ratios([2.0, 9.0, 8.0], [1.0, 3.0, 2.0]) == {"median": 3.0, "min": 2.0, "max": 4.0}


def test_operations_are_two_a_multiply_accumulate() -> None:
    first, second = torch.ones(3, 5), torch.ones(5, 7)
    assert measuring.count_flops(lambda: first @ second) == 2 * 3 * 5 * 7


def test_extra_memory_is_what_a_way_holds_beyond_what_was_there() -> None:
    held = np.ones(2**21)
    assert measuring.extra_memory_mib(lambda: held.sum()) < 24
    assert 60 < measuring.extra_memory_mib(lambda: np.ones(2**23).sum()) < 90  # 64 MiB


def test_memory_that_was_freed_before_is_counted_again() -> None:
    """Pieces below the size from which the allocator gives memory back at once."""
    kept = [np.ones(2**17) for _ in range(64)]
    del kept
    assert 60 < measuring.extra_memory_mib(lambda: [np.ones(2**17) for _ in range(64)]) < 90


def test_memory_is_known_where_the_system_tells_only_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "_own_mib", lambda: None)
    assert 60 < measuring.extra_memory_mib(lambda: np.ones(2**26).sum()) < 600


def test_memory_of_a_way_that_fails_is_unknown() -> None:
    def fail() -> None:
        raise ValueError

    assert math.isnan(measuring.extra_memory_mib(fail))


def test_the_peak_is_of_the_machine() -> None:
    assert 1e8 < measuring.peak_flops(torch.float32, side=256, repeats=2) < 1e15


def test_a_comparison_has_a_row_for_each_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "peak_flops", lambda dtype: 5e9)
    small, large = torch.rand(64, 64), torch.rand(256, 256)
    numbers = measuring.compare(
        {"slow": lambda: [large @ large for _ in range(20)], "ours": lambda: small @ small},
        ours="ours",
        items=8,
        rounds=3,
        dtype=torch.float32,
    )
    assert set(numbers["ways"]) == {"slow", "ours"}
    slow = numbers["ways"]["slow"]
    assert slow["gflop"] == pytest.approx(20 * 2 * 256**3 / 1e9)
    assert slow["items_per_second"] == pytest.approx(8 / slow["seconds"]["median"])
    assert slow["share_of_peak"] == pytest.approx(
        slow["gflop"] / slow["seconds"]["median"] / numbers["peak_gflops"]
    )
    assert numbers["peak_gflops"] == 5.0
    assert numbers["times_faster"]["slow"]["min"] > 5
    assert list(numbers["times_faster"]) == ["slow"]
