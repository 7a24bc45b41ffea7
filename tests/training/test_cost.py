from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from crossreid.models.folder import save_model
from crossreid.models.outline import outline
from crossreid.training.cost import step_cost
from crossreid.training.tasks.identity_matching import embed

PICTURES, CAPTIONS = 18, 6


def counted(drawn: Any, **changes: Any) -> Any:
    settings: dict[str, Any] = {
        "height": 84, "width": 56, "pictures": PICTURES, "captions": CAPTIONS, "accumulation": 1, "adapted": False,
        "checkpointing": False, "half": False,
    }  # fmt: skip
    return step_cost(drawn, **settings | changes)


@pytest.mark.parametrize("kind", ["teacher", "student"])
def test_it_is_near_what_a_forward_pass_does_and_keeps(tiny: Any, tmp_path: Path, kind: str) -> None:
    model, batch = getattr(tiny, kind)().train(), tiny.batch()
    drawn = outline(save_model(model, tmp_path / "model"))
    chats = {}
    if kind == "teacher":
        longest = max(len(chat) for chat in model.conversation.for_captions(batch.captions))
        chats = {"chat_tokens": (longest, longest)}
    kept: dict[int, int] = {}

    def keep(value: torch.Tensor) -> torch.Tensor:
        if not isinstance(value, torch.nn.Parameter):
            kept[value.untyped_storage().data_ptr()] = value.untyped_storage().nbytes()
        return value

    with (
        torch.autograd.graph.saved_tensors_hooks(keep, lambda value: value),
        FlopCounterMode(display=False) as counter,
    ):
        features = embed(model, batch)
    assert features.requires_grad
    estimate = counted(drawn, **chats)
    assert 0.5 < estimate.flops / 3 / counter.get_total_flops() < 2
    assert 0.3 < estimate.activations_mib / (sum(kept.values()) / 2**20) < 3


def test_what_changes_it(tiny: Any, tmp_path: Path) -> None:
    drawn = outline(save_model(tiny.teacher(), tmp_path / "model"))
    plain = counted(drawn)
    assert counted(drawn, accumulation=4).flops == 4 * plain.flops
    assert counted(drawn, adapted=True).flops == pytest.approx(plain.flops * 2 / 3)
    again = counted(drawn, checkpointing=True)
    assert again.flops == pytest.approx(plain.flops * 4 / 3)
    assert again.activations_mib < plain.activations_mib
    assert counted(drawn, half=True).activations_mib == plain.activations_mib / 2
    twice = counted(drawn, pictures=2 * PICTURES, captions=2 * CAPTIONS)
    assert (twice.flops, twice.activations_mib) == (2 * plain.flops, 2 * plain.activations_mib)


def test_of_a_caption_by_hand(tiny: Any, tmp_path: Path) -> None:
    drawn = outline(save_model(tiny.student(), tmp_path / "model"))
    # Two blocks of width 24, of four projections of 24 x 24 and two of 24 x 48; 24 tokens, each of which sees 24.
    linear = 2 * (4 * 24 * 24 + 2 * 24 * 48) * 24
    attention = 2 * 2 * 24**2 * 24
    assert counted(drawn, pictures=0, captions=1).flops == 2 * 3 * (linear + attention)
