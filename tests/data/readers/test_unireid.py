from collections.abc import Callable
from pathlib import Path

import pytest

from crossreid.data import load_dataset

Tree = Callable[[str], Path]


@pytest.mark.parametrize("name", ["tri-cuhk-pedes", "tri-icfg-pedes", "tri-rstpreid"])
def test_every_photograph_has_a_sketch_of_its_group(tree: Tree, name: str) -> None:
    data = load_dataset(name, tree(name), "train")
    photos, sketches = data.of("rgb").samples, data.of("sketch").samples
    assert [(p.source_id, p.person_id) for p in photos] == [(s.source_id, s.person_id) for s in sketches]
    assert {sketch.camera_id for sketch in sketches} == {-1}


def test_a_sketch_may_have_another_suffix(tree: Tree) -> None:
    root = tree("tri-rstpreid")
    drawn = root / "imgs-sketch/0000_c14_0031.jpg"
    drawn.rename(drawn.with_suffix(".png"))
    sketches = load_dataset("tri-rstpreid", root, "train").of("sketch").samples
    assert [sample.item_id for sample in sketches] == [
        "imgs-sketch/0000_c14_0031.png",
        "imgs-sketch/0000_c1_0002.jpg",
    ]
