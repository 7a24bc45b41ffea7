"""The plan of a translator's training, against what its training does."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from crossreid.core.errors import DataError
from crossreid.training.config import TranslatorConfig
from crossreid.training.machine import Machine
from crossreid.training.translation import build_task
from crossreid.training.translator_batches import PairBatch
from crossreid.training.translator_plan import plan_translator

CPU = Machine("cpu", 1, None, "fp32", 1e9, 1.0, "measured here")


def config(**others: Any) -> TranslatorConfig:
    return TranslatorConfig.model_validate(
        {
            "kind": "translator",
            "modality": "ir",
            "loop": {"steps": 30, "learning_rate": 0.1, "accumulation": 2},
            "network": {"height": 64, "width": 32, "channels": 4, "halvings": 3},
            "batch": 2,
            "drawn_people": 5,
            "encounters": 3,
        }
        | others
    )


@pytest.mark.parametrize("discriminator", ["patches", "pixels", "none"])
def test_it_counts_what_a_step_does(discriminator: str) -> None:
    asked = config(discriminator=discriminator, weights={"absolute": 1, "structure": 1})
    plan, task = plan_translator(asked, None, machine=CPU), build_task(asked)
    counts = [sum(p.numel() for p in player.parameters()) for player in task.children()]
    assert [plan.generator_parameters, plan.discriminator_parameters] == [*counts, 0][:2]
    memory = plan.memory
    assert memory.trained + memory.gradients + memory.moments == pytest.approx(16 * sum(counts) / 2**20)
    batch = PairBatch(torch.zeros(2, 3, 64, 32), torch.zeros(2, 1, 64, 32))
    with FlopCounterMode(display=False) as counter:
        task(batch, progress=0.0)["total"].backward()
    assert plan.cost.flops == 2 * counter.get_total_flops() > 0


def test_what_is_kept_grows_with_the_batch_and_shrinks_by_half_precision() -> None:
    small, large = (
        plan_translator(config(batch=size), None, machine=CPU).cost.activations_mib for size in (2, 8)
    )
    assert 3.5 * small < large < 4.5 * small
    half = plan_translator(config(), None, machine=replace(CPU, precision="bf16")).cost.activations_mib
    assert 0.4 < half / small < 0.9


def test_pairs_are_counted_or_will_be_drawn(tiny: Any) -> None:
    assert plan_translator(config(), None, machine=CPU).pairs == 15
    assert plan_translator(config(), None, machine=CPU).epochs == 60 / 7
    people = tiny.dataset()
    of_data = plan_translator(config(), people, machine=CPU)
    assert of_data.pairs == len(people.groups())
    with pytest.raises(DataError, match="without pairs"):
        plan_translator(config(), people.of("rgb"), machine=CPU)
