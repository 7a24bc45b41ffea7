from collections.abc import Callable
from pathlib import Path

import pytest

from crossreid.core.errors import DataError
from crossreid.data import load_dataset

Tree = Callable[[str], Path]
TABLE = "cuhkpedes_aio_train.csv"


def test_the_four_modalities_of_a_source_are_a_group(tree: Tree) -> None:
    root = tree("qrcm-reid")
    train = load_dataset("qrcm-reid", root, "train")
    assert list(train.groups()) == ["0", "1", "2"]
    photo, infrared, sketch, words = train.groups()["1"]
    assert photo.path == root / "CUHK-PEDES/imgs/cam_a/001.png"
    assert [sample.modality.value for sample in (infrared, sketch, words)] == ["ir", "sketch", "text"]
    assert (words.caption, words.camera_id) == ("A man, number 1", -1)
    assert [train.samples[row].person_id for row in (0, 4, 8)] == [0, 0, 1]


def test_paths_may_be_relative_and_the_file_may_be_named(tree: Tree) -> None:
    root = tree("qrcm-reid")
    table = root / TABLE
    table.write_text(table.read_text().replace("/data/aio_reid/", ""))
    assert len(load_dataset("qrcm-reid", table)) == 20


def test_absolute_paths_that_are_right_stay(tree: Tree, tmp_path: Path) -> None:
    root = tree("qrcm-reid")
    table = tmp_path / "elsewhere.csv"
    table.write_text((root / TABLE).read_text().replace("/data/aio_reid", str(root)))
    assert load_dataset("qrcm-reid", table).samples[0].path == root / "CUHK-PEDES/imgs/cam_a/000.png"


@pytest.mark.parametrize(
    ("found", "put", "message"),
    [
        (",RGB,", ",XRAY,", "row 1: unknown modality 'XRAY'; expected RGB, IR, sketch or text"),
        (",0,train", ",,train", "row 1: pid '0', camid ''; expected a number each"),
        (",train", ",dev", "row 1: the split 'dev'"),
        ("/data/aio_reid/CUHK-PEDES/imgs/", "../", "row 1: the path"),
        ("/data/aio_reid/CUHK-PEDES/imgs/", "/nowhere/", "nor any end of that path"),
    ],
)
def test_what_is_wrong_in_the_table_is_named(tree: Tree, found: str, put: str, message: str) -> None:
    root = tree("qrcm-reid")
    table = root / TABLE
    table.write_text(table.read_text().replace(found, put, 1))
    with pytest.raises(DataError, match=message):
        load_dataset("qrcm-reid", root)


def test_missing_columns_are_named(tree: Tree) -> None:
    root = tree("qrcm-reid")
    (root / TABLE).write_text("image_path,pid\nx.png,1\n")
    with pytest.raises(DataError, match="lacks the columns modality, ori_caption, camid, split; expected"):
        load_dataset("qrcm-reid", root)


def test_two_tables_are_one_too_many(tree: Tree) -> None:
    root = tree("qrcm-reid")
    (root / "other.csv").touch()
    with pytest.raises(
        DataError, match=rf"holds {TABLE}, other\.csv; expected one \.csv file; name the file itself"
    ):
        load_dataset("qrcm-reid", root)
