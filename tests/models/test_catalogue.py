from pathlib import Path
from typing import Any

import pytest

from crossreid.models.catalogue import ListedModel, list_models
from crossreid.models.full_size import qwen_2b_config, vit_large_config
from crossreid.models.loading import CLIP, QWEN, load_encoder
from crossreid.models.shipped import SHIPPED, shipped_folder

LISTED = {model.name: model for model in list_models()}


def test_names_are_listed_once() -> None:
    assert len(LISTED) == len(list_models())
    assert {name for name, model in LISTED.items() if model.source == "shipped"} == set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_models_are_what_the_list_says(name: str) -> None:
    encoder, listed = load_encoder(name, device="cpu"), LISTED[name]
    assert (listed.width, listed.modalities) == (encoder.dim, encoder.modalities)
    card = Path(shipped_folder(name) / "README.md").read_text()
    assert f"license: {listed.licence.lower()}\n" in card


def test_widths_of_the_papers_backbones() -> None:
    names = ("<|image_pad|>", "<|video_pad|>", "<|vision_start|>", "<|vision_end|>", "<|endoftext|>")
    tokens: dict[str, int] = dict.fromkeys(names, 1)
    qwen: Any = qwen_2b_config(tokens)
    assert LISTED[QWEN].width == qwen.text_config.hidden_size
    assert LISTED[CLIP].width == vit_large_config(tokens).projection_dim


def test_kinds_are_in_the_usual_order() -> None:
    model = ListedModel("a", "hub", LISTED["tiny-edge"].modalities, 2, "MIT", "a test")
    assert model.kinds == ("rgb", "ir", "sketch", "text")
    assert repr(model) == "ListedModel('a', hub, rgb, ir, sketch, text, 2 dimensions)"
