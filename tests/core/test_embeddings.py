import sys
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import DataError, FingerprintError, MissingDependencyError
from crossreid.core.modality import Modality

KEYS = ("modalities", "person_ids", "camera_ids", "source_ids", "item_ids")


def make(count=4, *, dim=3, fingerprint="model", rotation="", seed=0, **changes):
    random = np.random.default_rng(seed)
    columns = {
        "vectors": random.normal(size=(count, dim)),
        "modalities": random.choice([str(modality) for modality in Modality], size=count),
        "person_ids": random.integers(-1, 5, size=count),
        "camera_ids": random.integers(-1, 3, size=count),
        "source_ids": np.array([f"source-{i}" for i in range(count)], dtype=np.str_),
        "item_ids": np.array([f"item-{i}" for i in range(count)], dtype=np.str_),
    }
    return Embeddings(**(columns | changes), fingerprint=fingerprint, rotation=rotation)


def assert_same(first, second):
    np.testing.assert_array_equal(first.vectors, second.vectors)
    for key in KEYS:
        np.testing.assert_array_equal(getattr(first, key), getattr(second, key))
    assert (first.fingerprint, first.rotation) == (second.fingerprint, second.rotation)


def test_columns_are_of_the_promised_types():
    embeddings = make(
        2, vectors=np.ones((2, 3), dtype=np.float64), person_ids=np.array([1, 2], dtype=np.int16)
    )
    assert embeddings.vectors.dtype == np.float32
    assert embeddings.person_ids.dtype == embeddings.camera_ids.dtype == np.int64
    assert embeddings.modalities.dtype.kind == embeddings.item_ids.dtype.kind == "U"
    assert (len(embeddings), embeddings.dim) == (2, 3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"vectors": np.ones(4)}, r"vectors of shape \(4,\); expected \[n, dim\]"),
        ({"vectors": np.array([[1.0], [np.nan], [1], [np.inf]])}, r"2 vectors .* the first in row 1"),
        ({"fingerprint": ""}, r"an empty fingerprint"),
        ({"person_ids": np.array([1, 2])}, r"person_ids of shape \(2,\); expected \(4,\)"),
        ({"item_ids": np.array([["a"]] * 4)}, r"item_ids of shape \(4, 1\)"),
        ({"modalities": np.array(["rgb", "depth", "ir", "thermal"])}, r"modalities \['depth', 'thermal'\]"),
    ],
)
def test_what_is_not_embeddings_is_refused(changes, message):
    with pytest.raises(DataError, match=message):
        make(4, **changes)


@given(
    vectors=arrays.arrays(
        np.float32,
        st.tuples(st.integers(0, 6), st.integers(1, 5)),
        elements=st.floats(-1e6, 1e6, width=32),
    ),
    names=st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
        min_size=6,
        max_size=6,
    ),
    rotation=st.sampled_from(["", "turned"]),
)
def test_a_file_gives_back_what_was_saved(tmp_path_factory, vectors, names, rotation):
    count = len(vectors)
    saved = make(
        count,
        vectors=vectors,
        item_ids=np.array(names[:count], dtype=np.str_),
        source_ids=np.array(names[::-1][:count], dtype=np.str_),
        fingerprint="model@space",
        rotation=rotation,
    )
    path = saved.save(tmp_path_factory.mktemp("embeddings") / "new folder" / "e.parquet")
    assert_same(Embeddings.load(path), saved)
    assert [file.name for file in path.parent.iterdir()] == ["e.parquet"]


def test_saving_again_replaces_the_file(tmp_path):
    make(4).save(tmp_path / "e.parquet")
    make(2, seed=1).save(tmp_path / "e.parquet")
    assert_same(Embeddings.load(tmp_path / "e.parquet"), make(2, seed=1))


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = make(4).save(tmp_path / "e.parquet")

    def disk_full(table, where, **options):
        where.write_bytes(b"half a file")
        raise OSError("no space left on device")

    monkeypatch.setattr(pq, "write_table", disk_full)
    with pytest.raises(OSError, match="no space"):
        make(2, seed=1).save(path)
    assert [file.name for file in tmp_path.iterdir()] == ["e.parquet"]
    assert_same(Embeddings.load(path), make(4))


