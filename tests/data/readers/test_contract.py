"""What holds for every reader of a public data set."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crossreid.core.errors import DataError
from crossreid.data import load_dataset
from crossreid.data.loading import PUBLIC

NAMES = tuple(PUBLIC)
SAME_PEOPLE = {frozenset({"query", "gallery"})}
Tree = Callable[[str], Path]


@pytest.mark.parametrize("name", NAMES)
def test_every_picture_is_there_and_every_item_has_its_own_name(tree: Tree, name: str) -> None:
    root = tree(name)
    everything = load_dataset(name, root)
    assert (everything.name, everything.split) == (name, "")
    assert len({sample.item_id for sample in everything.samples}) == len(everything) > 0
    assert all(sample.path is None or sample.path.is_file() for sample in everything.samples)
    assert all(sample.path is None or sample.path.is_relative_to(root) for sample in everything.samples)
    assert len(everything.splits) == len(everything)


@pytest.mark.parametrize("name", NAMES)
def test_the_splits_make_up_the_whole_and_share_no_people(tree: Tree, name: str) -> None:
    root = tree(name)
    everything = load_dataset(name, root)
    parts = tuple(dict.fromkeys(everything.splits))
    loaded = {part: load_dataset(name, root, split=part) for part in parts}
    for part in parts:
        own = [s.item_id for s, of in zip(everything.samples, everything.splits, strict=True) if of == part]
        held = [
            s.item_id for s, of in zip(loaded[part].samples, loaded[part].splits, strict=True) if of == part
        ]
        assert held == own
    people = {part: {loaded[part].labels[person] for person in loaded[part].people} for part in parts}
    allowed = SAME_PEOPLE | ({frozenset({"train", "val"})} if name == "msmt17" else set())
    allowed |= {frozenset({"train", "restval"})}
    for one in parts:
        for other in parts:
            if one != other and {one, other} not in allowed:
                assert not people[one] & people[other]


@pytest.mark.parametrize("name", NAMES)
def test_people_of_a_split_are_numbered_from_0(tree: Tree, name: str) -> None:
    root = tree(name)
    for split in ("train", "test"):
        loaded = load_dataset(name, root, split=split)
        assert loaded.split == split
        assert loaded.people == tuple(range(len(loaded.labels)))


@pytest.mark.parametrize("name", NAMES)
def test_the_order_is_the_same_each_time(tree: Tree, name: str) -> None:
    root = tree(name)
    assert load_dataset(name, root) == load_dataset(name, root)


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_split_is_refused_with_those_there_are(tree: Tree, name: str) -> None:
    with pytest.raises(DataError, match=rf"the split 'exam' of {name}; expected one of train, .*test"):
        load_dataset(name, tree(name), split="exam")


@pytest.mark.parametrize("name", NAMES)
def test_whatever_is_missing_is_named(tree: Tree, trees: Any, name: str, tmp_path: Path) -> None:
    root = tree(name)
    for part in trees.REQUIRED[name]:
        kept = tmp_path / "kept"
        shutil.move(root / part, kept)
        missing = "no CSV" if part.endswith(".csv") else part.rstrip("/")
        with pytest.raises(DataError) as raised:
            load_dataset(name, root)
        assert missing in str(raised.value)
        assert raised.value.expected
        shutil.move(kept, root / part)
    assert len(load_dataset(name, root)) > 0


@pytest.mark.parametrize("name", NAMES)
def test_a_root_that_is_not_there_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere"):
        load_dataset(name, tmp_path / "nowhere")


def test_every_public_data_set_has_a_miniature(trees: Any) -> None:
    assert set(trees.WRITERS) == set(trees.REQUIRED) == set(PUBLIC)
