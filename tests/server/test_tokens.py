import base64
import hashlib
import hmac
import json
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from crossreid.core.errors import ConfigurationError
from crossreid.server import tokens
from crossreid.server.refusals import RefusalError
from crossreid.server.roles import Role
from crossreid.server.settings import OpenIdSettings
from crossreid.server.tokens import TokenReader

ISSUER, AUDIENCE = "https://login.example", "crossreid"


@pytest.fixture(scope="module")
def keys() -> dict[str, Any]:
    return {
        "rsa": rsa.generate_private_key(65537, 2048),
        "ec": ec.generate_private_key(ec.SECP256R1()),
        "foreign": rsa.generate_private_key(65537, 2048),
    }


@pytest.fixture
def file(keys: dict[str, Any], tmp_path: Path) -> Path:
    published = [
        RSAAlgorithm.to_jwk(keys["rsa"].public_key(), as_dict=True) | {"kid": "rsa"},
        ECAlgorithm.to_jwk(keys["ec"].public_key(), as_dict=True) | {"kid": "ec"},
    ]
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": published}))
    return path


def reader(keys: str | Path, **claims: str) -> TokenReader:
    return TokenReader(OpenIdSettings(ISSUER, AUDIENCE, keys, **claims))


def sign(key: Any, *, kid: str = "rsa", algorithm: str = "RS256", **changes: Any) -> str:
    content = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": "u-1", "exp": int(time.time()) + 60, "roles": ["operator", "janitor"],
        "tenant": "main", "preferred_username": "ann",
    } | changes  # fmt: skip
    content = {name: value for name, value in content.items() if value is not None}
    return jwt.encode(content, key, algorithm=algorithm, headers={"kid": kid})


@pytest.mark.parametrize(("kid", "algorithm"), [("rsa", "RS256"), ("rsa", "PS256"), ("ec", "ES256")])
def test_a_good_token_is_believed(keys: dict[str, Any], file: Path, kid: str, algorithm: str) -> None:
    claims = reader(file).read(sign(keys[kid], kid=kid, algorithm=algorithm))
    assert (claims.issuer, claims.subject, claims.name, claims.tenant) == (ISSUER, "u-1", "ann", "main")
    assert claims.roles == {Role.OPERATOR}


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"}, {"aud": "other"}, {"exp": 1}, {"exp": None}, {"sub": None}, {"iss": None},
        {"aud": None}, {"nbf": int(time.time()) + 1000},
    ],
)  # fmt: skip
def test_a_token_for_others_or_another_time_is_refused(
    keys: dict[str, Any], file: Path, changes: dict[str, Any]
) -> None:
    with pytest.raises(RefusalError) as caught:
        reader(file).read(sign(keys["rsa"], **changes))
    assert (caught.value.code, caught.value.status) == ("token_invalid", 401)


def test_forged_tokens_are_refused(keys: dict[str, Any], file: Path) -> None:
    good = sign(keys["rsa"])
    head, body, signature = good.split(".")
    changed = base64.urlsafe_b64encode(
        base64.urlsafe_b64decode(body + "==").replace(b"operator", b"admin")
    ).decode()
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none","kid":"rsa"}').decode().rstrip("=")
    # The public key, taken for the secret of a symmetric algorithm: a well-known confusion.
    public = keys["rsa"].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    symmetric = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"rsa"}').decode().rstrip("=")
    mac = hmac.new(public, f"{symmetric}.{body}".encode(), hashlib.sha256).digest()
    confused = f"{symmetric}.{body}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"
    for token in (
        sign(keys["foreign"]),
        sign(keys["rsa"], kid="unknown"),
        f"{head}.{changed.rstrip('=')}.{signature}",
        f"{unsigned}.{body}.",
        confused,
        "a.b.c",
        "",
        "crk",
    ):
        with pytest.raises(RefusalError) as caught:
            reader(file).read(token)
        assert caught.value.code == "token_invalid"


@pytest.mark.parametrize(
    "changes", [{"roles": ["janitor"]}, {"roles": None}, {"roles": 7}, {"tenant": None}, {"tenant": 3}]
)
def test_somebody_without_role_or_tenant_gets_nothing(
    keys: dict[str, Any], file: Path, changes: dict[str, Any]
) -> None:
    with pytest.raises(RefusalError) as caught:
        reader(file).read(sign(keys["rsa"], **changes))
    assert caught.value.code == "forbidden"


def test_claims_may_lie_deep_and_be_one_word(keys: dict[str, Any], file: Path) -> None:
    nested = reader(file, roles_claim="realm.roles", tenant_claim="realm.unit", name_claim="none")
    claims = nested.read(sign(keys["rsa"], realm={"roles": "admin", "unit": "b"}))
    assert (claims.roles, claims.tenant, claims.name) == ({Role.ADMIN}, "b", "u-1")


def test_keys_come_from_a_file_or_by_tls(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="https"):
        reader("http://login.example/keys")
    (tmp_path / "broken").write_text("{}")
    for path in (tmp_path / "broken", tmp_path / "missing"):
        with pytest.raises(ConfigurationError, match="no keys at"):
            reader(path)


def test_a_providers_new_key_is_fetched_but_not_all_the_time(
    keys: dict[str, Any], file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[float] = []
    clock = [1000.0]
    published = [json.dumps({"keys": json.loads(file.read_text())["keys"][1:]}).encode()]

    def fetch(self: TokenReader) -> bytes:
        fetched.append(clock[0])
        return published[0]

    monkeypatch.setattr(TokenReader, "_fetch", fetch)
    monkeypatch.setattr(tokens, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    remote = reader("https://login.example/keys")
    with pytest.raises(RefusalError):
        remote.read(sign(keys["rsa"]))
    published[0] = file.read_bytes()
    with pytest.raises(RefusalError):
        remote.read(sign(keys["rsa"]))
    assert fetched == [1000.0]
    clock[0] += 31
    assert remote.read(sign(keys["rsa"])).name == "ann"
    assert fetched == [1000.0, 1031.0]


def test_a_provider_that_is_away_does_not_lock_out_those_whose_key_is_known(
    keys: dict[str, Any], file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content: list[bytes | OSError] = [file.read_bytes()]
    clock = [1000.0]

    def fetch(self: TokenReader) -> bytes:
        if isinstance(content[0], OSError):
            raise content[0]
        return content[0]

    monkeypatch.setattr(TokenReader, "_fetch", fetch)
    monkeypatch.setattr(tokens, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    remote = reader("https://login.example/keys")
    remote.read(sign(keys["rsa"]))
    content[0] = OSError("away")
    clock[0] += 4000
    assert remote.read(sign(keys["rsa"])).name == "ann"
