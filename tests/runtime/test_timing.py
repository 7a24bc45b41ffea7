from typing import Any

import pytest

from crossreid.core.errors import ConfigurationError
from crossreid.core.modality import Modality
from crossreid.runtime.energy import EnergyMeter
from crossreid.runtime.timing import TimingRules, peak_memory_mib, time_encoder


class Clock:
    """Only calls of the encoder take time: 1, 2, 3, ... seconds."""

    def __init__(self) -> None:
        self.now, self.calls = 0.0, 0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clocked(colours: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Clock, list[int]]:
    encoder, clock, sizes = colours.ColourEncoder(), Clock(), []
    encode = encoder.encode

    def slowly(samples: Any, **options: Any) -> Any:
        clock.calls += 1
        clock.now += clock.calls
        sizes.append(len(samples))
        assert options["batch_size"] == len(samples)
        return encode(samples, **options)

    monkeypatch.setattr(encoder, "encode", slowly)
    return encoder, clock, sizes


def test_percentiles_and_throughput_of_known_calls(clocked: Any) -> None:
    encoder, clock, sizes = clocked
    rules = TimingRules(batches=(4,), seconds=0.0, warm_up_calls=1, least_calls=3)
    (row,) = time_encoder(encoder, [Modality.TEXT], rules, clock=clock)
    # The first call warms up; the others take 2, 3 and 4 s.
    assert sizes == [4, 4, 4, 4]
    assert row.calls == 3
    assert row.latency_ms == pytest.approx({"p50": 3000, "p90": 3800, "p99": 3980})
    assert row.deviation_ms == pytest.approx(1000 * (2 / 3) ** 0.5)
    assert row.items_per_second == pytest.approx(4 * 3 / 9)


class Battery(EnergyMeter):
    """Two joules a second of the clock, above what it said at first."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def joules(self) -> float:
        return 100 + 2 * self.clock.now


def test_joules_are_of_the_counted_calls_alone(clocked: Any) -> None:
    encoder, clock, _ = clocked
    rules = TimingRules(batches=(4,), seconds=0.0, warm_up_calls=1, least_calls=3)
    (row,) = time_encoder(encoder, [Modality.TEXT], rules, clock=clock, energy=Battery(clock))
    assert row.joules_per_item == pytest.approx(2 * (2 + 3 + 4) / 12)


def test_it_goes_on_for_as_long_as_it_is_told(clocked: Any) -> None:
    encoder, clock, _ = clocked
    rules = TimingRules(batches=(1,), seconds=10.0, warm_up_calls=0, least_calls=1)
    (row,) = time_encoder(encoder, [Modality.RGB], rules, clock=clock)
    assert row.calls == 4  # 1 + 2 + 3 + 4 s


def test_every_modality_meets_every_batch(clocked: Any) -> None:
    encoder, clock, _ = clocked
    rules = TimingRules(batches=(1, 2), seconds=0.0, warm_up_calls=0, least_calls=1)
    rows = list(time_encoder(encoder, [Modality.SKETCH, Modality.TEXT], rules, clock=clock))
    assert [(row.modality, row.batch) for row in rows] == [
        ("sketch", 1),
        ("sketch", 2),
        ("text", 1),
        ("text", 2),
    ]


def test_the_memory_of_a_process_is_some_mebibytes() -> None:
    assert 20 < peak_memory_mib() < 100_000


@pytest.mark.parametrize("rules", [{"batches": ()}, {"batches": (0,)}, {"least_calls": 0}, {"seconds": -1.0}])
def test_what_cannot_be_measured_is_refused(rules: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="positive"):
        TimingRules(**rules)