def test_files_that_are_not_ours_are_refused(tmp_path):
    (tmp_path / "words").write_text("no table")
    pq.write_table(pa.table({"a": [1]}), tmp_path / "table")
    path = make(3).save(tmp_path / "cut")
    path.write_bytes(path.read_bytes()[:-20])
    for name in ("words", "table", "cut", "missing"):
        with pytest.raises(DataError, match=rf"{name} is not a file of embeddings"):
            Embeddings.load(tmp_path / name)


def test_a_file_of_another_version_is_refused(tmp_path):
    path = make(3).save(tmp_path / "e")
    table = pq.read_table(path)
    header = table.schema.metadata[b"crossreid"].replace(b'"version": 1', b'"version": 2')
    pq.write_table(table.replace_schema_metadata({"crossreid": header}), path)
    with pytest.raises(DataError, match=r"of version 2; expected version 1"):
        Embeddings.load(path)


def test_rows_are_selected_by_index_mask_and_slice():
    embeddings = make(4)
    by_index = embeddings.select([2, 0])
    assert by_index.item_ids.tolist() == ["item-2", "item-0"]
    np.testing.assert_array_equal(by_index.vectors, embeddings.vectors[[2, 0]])
    assert embeddings.select(np.array([False, True, False, True])).item_ids.tolist() == ["item-1", "item-3"]
    assert embeddings.select(slice(1, 3)).item_ids.tolist() == ["item-1", "item-2"]


def test_rows_of_modalities():
    embeddings = make(4, modalities=np.array(["rgb", "text", "ir", "rgb"]))
    assert embeddings.of("rgb").item_ids.tolist() == ["item-0", "item-3"]
    assert embeddings.of(Modality.TEXT, "ir").item_ids.tolist() == ["item-1", "item-2"]
    assert len(embeddings.of("sketch")) == 0
    with pytest.raises(ValueError, match="thermal"):
        embeddings.of("thermal")


def test_unit_rows():
    unit = make(2, dim=2, vectors=np.array([[3.0, 4.0], [0.0, 0.0]])).unit()
    np.testing.assert_allclose(unit.vectors, [[0.6, 0.8], [0, 0]], rtol=1e-6)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=4))
def test_joining_parts_is_the_inverse_of_cutting(sizes):
    whole = make(sum(sizes))
    ends = np.cumsum(sizes)
    parts = [whole.select(slice(end - size, end)) for size, end in zip(sizes, ends, strict=True)]
    assert_same(Embeddings.concatenate(parts), whole)


def test_nothing_to_join_is_refused():
    with pytest.raises(DataError, match=r"at least one part"):
        Embeddings.concatenate([])


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("a", "a", True),
        ("a", "b", False),
        ("a@s", "b@s", True),
        ("a@s", "b@t", False),
        ("a@s", "a@t", False),
        ("a@s", "a", False),
        ("a@s", "s", False),
        ("a@", "b@", False),
        ("a@", "a@", True),
        ("a@s+b@s", "c@s", True),
        ("a@s+b@t", "b@t", False),
    ],
)
def test_fingerprints_are_comparable_when_equal_or_of_one_space(first, second, same):
    left, right = make(fingerprint=first), make(fingerprint=second)
    for one, other in ((left, right), (right, left)):
        if same:
            one.check_comparable(other)
        else:
            with pytest.raises(FingerprintError, match=r"pass compatible=True"):
                one.check_comparable(other)
            one.check_comparable(other, compatible=True)


def test_other_rotations_are_not_comparable():
    with pytest.raises(FingerprintError, match=r"rotations 'x' and ''"):
        make(rotation="x").check_comparable(make())


def test_other_widths_are_never_comparable():
    with pytest.raises(FingerprintError, match=r"widths 3 and 4; expected one width"):
        make(dim=3).check_comparable(make(dim=4), compatible=True)


def test_joined_encoders_keep_both_fingerprints():
    teacher, student = make(2, fingerprint="t@s"), make(3, fingerprint="e@s", seed=1)
    joined = Embeddings.concatenate([teacher, student, teacher])
    assert (joined.fingerprint, len(joined)) == ("t@s+e@s", 7)
    joined.check_comparable(student)
    with pytest.raises(FingerprintError):
        Embeddings.concatenate([teacher, make(fingerprint="other")])
    mixed = Embeddings.concatenate([teacher, make(fingerprint="other")], compatible=True)
    assert mixed.fingerprint == "t@s+other"


def test_embeddings_do_not_change():
    with pytest.raises(AttributeError):
        make().vectors = np.ones((4, 3))  # type: ignore[misc]
    with pytest.raises(DataError):
        replace(make(), person_ids=np.array([1]))


