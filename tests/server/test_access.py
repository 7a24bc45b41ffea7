import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from crossreid.server.records import accounts
from crossreid.server.roles import PERMISSIONS, Permission, Role
from crossreid.server.settings import OpenIdSettings
from crossreid.server.start import first_key, one_time_key
from crossreid.server.tokens import TokenReader

OPEN = {("GET", "/v1/health"), ("GET", "/v1/ready")}

ENDPOINTS: dict[tuple[str, str], Permission | None] = {
    ("POST", "/embed"): Permission.EMBED,
    ("POST", "/items"): Permission.ENROL,
    ("GET", "/items"): Permission.ITEMS,
    ("GET", "/items/{item}"): Permission.ITEMS,
    ("GET", "/items/{item}/crop"): Permission.CROPS,
    ("POST", "/tracks"): Permission.TRACKS,
    ("POST", "/imports"): Permission.ENROL,
    ("POST", "/search"): Permission.SEARCH,
    ("GET", "/cases"): Permission.CASES,
    ("POST", "/cases"): Permission.CASES,
    ("GET", "/cases/{number}"): Permission.CASES,
    ("PATCH", "/cases/{number}"): Permission.CASES,
    ("GET", "/cases/{number}/export"): Permission.CASES,
    ("POST", "/cases/{number}/pins"): Permission.CASES,
    ("DELETE", "/cases/{number}/pins/{item}"): Permission.CASES,
    ("POST", "/verdicts"): Permission.VERDICTS,
    ("GET", "/calibration/verdicts"): Permission.CASES,
    ("POST", "/calibration/refit"): Permission.CALIBRATION,
    ("GET", "/watchlists"): Permission.WATCHLISTS_READ,
    ("PUT", "/watchlists"): Permission.WATCHLISTS,
    ("DELETE", "/watchlists/{name}"): Permission.WATCHLISTS,
    ("POST", "/erase"): Permission.ERASE,
    ("GET", "/retention"): Permission.RETENTION,
    ("PUT", "/retention"): Permission.RETENTION,
    ("GET", "/jobs"): Permission.JOBS,
    ("GET", "/jobs/{job}"): Permission.JOBS,
    ("POST", "/jobs/{job}/cancel"): Permission.JOBS,
    ("POST", "/templates/renew"): Permission.TEMPLATES,
    ("POST", "/index"): Permission.TEMPLATES,
    ("POST", "/reembed"): Permission.TEMPLATES,
    ("GET", "/export"): Permission.EXPORT,
    ("GET", "/audit"): Permission.AUDIT,
    ("GET", "/audit/export"): Permission.AUDIT,
    ("GET", "/audit/verify"): Permission.AUDIT,
    ("GET", "/keys"): Permission.KEYS,
    ("POST", "/keys"): Permission.KEYS,
    ("POST", "/keys/{key}/rotate"): Permission.KEYS,
    ("DELETE", "/keys/{key}"): Permission.KEYS,
    ("GET", "/tenants"): Permission.TENANTS,
    ("POST", "/tenants"): Permission.TENANTS,
    ("GET", "/models"): Permission.MODELS,
    ("GET", "/statistics"): Permission.STATISTICS,
    ("GET", "/metrics"): Permission.METRICS,
    ("GET", "/me"): None,
    ("POST", "/keys/exchange"): None,
}

VALUES = {
    "item": "YQ", "number": "1", "key": "0" * 16, "job": "00000000-0000-0000-0000-000000000000", "name": "x",
}  # fmt: skip


def test_every_endpoint_is_in_the_table(url: str) -> None:
    paths = httpx.get(f"{url}/openapi.json").json()["paths"]
    there = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert there - OPEN == {(method, f"/v1{path}") for method, path in ENDPOINTS}


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_an_endpoint_is_open_to_its_roles_and_to_nobody_else(everyone: Any, method: str, path: str) -> None:
    permission, filled = ENDPOINTS[method, path], path.format(**VALUES)
    stranger = httpx.request(method, f"{everyone.url}/v1{filled}")
    assert (stranger.status_code, stranger.json()["error"]["code"]) == (401, "unauthenticated")
    assert stranger.headers["WWW-Authenticate"] == "Bearer"
    if permission is None:
        return
    for role in Role:
        answer = getattr(everyone, role).http.request(method, f"/v1{filled}")
        refused = answer.status_code == 403 and answer.json()["error"]["code"] == "forbidden"
        # Only admins of the main tenant make others: that refusal comes after the one of the role.
        refused = refused and ("may not do" in answer.text or permission == Permission.METRICS)
        assert refused is (permission not in PERMISSIONS[role]), (role, answer.text)


