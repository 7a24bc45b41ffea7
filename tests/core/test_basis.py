from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossreid.core.basis import PrincipalBasis, principal_rotation
from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import ConfigurationError, DataError, FingerprintError


def embeddings(vectors: object, *, rotation: str = "") -> Embeddings:
    rows = np.asarray(vectors, np.float32)
    return Embeddings(
        vectors=rows,
        modalities=np.full(len(rows), "rgb"),
        person_ids=np.arange(len(rows)),
        camera_ids=np.full(len(rows), -1),
        source_ids=np.full(len(rows), ""),
        item_ids=np.arange(len(rows)).astype(str),
        fingerprint="a@space",
        rotation=rotation,
    )


@pytest.mark.parametrize("copies", [1, 4])  # fewer rows than columns, and more
def test_the_strongest_direction_comes_first(copies: int) -> None:
    basis = PrincipalBasis.of(embeddings([[0, -3, 0, 0], [1, 0, 0, 0], [0, 0, 0, 2]] * copies), 2)
    np.testing.assert_allclose(basis.directions.T, [[0, 1, 0, 0], [0, 0, 0, 1]], atol=1e-6)
    assert (basis.dim, basis.rank) == (4, 2)


def test_projected_vectors_are_of_length_one_and_name_their_basis() -> None:
    basis = PrincipalBasis(np.eye(3)[:, :2])
    projected = basis.project(embeddings([[3, 4, 12]]))
    np.testing.assert_allclose(projected.vectors, [[0.6, 0.8]], atol=1e-6)
    assert projected.rotation == basis.fingerprint
    assert projected.fingerprint == "a@space"


def test_all_directions_keep_the_cosines() -> None:
    rows = np.random.default_rng(0).normal(size=(6, 4))
    before = embeddings(rows).unit()
    after = PrincipalBasis.of(before, 4).project(before)
    np.testing.assert_allclose(after.vectors @ after.vectors.T, before.vectors @ before.vectors.T, atol=1e-6)


def test_vectors_are_projected_once() -> None:
    basis = PrincipalBasis(np.eye(3))
    with pytest.raises(FingerprintError, match="rotation"):
        basis.project(basis.project(embeddings([[1, 0, 0]])))
    with pytest.raises(FingerprintError, match="width 2"):
        basis.project(embeddings([[1, 0]]))


def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    basis = PrincipalBasis.of(embeddings(np.random.default_rng(0).normal(size=(5, 3))), 2)
    assert PrincipalBasis.load(basis.save(tmp_path / "basis")).fingerprint == basis.fingerprint
    (tmp_path / "basis").write_bytes(b"nothing")
    with pytest.raises(DataError, match="principal directions"):
        PrincipalBasis.load(tmp_path / "basis")


@pytest.mark.parametrize("directions", [np.ones((3, 2)), np.ones(3), np.eye(2, 3)])
def test_other_matrices_are_refused(directions: np.ndarray) -> None:
    with pytest.raises(DataError, match="directions"):
        PrincipalBasis(directions)


@pytest.mark.parametrize("rank", [0, 4])
def test_the_rank_is_at_most_that_of_the_vectors(rank: int) -> None:
    with pytest.raises(ConfigurationError, match="1 to 3"):
        PrincipalBasis.of(embeddings(np.eye(3, 5)), rank)


@given(st.integers(0, 2**32 - 1))
def test_a_rotation_keeps_cosines_and_orders_energy(seed: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(9, 5)) * [1, 5, 0.1, 2, 3]
    rotation = principal_rotation(vectors)
    np.testing.assert_allclose(rotation.T @ rotation, np.eye(5), atol=1e-9)
    energy = ((vectors @ rotation) ** 2).sum(axis=0)
    assert (np.diff(energy) <= 1e-9).all()
