"""A server is an encoder like any other."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from crossreid.core.encoder import Encoder
from crossreid.core.errors import CheckpointError, ConfigurationError, DataError
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.models.loading import load_encoder
from crossreid.runtime import remote as module
from crossreid.runtime.remote import RemoteEncoder
from crossreid.server.settings import Limits, Settings


@pytest.fixture
def remote(tenant: Any, monkeypatch: pytest.MonkeyPatch) -> Encoder:
    monkeypatch.setenv("CROSSREID_TOKEN", tenant.device.key)
    return load_encoder(tenant.url)


def samples(folder: Path) -> list[Sample]:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (50, 30, 3), dtype=np.uint8)
    Image.fromarray(image).save(folder / "a.jpg", quality=80)
    return [
        Sample(Modality.TEXT, caption="red\nand green", person_id=3, source_id="s"),
        Sample(Modality.IR, path=folder / "a.jpg", camera_id=7),
        Sample(Modality.SKETCH, image=image, item_id="drawn"),
        Sample(Modality.RGB, image=image[::-1].copy()),
    ]


def test_its_vectors_are_those_of_the_encoder_behind_it(
    remote: Encoder, encoder: Any, tmp_path: Path
) -> None:
    given = samples(tmp_path)
    found, expected = remote.encode(given, batch_size=3), encoder.encode(given)
    np.testing.assert_allclose(found.vectors, expected.vectors, atol=1e-6)
    for name in ("modalities", "item_ids", "fingerprint", "rotation"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    assert found.person_ids.tolist() == [3, -1, -1, -1]
    assert found.camera_ids.tolist() == [-1, 7, -1, -1]
    assert found.source_ids.tolist() == ["s", "", "", ""]
    assert isinstance(remote, Encoder)
    assert (remote.fingerprint, remote.dim, remote.modalities) == (
        encoder.fingerprint,
        encoder.dim,
        encoder.modalities,
    )


def test_bare_items_and_none(remote: Encoder, encoder: Any) -> None:
    image = np.full((5, 3, 3), (224, 32, 32), np.uint8)
    found = remote.encode(["red", image, Image.fromarray(image)])
    assert found.modalities.tolist() == ["text", "rgb", "rgb"]
    expected = encoder.encode(
        [Sample(Modality.TEXT, caption="red"), *[Sample(Modality.RGB, image=image)] * 2]
    )
    np.testing.assert_allclose(found.vectors, expected.vectors, atol=1e-6)
    np.testing.assert_allclose(remote.encode("red").vectors, expected.vectors[:1], atol=1e-6)
    with pytest.raises(DataError, match=r'gone\.jpg.*modality="text"'):
        remote.encode("gone.jpg")
    assert remote.encode([]).vectors.shape == (0, encoder.dim)


def test_a_broken_file_is_named_before_anything_is_sent(remote: Encoder, tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    for name in ("bad.jpg", "missing.jpg"):
        with pytest.raises(DataError, match=name):
            remote.encode([tmp_path / name])


def test_more_items_than_a_request_takes_are_sent_in_several(
    make_service: Callable[..., Any], serve: Any, new_tenant: Any
) -> None:
    small = make_service(settings=Settings(limits=Limits(items=3)))
    with serve(small) as url:
        remote = RemoteEncoder(url, token=new_tenant(small, url).device.key)
        assert len(remote.encode(["red"] * 10, modality="text")) == 10


def test_refusals_that_pass_are_waited_out(
    make_service: Callable[..., Any], serve: Any, new_tenant: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    paused: list[float] = []
    monkeypatch.setattr(module, "time", SimpleNamespace(sleep=paused.append))
    strict = make_service(settings=Settings(limits=Limits(per_second=0.001, burst=2)))
    with serve(strict) as url:
        tenant = new_tenant(strict, url)
        remote = RemoteEncoder(url, token=tenant.device.key)
        remote.encode(["red"], modality="text")
        with pytest.raises(DataError, match="answers 429: too many requests"):
            remote.encode(["red"], modality="text")
    assert len(paused) == 5
    assert all(1 <= seconds <= 30 for seconds in paused)


def test_where_no_server_is_there_is_no_encoder(tenant: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "time", SimpleNamespace(sleep=lambda seconds: None))
    with pytest.raises(CheckpointError, match="does not answer"):
        load_encoder("http://127.0.0.1:1")
    with pytest.raises(CheckpointError, match="no encoder at"):
        RemoteEncoder(f"{tenant.url}/v1/health?", token=tenant.device.key)
    for url in ("http://", "https://user:pw@host"):
        with pytest.raises(ConfigurationError, match="https"):
            RemoteEncoder(url)


def test_a_key_is_needed(tenant: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CROSSREID_TOKEN", raising=False)
    with pytest.raises(ConfigurationError, match="401: no key or token"):
        load_encoder(tenant.url)
    with pytest.raises(ConfigurationError, match="leave both out"):
        load_encoder(tenant.url, device="cpu")


def test_no_torch_is_loaded(tenant: Any) -> None:
    program = f"""
import sys
from crossreid.models.loading import load_encoder
assert load_encoder({tenant.url!r}).dim == 64
assert not {{"torch", "transformers"}} & set(sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], env={"CROSSREID_TOKEN": tenant.device.key, "PATH": ""}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
