"""Acknowledged means committed: whatever is killed whenever."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crossreid.gallery import open_gallery

PROGRAM = Path(__file__).with_name("killed.py")


@pytest.fixture(scope="module")
def killed(program: Any) -> Any:
    return program("tests/gallery/killed.py")


def outcome(*arguments: object) -> dict[str, int]:
    command = [sys.executable, PROGRAM, *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def check(address: str, acknowledged: int, killed: Any) -> None:
    gallery = open_gallery(address)
    keys = [item.key for item in gallery.items()]
    assert keys[:acknowledged] == [killed.name(number) for number in range(acknowledged)]
    unacknowledged = len(keys) - acknowledged
    assert unacknowledged in (0, killed.EACH)  # all of a call, or nothing
    vectors = np.stack([killed.vector(number) for number in range(len(keys))])
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    np.testing.assert_allclose(gallery.embeddings().vectors, unit, atol=1e-6)
    assert [gallery.crop(key) for key in keys] == [killed.crop(number) for number in range(len(keys))]


@pytest.mark.parametrize("kills", [24, pytest.param(300, marks=pytest.mark.slow)])
def test_programs_that_enrol_are_killed(address: str, killed: Any, kills: int) -> None:
    acknowledged = outcome(address, kills, 1)["acknowledged"]
    assert acknowledged >= kills  # about one call and a half of three items is let through each time
    check(address, acknowledged, killed)


@pytest.mark.parametrize(("kills", "every"), [(2, 1), pytest.param(100, 5, marks=pytest.mark.slow)])
def test_the_database_is_killed(tmp_path: Path, killed: Any, kills: int, every: int) -> None:
    pytest.importorskip("sqlalchemy")
    import shutil
    import tempfile

    from crossreid.gallery.postgres.embedded import EmbeddedPostgres

    folder = Path(tempfile.mkdtemp(prefix="crossreid-"))
    folder.chmod(0o755)
    try:
        with EmbeddedPostgres(folder / "data") as server:
            done = outcome(server.uri, kills, 2, server.folder, every)
            assert done["servers_killed"] == kills // every
            check(server.uri, done["acknowledged"], killed)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
