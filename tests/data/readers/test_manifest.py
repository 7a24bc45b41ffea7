import csv

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.data.readers.manifest import load_manifest

ROWS = """\
path,caption,modality,person,camera,source,split,time
b/1.jpg,,rgb,zoe,2,b/1,train,08:00
b/1_ir.jpg,,IR,zoe,2,b/1,train,
,"A woman, tall.",text,zoe,,b/1,train,
c/2.jpg,,rgb,adam,5,c/2,test,09:00
d/3.jpg,,rgb,,,,train,
"""


@pytest.fixture
def manifest(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text(ROWS)
    return path


def write(tmp_path, text, name="m.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_rows_become_samples(manifest, tmp_path):
    data = load_manifest(manifest)
    assert data.labels == ("adam", "zoe")
    assert data.split == ""
    assert data.times == ("08:00", "", "", "09:00", "")
    photo, infrared, words, adam, stranger = data.samples
    assert (photo.path, photo.person_id, photo.camera_id) == (tmp_path / "b/1.jpg", 1, 2)
    assert (photo.source_id, photo.item_id) == ("b/1", "b/1.jpg")
    assert infrared.modality is Modality.IR
    assert (words.caption, words.path, words.camera_id, words.item_id) == (
        "A woman, tall.",
        None,
        -1,
        "caption:3",
    )
    assert adam.person_id == 0
    assert (stranger.person_id, stranger.camera_id, stranger.source_id) == (-1, -1, "")


def test_a_split_has_its_own_people(manifest):
    data = load_manifest(manifest, split="test")
    assert (data.split, data.labels, len(data), data.times) == ("test", ("adam",), 1, ("09:00",))


def test_parquet_says_the_same_as_csv(manifest, tmp_path):
    rows = [{key: value or None for key, value in row.items()} for row in csv.DictReader(ROWS.splitlines())]
    for row in rows:
        row["camera"] = int(row["camera"]) if row["camera"] else None
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "manifest.parquet")
    assert load_manifest(tmp_path) == load_manifest(manifest)


def test_a_path_and_a_modality_are_enough(tmp_path):
    data = load_manifest(write(tmp_path, "\ufeffpath,modality\nx.png,rgb\n"))
    assert (data.samples[0].person_id, data.labels, data.times) == (-1, (), ())


def test_captions_alone_need_no_path(tmp_path):
    rows = [{"caption": "A tall man.", "modality": "text", "person": "adam"}] * 2
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "words.parquet")
    text = "caption,modality,person\nA tall man., Text,adam\nA tall man.,text,adam\n"
    for file in (write(tmp_path, text), tmp_path / "words.parquet"):
        data = load_manifest(file, check=True)
        assert [(s.caption, s.person_id, s.item_id) for s in data.samples] == [
            ("A tall man.", 0, "caption:1"),
            ("A tall man.", 0, "caption:2"),
        ]
    whole = load_manifest(write(tmp_path, "path,caption,modality,person\n,A tall man.,text,adam\n"))
    assert whole.samples == data.samples[:1]


def test_named_cameras_are_numbered_across_splits(tmp_path):
    text = "path,modality,camera,split\na.jpg,rgb,gate,train\nb.jpg,rgb,door,test\n"
    assert load_manifest(write(tmp_path, text), split="train").samples[0].camera_id == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("person,camera\n1,2\n", "lacks the columns path, modality"),
        ("path,person\na.jpg,1\n", "lacks the column modality"),
        ("caption,person\na man,1\n", "lacks the columns path, modality"),
        ("caption,modality\na man,text\na man,rgb\n", "lacks the column path"),
        ("person,modality\n1,text\n", "lacks the column caption"),
        ("path,modality,persons\na.jpg,rgb,1\n", "has a column 'persons'; expected 'person'; rename"),
        ("path,modality,Camera\na.jpg,rgb,1\n", "has a column 'Camera'; expected 'camera'"),
        (
            "path,modality\na.jpg,rgb\nb.jpg,xray\n",
            "row 2: unknown modality 'xray'; expected one of rgb, ir, sketch",
        ),
        ("path,modality,caption\na.jpg,text,\n", "row 1: a text sample made of a path"),
        ("path,modality,caption\n,rgb,a man\n", "row 1: a rgb sample made of a caption"),
        ("path,modality,caption\na.jpg,rgb,a man\n", "row 1: a sample with"),
        ("path,modality\n,rgb\n", "row 1: a sample with no content"),
        ("path,modality,caption\n,text,tall, thin\n", "row 1 has too many fields"),
        ("path,modality,person\na.jpg,rgb\n", "row 1 has too few fields"),
        ("path,modality\n../a.jpg,rgb\n", r"row 1: the path '\.\./a\.jpg' leaves the manifest's folder"),
        ("path,modality\nx/../../a.jpg,rgb\n", "leaves the manifest's folder"),
        ("path,modality\n", "has no rows"),
        ("", "lacks the columns"),
        (b"path,modality\n\xff\xfe.jpg,rgb\n", "cannot be read"),
        ('path,modality\n"a.jpg,rgb\n', "cannot be read"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        load_manifest(write(tmp_path, text))


def test_a_missing_split_is_named_with_those_there_are(manifest, tmp_path):
    with pytest.raises(DataError, match="no rows of the split 'exam'; expected a split of test, train"):
        load_manifest(manifest, split="exam")
    with pytest.raises(DataError, match="lacks the column split"):
        load_manifest(write(tmp_path, "path,modality\na.jpg,rgb\n"), split="test")


def test_absolute_paths_and_paths_that_stay_inside_are_taken(tmp_path):
    text = "path,modality\n/pictures/a.jpg,rgb\nx/../b.jpg,rgb\n"
    assert [str(s.path) for s in load_manifest(write(tmp_path, text)).samples] == [
        "/pictures/a.jpg",
        f"{tmp_path}/b.jpg",
    ]


def test_files_are_looked_for_only_when_asked(manifest, tmp_path):
    with pytest.raises(
        DataError, match=r"names 4 files that are not there: .*1\.jpg, .*1_ir\.jpg, .*2\.jpg, \.\.\."
    ):
        load_manifest(manifest, check=True)
    for name in ("b/1.jpg", "b/1_ir.jpg", "c/2.jpg", "d/3.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert len(load_manifest(manifest, check=True)) == 5


@pytest.mark.parametrize("name", ["nothing.csv", "notes.txt", "."])
def test_no_manifest_is_an_error(tmp_path, name):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(DataError, match="no manifest at"):
        load_manifest(tmp_path / name)


def test_a_broken_parquet_file_is_an_error(tmp_path):
    with pytest.raises(DataError, match=r"m\.parquet cannot be read"):
        load_manifest(write(tmp_path, b"PAR1 nonsense", "m.parquet"))


@given(st.text(alphabet="./\\a", min_size=1, max_size=12))
def test_no_relative_path_leaves_the_folder(tmp_path_factory, written):
    folder = tmp_path_factory.getbasetemp() / "inside"
    folder.mkdir(exist_ok=True)
    path = write(folder, f"path,modality\n{written},rgb\n")
    try:
        found = load_manifest(path).samples[0].path
    except DataError:
        assert ".." in written
        return
    assert found is not None
    assert written.startswith("/") or found.resolve().is_relative_to(folder.resolve())
