"""The machine that a training is planned for: its memory, its processes and its rate of matrix products."""

from dataclasses import dataclass
from typing import Literal

import torch

from crossreid.core.errors import ConfigurationError
from crossreid.models.loading import Precision, PrecisionSetting
from crossreid.models.precision import product_gflops

Half = Literal["bf16", "fp16"]

SHARE_OF_PEAK = 0.4
"""Of a card's peak that a training is planned at: large models reach 21 to 46 % (PaLM, arXiv 2204.02311, table 3)."""
LEFT_FREE = 0.1
"""Of a card's memory: for the CUDA context, workspaces of libraries and what fragmentation wastes."""


@dataclass(frozen=True, slots=True)
class Card:
    """A GPU by its data sheet.

    Args:
        name: as `--card` takes it.
        memory_gib: in all.
        half_tflops: peak of dense matrix products in half precision with sums in fp32, in TFLOP/s.
        single_tflops: peak in fp32, without tensor cores.
        half: the best half precision that its tensor cores compute.
    """

    name: str
    memory_gib: float
    half_tflops: float
    single_tflops: float
    half: Half = "bf16"


CARDS = (
    Card("RTX-3090", 24.0, 71.0, 35.6),
    Card("RTX-4090", 24.0, 165.2, 82.6),
    Card("A6000", 48.0, 154.8, 38.7),
    Card("L4", 24.0, 121.0, 30.3),
    Card("L40S", 48.0, 362.0, 91.6),
    Card("A10", 24.0, 125.0, 31.2),
    Card("A100-40", 40.0, 312.0, 19.5),
    Card("A100-80", 80.0, 312.0, 19.5),
    Card("H100", 80.0, 989.0, 67.0),
    Card("H200", 139.0, 989.0, 67.0),
    Card("V100-16", 16.0, 125.0, 15.7, "fp16"),
    Card("V100-32", 32.0, 125.0, 15.7, "fp16"),
    Card("T4", 16.0, 65.0, 8.1, "fp16"),
)
"""Sources: NVIDIA's architecture papers of Ampere GA102 (RTX 3090, A6000) and Ada GA102 (RTX 4090), and its data sheets
of A10, A100, L4, L40S, H100 SXM, H200 SXM, V100 SXM2 and T4; without sparsity, which the data sheets of L4, L40S, H100
and H200 count in. An H200 has 141 GB, of which torch finds 139 GiB."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What a plan assumes.

    Args:
        device: "cpu" or "cuda".
        processes: that train together, each on a device of its own.
        memory_gib: of each device; None where it is not known.
        precision: of the matrix products.
        flops: of a device, a second.
        share: of `flops` that the training is planned at.
        described: where `flops` comes from, in words.
    """

    device: Literal["cpu", "cuda"]
    processes: int
    memory_gib: float | None
    precision: Precision
    flops: float
    share: float
    described: str

    @property
    def usable_mib(self) -> float | None:
        """Memory of a device that a plan may fill."""
        return None if self.memory_gib is None else self.memory_gib * 1024 * (1 - LEFT_FREE)


def find_card(name: str) -> Card:
    """The card of this name, in capitals or not, with spaces or hyphens.

    Raises:
        ConfigurationError: it is not in the table.
    """
    wanted = name.upper().replace(" ", "-").removeprefix("NVIDIA-")
    card = next((card for card in CARDS if card.name == wanted), None)
    if card is None:
        raise ConfigurationError(
            f"the card {name!r}",
            expected=f"one of {', '.join(card.name for card in CARDS)}",
            remedy="--device-memory GIB --rate FLOPS",
        )
    return card


def planned_precision(setting: PrecisionSetting, card: Card | None) -> Precision:
    """Return the precision that a setting means on a GPU that is not here.

    Args:
        setting: of `loop.precision`.
        card: of the plan; of one that is not named, bf16 is taken to be native.
    """
    if setting == "auto":
        return card.half if card else "bf16"
    return setting


def machine_by_options(
    *, precision: Precision, card: Card | None, memory_gib: float | None, processes: int, rate: float | None
) -> Machine:
    """A machine of GPUs that is not here.

    Args:
        precision: as `planned_precision` says.
        card: whose memory and rate count where the others are None.
        memory_gib: of each device.
        processes: that train together.
        rate: peak of a device, in FLOP/s; without it and a card, that of this machine.
    """
    memory = card.memory_gib if card and memory_gib is None else memory_gib
    if rate is not None:
        return Machine("cuda", processes, memory, precision, rate, SHARE_OF_PEAK, "of --rate")
    if card is None:
        own = this_machine(precision, processes=processes)
        return Machine("cuda", processes, memory, precision, own.flops, own.share, own.described)
    # Without tensor cores for it, bf16 is emulated in fp32.
    native = precision in ("fp16", card.half)
    tflops = card.half_tflops if native else card.single_tflops
    where = f"of {card.name}'s peak in {precision if native or precision == 'fp32' else 'fp32'}"
    return Machine("cuda", processes, memory, precision, tflops * 1e12, SHARE_OF_PEAK, where)


def this_machine(precision: Precision, *, processes: int = 1) -> Machine:
    """The GPU or processor of this machine, at a rate that is measured."""
    gpu = torch.cuda.is_available()
    memory = torch.cuda.get_device_properties(0).total_memory / 2**30 if gpu else None
    device = "cuda" if gpu else "cpu"
    rate = product_gflops(device, precision) * 1e9
    return Machine(device, processes, memory, precision, rate, 1.0, "measured here")
