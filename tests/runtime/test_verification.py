import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from crossreid.core.errors import CheckpointError
from crossreid.runtime import PackEncoder, open_pack, verification
from crossreid.runtime.probes import PROBES, Probes

WritePack = Callable[..., Path]


def turned(degrees: float) -> np.ndarray:
    """The vectors of a model whose first probe lies so far from what the pack computes."""
    angle = np.radians(degrees)
    return np.array([[np.cos(angle), np.sin(angle), 0], [0.6, 0.8, 0]], np.float32)


@pytest.fixture(autouse=True)
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    return tmp_path / "caches" / "crossreid" / "packs"


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, float]]:
    """What was computed, one entry a comparison."""
    found, measure = [], verification.probe_cosines

    def count(encoder: PackEncoder, probes: Probes) -> dict[str, float]:
        found.append(measure(encoder, probes))
        return found[-1]

    monkeypatch.setattr(verification, "probe_cosines", count)
    return found


def test_the_first_opening_compares_and_the_second_does_not(
    write_pack: WritePack, measured: list[dict[str, float]], caches: Path
) -> None:
    folder = write_pack()
    vectors = open_pack(folder).encode([np.full((4, 2, 3), 9, np.uint8)], modality="rgb").vectors
    np.testing.assert_allclose(vectors, 3**-0.5, atol=1e-6)
    assert measured == [pytest.approx({"rgb": 1.0, "sketch": 1.0}, abs=1e-6)]
    open_pack(folder)
    assert len(measured) == 1
    assert len(list(caches.iterdir())) == 1


def test_a_pack_that_computes_other_vectors_is_refused_each_time(
    write_pack: WritePack, measured: list[dict[str, float]]
) -> None:
    folder = write_pack(turned(60))
    for _ in range(2):
        with pytest.raises(
            CheckpointError,
            match=r"other vectors on this machine.*cosine rgb 0\.5000; expected at least rgb 0\.9990; it was made on"
            r" x86_64 avx2, onnxruntime 1\.0; .*--precision fp32",
        ):
            open_pack(folder)
    assert len(measured) == 1


@pytest.mark.parametrize(
    ("degrees", "warned"),
    [(0.7, False), (1.5, True)],  # errors of 0.00007 and 0.00034; the pack may have 0.0001
)
def test_a_pack_that_is_less_exact_than_where_it_was_made_is_warned_of(
    write_pack: WritePack, caplog: pytest.LogCaptureFixture, degrees: float, warned: bool
) -> None:
    with caplog.at_level(logging.WARNING):
        open_pack(write_pack(turned(degrees)))
    assert ("less exact on this machine" in caplog.text) is warned


def test_what_was_accepted_where_the_pack_was_made_is_accepted_here(write_pack: WritePack) -> None:
    folder = write_pack(turned(60))
    card = (folder / "pack.json").read_text()
    (folder / "pack.json").write_text(card.replace('"rgb": 1.0,\n   "sketch"', '"rgb": 0.5,\n   "sketch"'))
    open_pack(folder)


def test_another_processor_or_runtime_compares_again(
    write_pack: WritePack, measured: list[dict[str, float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_pack()
    open_pack(folder)
    monkeypatch.setattr(verification, "processor_features", lambda: ("x86_64", "avx512_vnni"))
    open_pack(folder)
    monkeypatch.setattr(verification, "runtime_version", lambda runtime: f"{runtime} 99")
    open_pack(folder)
    assert len(measured) == 3


def test_a_cache_that_cannot_be_written_costs_a_comparison_each_time(
    write_pack: WritePack, measured: list[dict[str, float]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    folder = write_pack()
    open_pack(folder)
    open_pack(folder)
    assert len(measured) == 2


def test_a_damaged_cache_is_measured_again(
    write_pack: WritePack, measured: list[dict[str, float]], caches: Path
) -> None:
    folder = write_pack()
    open_pack(folder)
    (file,) = caches.iterdir()
    file.write_text("{")
    open_pack(folder)
    assert len(measured) == 2


def test_changed_probes_are_a_changed_pack(write_pack: WritePack) -> None:
    folder = write_pack()
    Probes.load(folder).save(folder)
    open_pack(folder)
    (folder / PROBES).write_bytes(b"nothing")
    with pytest.raises(CheckpointError, match=PROBES):
        open_pack(folder)


def test_a_pack_in_place_of_its_model_has_the_name_and_fingerprint_of_the_model(
    write_pack: WritePack,
) -> None:
    folder = write_pack()
    assert open_pack(folder).fingerprint == "pack@space"
    encoder = open_pack(folder, shipped_as="tiny-edge")
    assert (encoder.fingerprint, encoder.source) == ("model@space", "tiny-edge")


def test_a_pack_in_fewer_bits_does_not_stand_for_its_model(write_pack: WritePack) -> None:
    with pytest.raises(CheckpointError, match=r"in int8, in place of tiny-edge.*fp32"):
        open_pack(write_pack(precision="int8"), shipped_as="tiny-edge")
