"""API keys: `crk_<id>_<secret>`. Only a hash of the secret is kept; it has 256 bits, so a plain hash is enough."""

import hashlib
import hmac
import re
import secrets

_FORM = re.compile(r"crk_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")


def new_key() -> tuple[str, str, str]:
    """A key that nobody has seen: its id, the key itself, and the hash to keep."""
    key_id, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    return key_id, f"crk_{key_id}_{secret}", hash_secret(secret)


def split_key(written: str) -> tuple[str, str] | None:
    """Id and secret of a key; None for what is no key."""
    match = _FORM.fullmatch(written)
    return (match[1], match[2]) if match else None


def hash_secret(secret: str) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()


def same_secret(secret: str, kept: str) -> bool:
    """Whether a secret is the one whose hash was kept; takes the same time for every wrong one."""
    return hmac.compare_digest(hash_secret(secret), kept)
