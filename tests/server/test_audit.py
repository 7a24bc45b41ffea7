import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

from crossreid.cli.main import app
from crossreid.core.errors import DataError
from crossreid.gallery.postgres import schema


def test_the_log_of_a_server_is_unbroken(filled: Any, asking: Any) -> None:
    filled.operator.post("/search", asking("red"))
    verdict = filled.auditor.get("/audit/verify")
    assert (verdict["intact"], verdict["problem"]) == (True, "")
    assert verdict["head"] == filled.auditor.get("/audit")["head"]["hash"]


def test_many_at_once_write_one_chain(filled: Any, asking: Any) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: filled.operator.post("/search", asking("red")), range(16)))
    verdict = filled.auditor.get("/audit/verify")
    assert (verdict["intact"], verdict["entries"]) == (True, 17)


def test_pages_and_filters(filled: Any, asking: Any) -> None:
    for word in ("red", "green", "blue"):
        filled.operator.post("/search", asking(word))
    auditor = filled.auditor
    page = auditor.get("/audit", params={"limit": 2})
    assert ([e["sequence"] for e in page["entries"]], page["next"]) == ([1, 2], 2)
    assert [e["sequence"] for e in auditor.get("/audit", params={"after_sequence": 2})["entries"]] == [3, 4]
    newest = auditor.get("/audit", params={"newest": True, "limit": 1})
    assert newest["entries"][0]["content"]["evidence"][0]["text"] == "blue"
    assert len(auditor.get("/audit", params={"action": "search"})["entries"]) == 3
    assert auditor.get("/audit", params={"actor": "nobody"})["entries"] == []


def test_an_export_is_verified_by_the_command(filled: Any, asking: Any, tmp_path: Path) -> None:
    filled.operator.post("/search", asking("red"))
    file = tmp_path / "audit.ndjson"
    file.write_bytes(filled.auditor.get("/audit/export"))
    head = filled.auditor.get("/audit")["head"]["hash"]
    run = CliRunner().invoke
    good = run(app, ["audit", "verify", str(file)])
    assert (good.exit_code, f"3 entries, unbroken; head {head}" in good.output) == (0, True), good.output
    assert run(app, ["audit", "verify", str(file), "--head", head]).exit_code == 0
    lines = file.read_text().splitlines()
    file.write_text("\n".join(lines[:-1]))
    assert run(app, ["audit", "verify", str(file)]).exit_code == 0
    cut = run(app, ["audit", "verify", str(file), "--head", head])
    assert (cut.exit_code, "its end is missing" in cut.output) == (1, True)
    file.write_text("\n".join([lines[0].replace("ann/1", "bob/1"), *lines[1:]]))
    changed = run(app, ["audit", "verify", str(file)])
    assert (changed.exit_code, "entry 1: it was changed" in changed.output) == (1, True)
    file.write_text("no entry")
    assert run(app, ["audit", "verify", str(file)]).exit_code == 2
    assert run(app, ["audit", "verify", str(tmp_path / "missing")]).exit_code == 2


@pytest.mark.parametrize(
    "statement", [sa.update(schema.audit).values(actor="nobody"), sa.delete(schema.audit)]
)
def test_the_database_itself_refuses_to_change_an_entry(filled: Any, statement: Any) -> None:
    with pytest.raises((DataError, DBAPIError)), filled.service.transaction(filled.name) as connection:
        connection.execute(statement)
    assert filled.auditor.get("/audit/verify")["intact"]


def test_an_entry_comes_back_from_the_database_as_it_was_hashed(tenant: Any) -> None:
    content = {
        "zero": -0.0,
        "small": 1e-9,
        "large": 123456.789,
        "nested": [{"a": None, "ü": "ß"}],
        "int": 7,
        "yes": True,
    }
    with tenant.service.transaction(tenant.name) as connection:
        tenant.service.log(connection, tenant.name, "ann", "test", content=content)
    assert tenant.auditor.get("/audit/verify")["intact"]
    assert json.dumps(tenant.auditor.get("/audit")["entries"][0]["content"]["nested"]) == json.dumps(
        content["nested"]
    )
