"""The configurations that come with the program."""

from pathlib import Path

import pytest

from crossreid.training.config import load_config

CONFIGS = Path(__file__).parents[1] / "configs"


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*")), ids=lambda path: path.name)
def test_a_configuration_loads_and_says_how_it_is_run(path: Path) -> None:
    config = load_config(path)
    verb = "distill" if config.kind in ("distillation", "dsmd") else "train"
    assert f"crossreid {verb} configs/{path.name}" in path.read_text(encoding="utf-8")


def test_every_kind_has_one() -> None:
    kinds = {load_config(path).kind for path in CONFIGS.glob("*.yaml")}
    assert kinds == {"captioning", "contrastive", "teacher", "student", "distillation", "dsmd"}
