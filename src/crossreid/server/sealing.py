"""Encryption at rest: AES-256-GCM under keys that are derived from one master key."""

import base64
import binascii
import os
from pathlib import Path

from crossreid.core.errors import ConfigurationError, DataError

KEY_VARIABLE = "CROSSREID_KEY"
_KEY_BYTES, _NONCE_BYTES = 32, 12
_FORMAT = b"CRS1"


class Seal:
    """Encrypts and decrypts for one tenant.

    Args:
        key: 32 bytes.
    """

    def __init__(self, key: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._cipher = AESGCM(key)

    def close(self, content: bytes, name: str) -> bytes:
        """Encrypt; the result opens under the same name only, so that two sealed things cannot be exchanged."""
        nonce = os.urandom(_NONCE_BYTES)
        return _FORMAT + nonce + self._cipher.encrypt(nonce, content, name.encode())

    def open(self, sealed: bytes, name: str) -> bytes:
        """Decrypt.

        Raises:
            DataError: it was changed, belongs to another name, or was sealed with another key.
        """
        from cryptography.exceptions import InvalidTag

        head = len(_FORMAT) + _NONCE_BYTES
        try:
            if not sealed.startswith(_FORMAT) or len(sealed) < head:
                raise InvalidTag
            return self._cipher.decrypt(sealed[len(_FORMAT) : head], sealed[head:], name.encode())
        except InvalidTag as error:
            raise DataError(
                f"sealed data of {name!r} does not open", expected="what was sealed under this name and key"
            ) from error


class MasterKey:
    """The one secret that lies outside of the data.

    Args:
        key: 32 bytes.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def derive(self, purpose: str, tenant: str) -> bytes:
        """32 bytes for one purpose and tenant. Source: HKDF-SHA-256, RFC 5869."""
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        info = f"crossreid/{purpose}/{tenant}".encode()
        return HKDF(SHA256(), length=_KEY_BYTES, salt=None, info=info).derive(self._key)

    def seal(self, purpose: str, tenant: str) -> Seal:
        """To encrypt with such a key."""
        return Seal(self.derive(purpose, tenant))


def find_master_key(file: Path | None) -> MasterKey | None:
    """From a file, else from the environment; None where there is neither.

    Both hold 32 random bytes in base64, such as `openssl rand -base64 32` prints.

    Raises:
        ConfigurationError: the file cannot be read, others may read it, or it holds something else.
    """
    if file is None:
        written = os.environ.get(KEY_VARIABLE, "")
        return _parse(written, KEY_VARIABLE) if written else None
    try:
        if file.stat().st_mode & 0o077:
            raise ConfigurationError(
                f"{file} can be read by others", expected="mode 600", remedy=f"chmod 600 {file}"
            )
        return _parse(file.read_text(encoding="ascii"), str(file))
    except (OSError, UnicodeError) as error:
        raise ConfigurationError(f"{file} cannot be read ({error})", expected="a file with a key") from error


def _parse(written: str, where: str) -> MasterKey:
    try:
        key = base64.b64decode(written.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise ConfigurationError(
            f"no key in {where}",
            expected="32 bytes in base64",
            remedy="openssl rand -base64 32",
        )
    return MasterKey(key)