def test_health_needs_no_key(url: str) -> None:
    assert httpx.get(f"{url}/v1/health").json()["status"] == "ok"
    ready = httpx.get(f"{url}/v1/ready")
    assert ready.json() == {"ready": True, "checks": {"records": "ok", "encoder": "ok", "accepting": "ok"}}


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Basic YTpi", "Bearer crk_", "Bearer crk_0000000000000000_" + "a" * 43,
     "Bearer crk_00_x", "Bearer a.b.c"],
)  # fmt: skip
def test_what_is_no_key_opens_nothing(url: str, header: str) -> None:
    answer = httpx.get(f"{url}/v1/me", headers={"Authorization": header} if header else {})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthenticated")


def test_a_key_with_another_secret_opens_nothing(tenant: Any) -> None:
    head, _, secret = tenant.operator.key.rpartition("_")
    wrong = f"{head}_{secret[::-1]}"
    answer = httpx.get(f"{tenant.url}/v1/me", headers={"Authorization": f"Bearer {wrong}"})
    assert answer.json()["error"]["code"] == "unauthenticated"


def test_somebody_is_told_who_they_are(tenant: Any) -> None:
    me = tenant.operator.get("/me")
    assert (me["name"], me["tenant"], me["roles"]) == ("operator", tenant.name, ["operator"])
    assert set(me["permissions"]) == set(PERMISSIONS[Role.OPERATOR])
    assert me["limits"]["evidence"] == 8


def test_a_one_time_key_makes_one_key_and_is_then_worthless(tenant: Any, service: Any) -> None:
    once = type(tenant.admin)(tenant.url, one_time_key(service, tenant.name))
    try:
        assert once.get("/me")["one_time"] is True
        assert once.code("GET", "/keys", status=403) == "one_time_key"
        assert once.code("POST", "/search", status=403, json={}) == "one_time_key"
        made = once.post("/keys/exchange", {"name": "ann", "role": "admin"}, status=201)
        assert once.code("GET", "/me", status=401) == "key_revoked"
    finally:
        once.http.close()
    fresh = httpx.get(f"{tenant.url}/v1/keys", headers={"Authorization": f"Bearer {made['key']}"}).json()[
        "keys"
    ]
    assert {key["name"]: key["revoked"] is None for key in fresh}["ann"]
    assert (
        tenant.admin.code("POST", "/keys/exchange", status=403, json={"name": "b", "role": "admin"})
        == "forbidden"
    )


def test_a_first_start_makes_a_key_and_a_second_does_not(service: Any) -> None:
    first = first_key(service)
    assert first is None or first.startswith("crk_")
    assert first_key(service) is None
    assert (first_key(service, again=True) or "").startswith("crk_")


def test_keys_are_made_told_once_rotated_and_revoked(tenant: Any) -> None:
    def code(key: str) -> str:
        answer = httpx.get(f"{tenant.url}/v1/me", headers={"Authorization": f"Bearer {key}"})
        return answer.json()["error"]["code"] if answer.status_code != 200 else "good"

    made = tenant.admin.post("/keys", {"name": "bob", "role": "operator"}, status=201)
    assert code(made["key"]) == "good"
    listed = {key["id"]: key for key in tenant.admin.get("/keys")["keys"]}
    assert "key" not in listed[made["id"]]
    assert listed[made["id"]]["last_used"] is not None
    fresh = tenant.admin.post(f"/keys/{made['id']}/rotate", {"overlap_s": 60}, status=201)
    assert (code(made["key"]), code(fresh["key"])) == ("good", "good")
    last = tenant.admin.post(f"/keys/{fresh['id']}/rotate", {}, status=201)
    assert (code(fresh["key"]), code(last["key"])) == ("key_revoked", "good")
    tenant.admin.ask("DELETE", f"/keys/{last['id']}", status=204)
    assert code(last["key"]) == "key_revoked"
    assert tenant.admin.code("DELETE", f"/keys/{last['id']}", status=404) == "not_found"
    assert tenant.admin.code("POST", "/keys", status=409, json={"name": "bob", "role": "admin"}) == "conflict"
    did = [
        entry["content"]["did"] for entry in tenant.admin.get("/audit", params={"action": "key"})["entries"]
    ]
    assert did == ["made", "rotated", "rotated", "revoked"]


