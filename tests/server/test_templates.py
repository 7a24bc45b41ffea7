import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import DataError, FingerprintError
from crossreid.core.modality import Modality
from crossreid.server.embeddings import bare
from crossreid.server.templates import Template, secret_of

SECRET = bytes(range(32))


def draw(count: int = 6, dim: int = 24, seed: int = 0) -> Embeddings:
    vectors = np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)
    return bare(vectors, [Modality.RGB] * count, "maker@space", "")


@given(st.integers(1, 40), st.integers(1, 40), st.binary(min_size=32, max_size=32))
def test_cosines_stay_and_so_do_those_of_the_first_block(dim: int, block: int, secret: bytes) -> None:
    block = min(block, dim)
    clear = draw(dim=dim)
    hidden = Template(secret, dim, block).hide(clear)
    gram = clear.vectors @ clear.vectors.T
    np.testing.assert_allclose(hidden.vectors @ hidden.vectors.T, gram, atol=1e-4)
    first, hidden_first = clear.vectors[:, :block], hidden.vectors[:, :block]
    np.testing.assert_allclose(hidden_first @ hidden_first.T, first @ first.T, atol=1e-4)


def test_hidden_vectors_are_other_vectors_and_come_back() -> None:
    clear, template = draw(), Template(SECRET, 24, 8)
    hidden = template.hide(clear)
    cosines = np.sum(hidden.unit().vectors * clear.unit().vectors, axis=1)
    assert np.abs(cosines).max() < 0.8
    np.testing.assert_allclose(template.reveal(hidden).vectors, clear.vectors, atol=1e-5)
    assert template.reveal(hidden).rotation == clear.rotation == ""


def test_the_same_person_under_two_secrets_is_a_stranger() -> None:
    """Of 200 vectors in 64 dimensions none is recognised: chance cosines have a deviation of 1/8."""
    clear = draw(200, 64)
    one, other = (Template(bytes([n]) * 32, 64, 32).hide(clear).unit().vectors for n in (1, 2))
    assert np.abs(np.sum(one * other, axis=1)).max() < 0.6
    assert np.mean(np.argmax(one @ other.T, axis=1) == np.arange(200)) < 0.05


def test_vectors_of_two_secrets_are_never_compared() -> None:
    one, other = (Template(bytes([n]) * 32, 24, 8).hide(draw()) for n in (1, 2))
    for foreign in (other, draw()):
        with pytest.raises(FingerprintError, match="rotation"):
            one.check_comparable(foreign)
    with pytest.raises(FingerprintError, match="secret rotation"):
        Template(bytes([1]) * 32, 24, 8).reveal(other)
    with pytest.raises(FingerprintError, match="secret rotation"):
        Template(bytes([1]) * 32, 24, 8).hide(one)


def test_the_rotation_is_drawn_evenly() -> None:
    """Entries of a random orthogonal matrix have mean 0 and variance 1/n, here over 64 matrices of 16 x 16."""
    unit = bare(np.eye(16, dtype=np.float32), [Modality.RGB] * 16, "a", "")
    entries = np.stack([Template(bytes([n]) * 32, 16, 16).hide(unit).vectors for n in range(64)])
    assert abs(entries.mean()) < 4 * 0.25 / np.sqrt(entries.size)
    assert entries.var() == pytest.approx(1 / 16, rel=0.01)
    np.testing.assert_allclose(np.abs(entries.mean(axis=0)).max(), 0, atol=4.5 * 0.25 / 8)


def test_the_matrix_of_a_secret_is_always_the_same() -> None:
    """Were it not, every stored vector would be lost: these digits must never change."""
    hidden = Template(SECRET, 4, 2).hide(bare(np.eye(4, dtype=np.float32), [Modality.RGB] * 4, "a", ""))
    expected = [
        [-0.95543844, -0.29519040, 0, 0],
        [-0.29519040, 0.95543844, 0, 0],
        [0, 0, 0.05463021, 0.99850667],
        [0, 0, 0.99850667, -0.05463021],
    ]
    np.testing.assert_allclose(hidden.vectors, expected, atol=1e-5)


def test_a_template_is_kept_with_its_basis() -> None:
    basis = np.linalg.qr(np.random.default_rng(1).normal(size=(24, 24)))[0].astype(np.float32)
    template = Template(SECRET, 24, 8, basis)
    again = Template.from_bytes(template.to_bytes())
    np.testing.assert_array_equal(again.hide(draw()).vectors, template.hide(draw()).vectors)
    assert again.name == template.name != Template(SECRET, 24, 8).name
    plain = Template.from_bytes(Template(SECRET, 24, 8).to_bytes())
    assert plain.basis is None


def test_a_basis_comes_before_the_secret() -> None:
    """Energy that lies in the principal directions then lies in the first block."""
    rng = np.random.default_rng(2)
    basis = np.linalg.qr(rng.normal(size=(24, 24)))[0].astype(np.float32)
    flat = bare((rng.normal(size=(50, 4)) @ basis[:, :4].T).astype(np.float32), [Modality.RGB] * 50, "a", "")
    hidden = Template(SECRET, 24, 8, basis).hide(flat).vectors
    assert np.linalg.norm(hidden[:, 8:]) < 1e-4 * np.linalg.norm(hidden[:, :8])


def test_the_name_says_nothing_of_the_encoders_rotation() -> None:
    assert secret_of(Template(SECRET, 24, 8).hide(draw()).rotation) == Template(SECRET, 24, 8).name
    assert secret_of("basis") == secret_of("") == ""


@pytest.mark.parametrize(("secret", "block"), [(b"short", 8), (SECRET, 0), (SECRET, 25)])
def test_impossible_templates_are_refused(secret: bytes, block: int) -> None:
    with pytest.raises(DataError, match="a block of 1 to 24"):
        Template(secret, 24, block)