def three_four(fingerprint="model", **changes):
    """Two rows of two numbers: (3, 4) of a photo and (0, 2) of a caption."""
    vectors, modalities = np.array([[3.0, 4.0], [0.0, 2.0]]), np.array(["rgb", "text"])
    return make(2, vectors=vectors, modalities=modalities, fingerprint=fingerprint, **changes)


def test_an_array_of_them_is_their_vectors():
    embeddings = make(4)
    np.testing.assert_array_equal(np.asarray(embeddings), embeddings.vectors)
    assert np.asarray(embeddings) is embeddings.vectors
    assert np.asarray(embeddings, dtype=np.float64).dtype == np.float64
    assert not np.shares_memory(np.array(embeddings), embeddings.vectors)
    assert np.linalg.norm(three_four(), axis=1).tolist() == [5, 2]


@pytest.mark.parametrize(
    ("index", "rows"),
    [
        (1, [1]),
        (-1, [3]),
        (np.int64(2), [2]),
        (slice(1, 3), [1, 2]),
        (slice(None, None, -1), [3, 2, 1, 0]),
        ([2, 0], [2, 0]),
        (np.array([True, False, False, True]), [0, 3]),
        (np.array([], dtype=np.int64), []),
    ],
)
def test_indexing_gives_embeddings(index, rows):
    assert_same(make(4)[index], make(4).select(np.array(rows, dtype=np.int64)))


def test_a_row_that_is_not_there_is_an_index_error():
    with pytest.raises(IndexError):
        make(4)[4]


def test_iterating_gives_rows():
    assert [row.item_ids.tolist() for row in make(3)] == [["item-0"], ["item-1"], ["item-2"]]


def test_products_are_those_of_the_vectors():
    embeddings = three_four()
    assert (embeddings @ np.array([[1, 2], [10, 20]], np.float32)).tolist() == [[43, 86], [20, 40]]
    assert (embeddings @ np.array([1, 1], np.float32)).tolist() == [7, 2]
    assert (np.eye(2, dtype=np.float32)[1:] @ embeddings).tolist() == [[0, 2]]
    assert (embeddings @ embeddings.T).tolist() == [[25, 8], [8, 4]]


@pytest.mark.usefixtures("shapes_unchecked")
def test_a_product_of_embeddings_says_what_is_meant():
    with pytest.raises(DataError, match=r"first @ second\.T; first\.similarity"):
        three_four() @ three_four()  # type: ignore[operator]


def test_similarities_are_cosines():
    first, second = three_four("edge@space"), three_four("cloud@space")
    np.testing.assert_allclose(first.similarity(second), [[1, 0.8], [0.8, 1]], rtol=1e-6)
    np.testing.assert_allclose(first.similarity(second[1]), [[0.8], [1]], rtol=1e-6)
    nothing = make(1, vectors=np.zeros((1, 2)), fingerprint="zero@space")
    assert first.similarity(nothing).tolist() == [[0], [0]]


def test_similarities_of_other_spaces_are_refused():
    first, other = three_four("edge@space"), three_four("cloud@elsewhere")
    with pytest.raises(FingerprintError, match="compatible=True"):
        first.similarity(other)
    np.testing.assert_allclose(first.similarity(other, compatible=True)[0, 1], 0.8, rtol=1e-6)


def test_a_table_has_keys_and_vectors():
    pytest.importorskip("pandas")
    frame = three_four("edge@space", rotation="turned").to_pandas()
    assert list(frame.columns) == ["item_id", "modality", "person_id", "camera_id", "source_id", "vector"]
    assert frame["modality"].tolist() == ["rgb", "text"]
    assert frame["item_id"].tolist() == ["item-0", "item-1"]
    np.testing.assert_array_equal(np.stack(frame["vector"].tolist()), [[3, 4], [0, 2]])
    assert frame.attrs == {"fingerprint": "edge@space", "rotation": "turned"}


def test_a_missing_pandas_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingDependencyError, match="pip install pandas"):
        make().to_pandas()


def test_what_is_printed_is_short():
    assert repr(three_four()) == "Embeddings(1 rgb, 1 text, 2 dimensions, 'model')"
    assert repr(make(5000, dim=7, rotation="turned")).endswith(", 7 dimensions, 'model', rotation 'turned')")
    assert repr(make(0, vectors=np.ones((0, 3)))) == "Embeddings(no rows, 3 dimensions, 'model')"
