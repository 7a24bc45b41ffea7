import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from crossreid.core.errors import ConfigurationError, DataError
from crossreid.server.sealing import KEY_VARIABLE, MasterKey, find_master_key

KEY = MasterKey(bytes(32))


def test_what_was_sealed_opens_under_its_name_and_is_not_there_to_be_read() -> None:
    seal = KEY.seal("crop", "main")
    closed = seal.close(b"a face", "item-1")
    assert seal.open(closed, "item-1") == b"a face"
    assert b"face" not in closed
    assert seal.close(b"a face", "item-1") != closed


@pytest.mark.parametrize("place", [0, 5, 20, -1])
def test_a_changed_byte_is_noticed(place: int) -> None:
    closed = bytearray(KEY.seal("crop", "main").close(b"a face", "item-1"))
    closed[place] ^= 1
    with pytest.raises(DataError, match="does not open"):
        KEY.seal("crop", "main").open(bytes(closed), "item-1")


@pytest.mark.parametrize("cut", [0, 3, 10, 16])
def test_a_short_one_does_not_open(cut: int) -> None:
    closed = KEY.seal("crop", "main").close(b"", "item-1")
    with pytest.raises(DataError, match="does not open"):
        KEY.seal("crop", "main").open(closed[:cut], "item-1")


def test_nothing_opens_under_another_name_tenant_purpose_or_key() -> None:
    closed = KEY.seal("crop", "main").close(b"a face", "item-1")
    for seal, name in (
        (KEY.seal("crop", "main"), "item-2"),
        (KEY.seal("crop", "other"), "item-1"),
        (KEY.seal("template", "main"), "item-1"),
        (MasterKey(bytes([1]) * 32).seal("crop", "main"), "item-1"),
    ):
        with pytest.raises(DataError, match="does not open"):
            seal.open(closed, name)


def test_keys_are_derived_by_hkdf() -> None:
    expected = HKDF(SHA256(), length=32, salt=None, info=b"crossreid/crop/main").derive(bytes(32))
    assert KEY.derive("crop", "main") == expected


def test_a_key_comes_from_a_file_or_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    assert find_master_key(None) is None
    written = base64.b64encode(bytes(32)).decode()
    file = tmp_path / "key"
    file.write_text(written + "\n")
    file.chmod(0o600)
    monkeypatch.setenv(KEY_VARIABLE, base64.b64encode(bytes([1]) * 32).decode())
    from_file, from_environment = find_master_key(file), find_master_key(None)
    assert from_file is not None
    assert from_environment is not None
    assert from_file.derive("crop", "main") == KEY.derive("crop", "main")
    assert from_environment.derive("crop", "main") != KEY.derive("crop", "main")


@pytest.mark.parametrize("written", ["", "AAAA", "not base64!", "A" * 100])
def test_what_is_no_key_is_refused(tmp_path: Path, written: str) -> None:
    file = tmp_path / "key"
    file.write_text(written)
    file.chmod(0o600)
    with pytest.raises(ConfigurationError, match="openssl rand -base64 32"):
        find_master_key(file)


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(base64.b64encode(bytes(32)).decode())
    file.chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        find_master_key(file)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        find_master_key(tmp_path / "missing")
