from pathlib import Path

import pytest

from crossreid.core.errors import ConfigurationError
from crossreid.training.config import DistillationConfig, load_config
from crossreid.training.run_files import read_run_file

BASE = """
kind: distillation
loop: {steps: 5, learning_rate: 0.1}
distillation: {task: 0.5, cosine: 0.4, components: 7}
batch: {people: 3}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "base.yaml").write_text(BASE)
    (tmp_path / "rows").mkdir()
    (tmp_path / "rows" / "b.yaml").write_text(
        "base: ../base.yaml\ndistillation: {cosine: 0.0}\nloop: {seed: 3}\n"
    )
    (tmp_path / "rows" / "c.yaml").write_text("base: b.yaml\ndistillation: {task: 0.1}\nbackbone: other\n")
    return tmp_path


def test_a_file_says_in_what_it_differs_from_another(folder: Path) -> None:
    config = load_config(folder / "rows" / "c.yaml", ["loop.steps=9"])
    assert isinstance(config, DistillationConfig)
    assert (config.distillation.task, config.distillation.cosine, config.distillation.components) == (
        0.1,
        0,
        7,
    )
    assert (config.loop.steps, config.loop.seed, config.batch.people) == (9, 3, 3)
    assert config.backbone == "other"
    assert read_run_file(folder / "base.yaml")["distillation"]["task"] == 0.5


def test_bases_that_are_not_there_or_go_round_in_circles_are_refused(folder: Path) -> None:
    (folder / "lost.yaml").write_text("base: nowhere.yaml")
    with pytest.raises(ConfigurationError, match=r"nowhere\.yaml cannot be read"):
        load_config(folder / "lost.yaml")
    (folder / "circle.yaml").write_text("base: circle.yaml")
    with pytest.raises(ConfigurationError, match=r"circle\.yaml.*at most 8 bases"):
        load_config(folder / "circle.yaml")
    (folder / "odd.yaml").write_text("base: [1]")
    with pytest.raises(ConfigurationError, match="the name of a file"):
        load_config(folder / "odd.yaml")


def test_a_misspelt_key_is_refused_in_a_file_with_a_base_too(folder: Path) -> None:
    (folder / "wrong.yaml").write_text("base: base.yaml\ndistillation: {cosin: 0.3}")
    with pytest.raises(ConfigurationError, match=r"distillation\.cosin:.*did you mean distillation\.cosine"):
        load_config(folder / "wrong.yaml")


def test_a_precision_of_no_is_refused_with_its_new_name(folder: Path) -> None:
    (folder / "plain.yaml").write_text("base: base.yaml\nloop: {precision: no, sharded: true}")
    expected = r"loop\.precision: 'no' is called 'fp32'; write precision: fp32, or auto"
    with pytest.raises(ConfigurationError, match=expected):
        load_config(folder / "plain.yaml")
    with pytest.raises(ConfigurationError, match=expected):
        load_config(folder / "base.yaml", ["loop.precision=no"])
    changed = load_config(folder / "base.yaml", ["loop.precision=fp32", "loop.sharded=on", "loop.tracker="])
    assert isinstance(changed, DistillationConfig)
    assert (changed.loop.precision, changed.loop.tracker) == ("fp32", None)
