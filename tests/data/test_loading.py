import pytest

from crossreid.core.errors import DataError
from crossreid.data import load_dataset


def test_each_format_has_its_name(tmp_path):
    (tmp_path / "manifest.csv").write_text("path,modality,split\na/x.jpg,rgb,train\nb/y.jpg,rgb,test\n")
    for person in "ab":
        (tmp_path / person).mkdir()
        (tmp_path / person / "z.png").touch()
    assert len(load_dataset("manifest", tmp_path)) == 2
    assert load_dataset("manifest", tmp_path, split="test").samples[0].path == tmp_path / "b/y.jpg"
    assert load_dataset("folder", tmp_path).labels == ("a", "b")
    assert len(load_dataset("folder", tmp_path, split="a")) == 1
    assert len(load_dataset("pedestrians", tmp_path, split="train")) == 1


def test_an_unknown_name_is_refused_with_those_there_are(tmp_path):
    with pytest.raises(DataError, match="'market'; expected one of manifest, folder, pedestrians"):
        load_dataset("market", tmp_path)


def test_a_world_that_is_not_finished_is_refused(tmp_path):
    (tmp_path / "manifest.parquet").touch()
    with pytest.raises(DataError, match=r"no finished world.*draw it first"):
        load_dataset("pedestrians", tmp_path)
