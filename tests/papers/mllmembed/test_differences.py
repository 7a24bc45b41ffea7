"""What is not as in the paper, in words."""

from pathlib import Path
from typing import Any

from crossreid.training.config import load_config
from papers.mllmembed.arms import ArmSettings
from papers.mllmembed.differences import differences, setting_words
from papers.mllmembed.study import tiny_study

CONFIGS = Path(__file__).parents[3] / "configs" / "paper"
OF_CUHK_PEDES, OF_ALL_THREE = 34_054, 34_054 + 34_674 + 18_505
"""Photographs to learn from, as docs/data-sets.md lists them."""


def full_size() -> dict[str, Any]:
    kinds = ("teacher", "student", "distillation")
    read = {kind: load_config(CONFIGS / f"{kind}.yaml").model_dump(mode="json") for kind in kinds}
    return {"preset": "paper", "arms": ArmSettings().to_json()} | read


def test_the_small_study_lists_its_own_values() -> None:
    settings = tiny_study(
        ["teacher.weights.temperature=0.03", "distillation.loop.weight_decay=0.02"]
    ).settings()
    words = " ".join(setting_words({"configuration": settings}))
    for expected in (
        "steps of 48 people x 1 group(s)",
        "cloud 0.03, edge 0.07",
        "weight decay 0.02",
        "10% of the steps to warm up",
        "in the last 1 block(s) of each tower",
        "a BNNeck before the classifier",
    ):
        assert expected in words
    assert "CUHK-PEDES alone" not in words


def test_epochs_of_the_full_size_are_those_of_one_data_set() -> None:
    settings = full_size()
    for kind, epochs, of_all in (("teacher", 120, 47), ("distillation", 60, 23)):
        steps, batch = settings[kind]["loop"]["steps"], settings[kind]["batch"]
        groups = steps * batch["people"] * batch["groups"]
        assert (round(groups / OF_CUHK_PEDES), round(groups / OF_ALL_THREE)) == (epochs, of_all)
    words = " ".join(setting_words({"configuration": settings}))
    assert "120 and 60 epochs of CUHK-PEDES alone" in words
    assert "they are 47 and 23" in words
    assert "block(s)" not in words


def test_a_drawn_world_stands_in_for_the_data_of_figure_7() -> None:
    (tiny,) = differences("figure7", {"configuration": tiny_study().settings()})
    assert "--spectrum" in tiny
    assert differences("figure7", {"configuration": full_size()}) == ()
