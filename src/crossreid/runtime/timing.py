"""How fast an encoder is on this machine: latency, throughput and memory."""

import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from crossreid.core.encoder import Encoder
from crossreid.core.errors import ConfigurationError
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.runtime.energy import EnergyMeter

_CAPTION = (
    "a man with short dark hair in a red jacket, blue jeans and white shoes carries a large black backpack"
)


BATCHES = (1, 2, 4, 8, 16, 32)
"""Items a call, unless somebody asks for others."""


@dataclass(frozen=True, slots=True)
class TimingRules:
    """How long and what to measure.

    Args:
        batches: items that the encoder is given at a time.
        seconds: of measurement of each modality and batch; at least `least_calls` calls are made whatever they take.
        warm_up_calls: made before, and not counted.
        least_calls: that are counted.

    Raises:
        ConfigurationError: a number is not positive.
    """

    batches: tuple[int, ...] = BATCHES
    seconds: float = 5.0
    warm_up_calls: int = 3
    least_calls: int = 10

    def __post_init__(self) -> None:
        if (
            not self.batches
            or min(*self.batches, self.least_calls) < 1
            or min(self.seconds, self.warm_up_calls) < 0
        ):
            raise ConfigurationError(
                f"batches {self.batches}, {self.seconds} s, {self.least_calls} calls",
                expected="positive numbers",
            )


@dataclass(frozen=True, slots=True)
class Timing:
    """Calls with one kind of evidence and one number of items.

    Args:
        modality: of the items.
        batch: items a call.
        calls: that were measured.
        latency_ms: percentiles 50, 90 and 99 of a call, by name; linear between the nearest two.
        deviation_ms: standard deviation of a call.
        items_per_second: over all calls together.
        joules_per_item: of the whole machine meanwhile, where it tells.
    """

    modality: str
    batch: int
    calls: int
    latency_ms: dict[str, float]
    deviation_ms: float
    items_per_second: float
    joules_per_item: float | None = None


def time_encoder(
    encoder: Encoder,
    modalities: Sequence[Modality],
    rules: TimingRules,
    *,
    clock: Callable[[], float] = time.perf_counter,
    energy: EnergyMeter | None = None,
) -> Iterator[Timing]:
    """Time `encode` from decoded pictures of 256 x 128 pixels, or captions of 20 words, to vectors.

    Args:
        encoder: of any kind.
        modalities: to be timed, one after another.
        rules: of the measurement.
        clock: seconds.
        energy: joules; by default what the machine tells.

    Yields:
        A row for each modality and batch.
    """
    energy = energy or EnergyMeter()
    for modality in modalities:
        for batch in rules.batches:
            samples = _samples(modality, batch)
            for _ in range(rules.warm_up_calls):
                encoder.encode(samples, batch_size=batch)
            before = energy.joules()
            taken = _measure(encoder, samples, rules, clock)
            after = energy.joules()
            used = None if before is None or after is None else after - before
            yield _timing(modality, batch, taken, used)


def peak_memory_mib() -> float:
    """The most memory that this process has held, MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def _measure(
    encoder: Encoder, samples: list[Sample], rules: TimingRules, clock: Callable[[], float]
) -> np.ndarray:
    """Seconds of each call, [calls]."""
    taken, begun = [], clock()
    while len(taken) < rules.least_calls or clock() - begun < rules.seconds:
        before = clock()
        encoder.encode(samples, batch_size=len(samples))
        taken.append(clock() - before)
    return np.array(taken)


def _timing(modality: Modality, batch: int, taken: np.ndarray, joules: float | None) -> Timing:
    percentiles = np.percentile(1000 * taken, (50, 90, 99))
    return Timing(
        modality=str(modality),
        batch=batch,
        calls=len(taken),
        latency_ms={f"p{rank}": float(value) for rank, value in zip((50, 90, 99), percentiles, strict=True)},
        deviation_ms=float(np.std(1000 * taken)),
        items_per_second=float(batch * len(taken) / taken.sum()),
        joules_per_item=None if joules is None else joules / (batch * len(taken)),
    )


def _samples(modality: Modality, count: int) -> list[Sample]:
    if modality == Modality.TEXT:
        return [Sample(modality, caption=f"{_CAPTION}, {number}") for number in range(count)]
    rng = np.random.default_rng(0)
    return [Sample(modality, image=rng.integers(0, 256, (256, 128, 3), np.uint8)) for _ in range(count)]
