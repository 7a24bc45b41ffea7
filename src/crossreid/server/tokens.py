"""Tokens of an OpenID provider: signature, issuer, audience and times are checked, with algorithms of our choice."""

import json
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from crossreid.core.errors import ConfigurationError
from crossreid.server.refusals import RefusalError
from crossreid.server.roles import Role
from crossreid.server.settings import OpenIdSettings

_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
_REQUIRED = ("exp", "iss", "aud", "sub")
_LEEWAY_S = 30
_RENEW_S, _PAUSE_S, _TIMEOUT_S = 3600.0, 30.0, 5.0
_MOST_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Claims:
    """What a believed token says.

    Args:
        issuer: URL of the identity provider.
        subject: unique with the issuer.
        name: to be shown.
        tenant: whose data.
        roles: those that this server knows.
    """

    issuer: str
    subject: str
    name: str
    tenant: str
    roles: frozenset[Role]


class TokenReader:
    """Believes one provider.

    Args:
        settings: of the provider.

    Raises:
        ConfigurationError: its keys are in a file that cannot be read, or at an address without TLS.
    """

    def __init__(self, settings: OpenIdSettings) -> None:
        self._settings = settings
        self._lock, self._keys, self._read = threading.Lock(), dict[str, Any](), float("-inf")
        source = str(settings.keys)
        self._remote = "://" in source
        if self._remote and not source.startswith("https://"):
            raise ConfigurationError(f"keys at {source}", expected="https:// or a file")
        if not self._remote:
            self._load()

    def read(self, token: str) -> Claims:
        """Check a token.

        Raises:
            RefusalError: token_invalid, or forbidden where it names no role of ours.
        """
        import jwt

        try:
            head = jwt.get_unverified_header(token)
            if head.get("alg") not in _ALGORITHMS:
                raise jwt.InvalidAlgorithmError(f"algorithm {head.get('alg')!r}")
            key = self._key(str(head.get("kid", "")))
            if key is None:
                raise jwt.InvalidKeyError("a key that the provider does not publish")
            content = jwt.decode(
                token,
                key,
                algorithms=list(_ALGORITHMS),
                audience=self._settings.audience,
                issuer=self._settings.issuer,
                leeway=_LEEWAY_S,
                options={"require": list(_REQUIRED)},
            )
        except (jwt.PyJWTError, ValueError) as error:
            raise RefusalError(
                "token_invalid", f"the token ({error})", expected="a valid token", remedy="sign in again"
            ) from error
        return self._claims(content)

    def _claims(self, content: dict[str, Any]) -> Claims:
        named = _lookup(content, self._settings.roles_claim)
        written = [named] if isinstance(named, str) else named if isinstance(named, list) else []
        roles = frozenset(Role(role) for role in written if role in set(Role))
        tenant = _lookup(content, self._settings.tenant_claim)
        if not roles or not isinstance(tenant, str) or not tenant:
            raise RefusalError(
                "forbidden",
                f"a token with the roles {written} in the tenant {tenant!r}",
                expected=f"{self._settings.roles_claim} with some of {', '.join(Role)}, {self._settings.tenant_claim}",
                remedy="ask whoever manages accounts",
            )
        subject = str(content["sub"])
        name = _lookup(content, self._settings.name_claim)
        return Claims(
            self._settings.issuer, subject, name if isinstance(name, str) else subject, tenant, roles
        )

    def _key(self, name: str) -> Any:
        """The published key of that name; asks the provider again, now and then, when there is none."""
        with self._lock:
            age = time.monotonic() - self._read
            if self._remote and (age > _RENEW_S or (name not in self._keys and age > _PAUSE_S)):
                self._load()
            return self._keys.get(name)

    def _load(self) -> None:
        import jwt

        self._read = time.monotonic()
        try:
            published = jwt.PyJWKSet.from_dict(json.loads(self._fetch()))
        except (OSError, ValueError, jwt.PyJWTError) as error:
            if self._keys:
                return  # the provider is away; its last keys are still good
            found, expected = f"no keys at {self._settings.keys} ({error})", "a JSON Web Key Set"
            if self._remote:
                raise RefusalError(
                    "token_invalid", found, expected=expected, remedy="try again later"
                ) from error
            raise ConfigurationError(found, expected=expected) from error
        self._keys = {key.key_id or "": key.key for key in published.keys}

    def _fetch(self) -> bytes:
        if not self._remote:
            return Path(self._settings.keys).read_bytes()
        request = Request(str(self._settings.keys), headers={"Accept": "application/json"})
        with urlopen(request, timeout=_TIMEOUT_S) as answer:
            return answer.read(_MOST_BYTES)


def _lookup(content: dict[str, Any], path: str) -> Any:
    value: Any = content
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value
