import pytest

from crossreid.core.errors import DataError
from crossreid.data.readers.folder import load_folder


def tree(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def described(root):
    data = load_folder(root)
    return {
        s.item_id: (str(s.modality), data.labels[s.person_id] if s.person_id >= 0 else None)
        for s in data.samples
    }


def test_folders_name_people_and_modalities(tmp_path):
    tree(
        tmp_path, "top.jpg", "zoe/1.JPEG", "zoe/2.webp", "day/adam/3.png", "sketch/zoe/4.bmp",
        "adam/infrared/5.png", "ir/6.jpg", "IR/eve/rgb/7.jpg",
    )  # fmt: skip
    assert described(tmp_path) == {
        "top.jpg": ("rgb", None),
        "zoe/1.JPEG": ("rgb", "zoe"),
        "zoe/2.webp": ("rgb", "zoe"),
        "day/adam/3.png": ("rgb", "adam"),
        "sketch/zoe/4.bmp": ("sketch", "zoe"),
        "adam/infrared/5.png": ("ir", "adam"),
        "ir/6.jpg": ("ir", None),
        "IR/eve/rgb/7.jpg": ("rgb", "eve"),
    }


def test_order_and_paths_do_not_depend_on_the_disk(tmp_path):
    data = load_folder(tree(tmp_path, "b/2.jpg", "a/9.jpg", "b/1.jpg"))
    assert [sample.path for sample in data.samples] == [
        tmp_path / name for name in ("a/9.jpg", "b/1.jpg", "b/2.jpg")
    ]
    assert (data.name, data.labels) == (tmp_path.name, ("a", "b"))


def test_hidden_and_other_files_are_left_out(tmp_path):
    tree(tmp_path, "a/1.jpg", "a/._1.jpg", ".trash/2.jpg", "a/notes.txt", "a/1.jpg.part", "b/clip.gif")
    assert set(described(tmp_path)) == {"a/1.jpg"}


def test_modality_names_above_the_root_do_not_count(tmp_path):
    assert described(tree(tmp_path / "sketch" / "mine", "a/1.jpg")) == {"a/1.jpg": ("rgb", "a")}


def test_nothing_to_read_is_an_error(tmp_path):
    with pytest.raises(DataError, match="holds no pictures"):
        load_folder(tmp_path)
    with pytest.raises(DataError, match="is not a folder"):
        load_folder(tmp_path / "none")