def test_only_a_hash_is_kept(tenant: Any, service: Any) -> None:
    secret = tenant.operator.key.split("_", 2)[2]
    with service.transaction(tenant.name) as connection:
        row = accounts.find_key(connection, tenant.operator.key.split("_")[1])
    assert row is not None
    assert secret not in repr(row)
    assert len(row.hash) == 32


def test_a_key_expires(tenant: Any, service: Any) -> None:
    with service.transaction(tenant.name) as connection:
        past = datetime.now(UTC) - timedelta(seconds=1)
        _, key = accounts.create_key(connection, tenant.name, name="old", role=Role.OPERATOR, expires=past)
    answer = httpx.get(f"{tenant.url}/v1/me", headers={"Authorization": f"Bearer {key}"})
    assert answer.json()["error"]["code"] == "key_expired"
    body = {"name": "x", "role": "operator", "expires": "2020-01-01T00:00:00Z"}
    assert tenant.admin.code("POST", "/keys", status=400, json=body) == "malformed"


def test_a_scope_withholds_what_the_role_allows_and_gives_nothing_more(tenant: Any) -> None:
    narrow = tenant.client("operator", name="narrow", scopes=("models", "erase"))
    assert narrow.get("/me")["permissions"] == ["models"]
    narrow.get("/models")
    assert narrow.code("POST", "/search", status=403, json={}) == "forbidden"


def test_only_admins_of_the_main_tenant_make_tenants(
    tenant: Any, service: Any, new_tenant: Callable[..., Any]
) -> None:
    assert tenant.admin.code("POST", "/tenants", status=403, json={"name": "b"}) == "forbidden"
    assert tenant.admin.get("/tenants")["tenants"] == [{"name": tenant.name, "one_time_key": None}]
    service.database.add_tenant("main")
    with service.transaction("main") as connection:
        _, key = accounts.create_key(connection, "main", name="chief", role=Role.ADMIN)
    headers = {"Authorization": f"Bearer {key}"}
    name = f"{tenant.name}-b"
    made = httpx.post(f"{tenant.url}/v1/tenants", headers=headers, json={"name": name}).json()
    body = {"name": "first", "role": "admin"}
    once = {"Authorization": f"Bearer {made['one_time_key']}"}
    assert httpx.post(f"{tenant.url}/v1/keys/exchange", headers=once, json=body).status_code == 201
    again = httpx.post(f"{tenant.url}/v1/tenants", headers=headers, json={"name": name})
    assert again.json()["error"]["code"] == "conflict"
    assert name in {
        t["name"] for t in httpx.get(f"{tenant.url}/v1/tenants", headers=headers).json()["tenants"]
    }


def test_a_token_of_the_provider_opens_what_its_roles_allow(
    make_service: Callable[..., Any], serve: Any, tenant: Any, tmp_path: Any
) -> None:
    signer = ec.generate_private_key(ec.SECP256R1())
    file = tmp_path / "jwks.json"
    file.write_text(
        json.dumps({"keys": [ECAlgorithm.to_jwk(signer.public_key(), as_dict=True) | {"kid": "k"}]})
    )
    tokens = TokenReader(OpenIdSettings("https://login.example", "crossreid", file))

    def ask(url: str, path: str, **changes: Any) -> httpx.Response:
        content = {
            "iss": "https://login.example", "aud": "crossreid", "sub": "u-1", "exp": int(time.time()) + 60,
            "roles": ["operator", "auditor"], "tenant": tenant.name, "preferred_username": "operator",
        } | changes  # fmt: skip
        token = jwt.encode(content, signer, algorithm="ES256", headers={"kid": "k"})
        return httpx.get(f"{url}/v1{path}", headers={"Authorization": f"Bearer {token}"})

    assert tenant.operator.get("/me")["name"] == "operator"
    with serve(make_service(tokens=tokens)) as url:
        me = ask(url, "/me").json()
        assert (me["name"], me["roles"]) == ("operator (u-1)", ["auditor", "operator"])
        assert ask(url, "/me").json() == me
        assert (ask(url, "/audit").status_code, ask(url, "/items").status_code) == (200, 200)
        assert ask(url, "/keys").json()["error"]["code"] == "forbidden"
        assert ask(url, "/me", tenant="nobody").json()["error"]["code"] == "forbidden"
        assert ask(url, "/me", aud="other").json()["error"]["code"] == "token_invalid"
    assert ask(tenant.url, "/me").json()["error"]["code"] == "unauthenticated"
