import pytest
import torch

from crossreid.core.errors import ConfigurationError
from crossreid.models.loading import Precision, PrecisionSetting
from crossreid.training.machine import (
    CARDS,
    find_card,
    machine_by_options,
    planned_precision,
    this_machine,
)


def test_a_card_is_found_by_its_name_however_it_is_written() -> None:
    assert find_card("nvidia rtx 3090") is find_card("RTX-3090") is CARDS[0]
    with pytest.raises(ConfigurationError, match=r"the card 'RTX-3080'; expected one of RTX-3090, .*T4"):
        find_card("RTX-3080")


@pytest.mark.parametrize(
    ("setting", "card", "precision", "tflops"),
    [
        ("auto", "RTX-3090", "bf16", 71),
        ("bf16", "A100-80", "bf16", 312),
        ("fp32", "A100-40", "fp32", 19.5),
        ("auto", "T4", "fp16", 65),
        ("bf16", "T4", "bf16", 8.1),  # without tensor cores for it
        ("fp16", "H100", "fp16", 989),
    ],
)
def test_a_card_says_precision_and_rate(
    setting: PrecisionSetting, card: str, precision: Precision, tflops: float
) -> None:
    found = find_card(card)
    assert planned_precision(setting, found) == precision
    machine = machine_by_options(precision=precision, card=found, memory_gib=None, processes=4, rate=None)
    assert (machine.flops, machine.share, machine.device) == (tflops * 1e12, 0.4, "cuda")
    assert (machine.memory_gib, machine.processes) == (found.memory_gib, 4)


def test_options_take_the_place_of_the_card_s() -> None:
    machine = machine_by_options(
        precision="bf16", card=find_card("T4"), memory_gib=20.0, processes=1, rate=71e12
    )
    assert (machine.memory_gib, machine.flops, machine.share) == (20, 71e12, 0.4)
    assert machine.usable_mib == pytest.approx(20 * 1024 * 0.9)
    assert planned_precision("auto", None) == "bf16"


def test_the_rate_of_this_machine_is_measured() -> None:
    machine = this_machine("fp32")
    assert machine.share == 1
    assert machine.device == ("cuda" if torch.cuda.is_available() else "cpu")
    assert machine.flops > 1e8
