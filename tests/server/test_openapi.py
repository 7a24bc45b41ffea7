"""The description of the whole interface, and a machine that tries to break it."""

import traceback
from typing import Any, cast

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from crossreid.server.app import create_app
from crossreid.server.records import accounts
from crossreid.server.refusals import STATUS_OF_CODE
from crossreid.server.roles import Role

_SKIPPED = ("/v1/metrics", "/v1/keys/exchange")
_PATIENCE_S = 60
"""For one answer: a machine under load may take longer than the ten seconds that would be waited otherwise."""


@schemathesis.serializer("application/zip")
def as_it_is(context: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.fixture(scope="module")
def application(make_service: Any) -> Any:
    return create_app(make_service())


@pytest.fixture(scope="module")
def caller(service: Any) -> dict[str, str]:
    """Keys of one tenant that has some people, by the roles that may do most."""
    service.database.add_tenant("schemathesis")
    keys = {}
    for role in Role:
        with service.transaction("schemathesis") as connection:
            keys[str(role)] = accounts.create_key(connection, "schemathesis", name=f"s-{role}", role=role)[1]
    return keys


def test_every_operation_says_how_it_may_refuse(application: Any) -> None:
    for path, methods in application.openapi()["paths"].items():
        for method, operation in methods.items():
            assert operation.get("description") or operation["summary"], (path, method)
            refusals = {"400", "401", "403", "404", "409", "413", "422", "429", "503", "504"}
            assert refusals <= set(operation["responses"]), (path, method)
            content = operation["responses"]["400"]["content"]["application/json"]
            assert content["schema"] == {"$ref": "#/components/schemas/ErrorAnswer"}


def test_codes_have_a_status_of_their_kind() -> None:
    assert set(STATUS_OF_CODE.values()) <= {
        400, 401, 403, 404, 405, 408, 409, 411, 413, 415, 422, 429, 500, 503, 504,
    }  # fmt: skip


def test_examples_are_good_requests(filled: Any, paint: Any) -> None:
    schemas = filled.operator.http.get("/openapi.json").json()["components"]["schemas"]
    search = schemas["SearchRequest"]["examples"][0]
    assert filled.operator.post("/search", search)["results"]
    embed = schemas["EmbedRequest"]["examples"][0]
    assert filled.operator.post("/embed", embed)["dim"] == 64
    enrol = schemas["EnrolRequest"]["examples"][0]
    enrol["items"][0]["picture"] = paint("red")
    filled.operator.post("/items", enrol, status=201)
    filled.admin.post("/keys", schemas["KeyRequest"]["examples"][0], status=201)


@pytest.mark.parametrize("role", ["supervisor", "admin", "device"])
def test_nothing_that_fits_or_breaks_the_description_is_answered_by_an_error_of_ours(
    caller: dict[str, str], url: str, role: str
) -> None:
    """Whatever is sent, the answer is one that the description names, in the form that it gives."""
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    headers = {"Authorization": f"Bearer {caller[role]}"}
    broken: list[str] = []

    for result in schema.get_all_operations():
        operation: Any = cast(Any, result).ok()
        if operation.path in _SKIPPED:
            continue

        @settings(
            max_examples=4, deadline=None, database=None, phases=[Phase.explicit, Phase.generate], derandomize=True,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def attempt(case: Any) -> None:
            answer = case.call(headers=headers, timeout=_PATIENCE_S)
            checks = [response_schema_conformance, status_code_conformance]
            if answer.status_code == 503:  # a busy moment, which must say so
                assert "retry-after" in answer.headers
                assert answer.json()["error"]["code"] == "overloaded"
            else:
                checks.append(not_a_server_error)
            case.validate_response(answer, checks=tuple(checks))

        try:
            attempt()
        except Exception as error:
            told = "".join(traceback.format_exception(error))
            broken.append(f"{operation.method} {operation.path}: {told}")
    assert not broken, "\n\n".join(broken)
