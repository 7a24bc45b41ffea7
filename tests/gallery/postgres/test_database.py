"""Versions of the tables, what goes wrong with a database, and moving one."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sqlalchemy")

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.dialects.postgresql.base import ischema_names

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import ConfigurationError, DataError
from crossreid.gallery import GalleryItem, Selection, open_gallery
from crossreid.gallery.postgres import schema
from crossreid.gallery.postgres.database import Database, DatabaseBusyError, DatabaseUnavailableError
from crossreid.gallery.postgres.embedded import EmbeddedPostgres
from crossreid.gallery.postgres.upgrade import head_revision, revisions


def embed(count: int, dim: int = 4) -> Embeddings:
    return Embeddings(
        vectors=np.random.default_rng(0).normal(size=(count, dim)).astype(np.float32),
        modalities=np.full(count, "rgb"),
        person_ids=np.full(count, -1),
        camera_ids=np.full(count, -1),
        source_ids=np.full(count, ""),
        item_ids=np.full(count, ""),
        fingerprint="maker",
    )


@pytest.fixture
def empty(server: Any, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database of the embedded server without tables."""
    name = f"base_{abs(hash(request.node.name)) % 10**9}"
    main = Database(server.uri)
    with main.alone() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    found = Database(server.uri_of(name))
    yield found
    found.close()
    with main.alone() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    main.close()


def test_the_tables_are_those_of_the_schema(empty: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ischema_names, "vector", schema.Vector)
    empty.upgrade()
    with empty.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": _of_columns})
        assert compare_metadata(context, schema.metadata) == []
        guarded = "SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity"
        assert set(connection.scalars(sa.text(guarded))) == {table.name for table in schema.GUARDED}


def _of_columns(thing: Any, name: str | None, kind: str, *_: Any) -> bool:
    """All but indexes over expressions, which only migrations know."""
    return kind != "index" or all(isinstance(column, sa.Column) for column in thing.expressions)


def test_a_filled_database_goes_forward(empty: Database) -> None:
    """As of version 0001 it holds a gallery; all later versions keep it, and searches go on."""
    empty.upgrade("0001")
    empty.add_tenant("t")
    gallery = empty.gallery("t")
    items = [GalleryItem(str(number), person="ann", camera="1") for number in range(100)]
    gallery.enrol(items, embed(100), crops={"3": b"picture"})
    gallery.watch("list", people=["ann"])
    proof = gallery.erase(Selection(keys="7"))
    vector = embed(100).vectors[5]
    before = gallery.search(vector, exact=True)  # which asks for no index: later versions know more of one
    with pytest.raises(DataError, match=f"0001.*{head_revision()}"):
        empty.check()
    for revision in revisions()[1:]:
        empty.upgrade(revision)
        assert gallery.search(vector, exact=True) == before
        assert (len(gallery), gallery.crop("3"), gallery.erasures()) == (99, b"picture", (proof,))
    empty.upgrade()
    empty.check()
    assert gallery.search(vector) == before


def test_wide_vectors_lie_in_their_rows(empty: Database) -> None:
    """Those of before too, once the table has been written anew."""
    elsewhere = """
        SELECT pg_relation_size(toast.oid) FROM pg_class JOIN pg_class toast ON toast.oid = pg_class.reltoastrelid
        WHERE pg_class.relname = 'vectors'
    """
    empty.upgrade("0004")
    empty.add_tenant("t")
    gallery = empty.gallery("t")
    gallery.enrol([GalleryItem(str(number)) for number in range(30)], embed(30, 1536))
    with empty.alone() as connection:
        assert connection.scalar(sa.text(elsewhere)) > 30 * 4 * 1536
        empty.upgrade()
        connection.execute(sa.text("VACUUM FULL vectors"))
        assert connection.scalar(sa.text(elsewhere)) == 0
    gallery.enrol([GalleryItem(f"new {number}") for number in range(30)], embed(30, 1536))
    with empty.alone() as connection:
        assert connection.scalar(sa.text(elsewhere)) == 0
    np.testing.assert_array_equal(gallery.embeddings().vectors[:30], gallery.embeddings().vectors[30:])


def test_two_that_upgrade_at_once(empty: Database) -> None:
    with pytest.raises(DataError, match="version none"):
        empty.check()
    failures: list[BaseException] = []

    def upgrade() -> None:
        try:
            empty.upgrade()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=upgrade) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    empty.check()


def test_a_dump_brings_everything_elsewhere(server: Any, empty: Database, tmp_path: Path) -> None:
    empty.upgrade()
    empty.add_tenant("t")
    gallery = empty.gallery("t")
    gallery.enrol([GalleryItem(str(n)) for n in range(200)], embed(200, 64), crops={"3": b"picture"})
    gallery.build_index(0.5)
    query = embed(200, 64).vectors[9]
    before, index = gallery.search(query, exact=True), gallery.index
    file = tmp_path / "dump"
    server.dump(file, database=str(empty.url.database))
    server.restore(file, database="restored")
    restored = Database(server.uri_of("restored"))
    try:
        restored.upgrade()
        again = restored.gallery("t")
        assert again.search(query, exact=True) == before
        assert again.search(query)[0] == before[0]  # through lists that were made anew
        assert (again.index, len(again), again.crop("3")) == (index, 200, b"picture")
        assert restored.gallery("other").items() == ()
        assert len(again.enrol([GalleryItem("new")], embed(1, 64)).accepted) == 1
        with restored.transaction("nobody") as connection:
            assert connection.execute(sa.select(schema.items)).all() == []
    finally:
        restored.close()


def test_an_owner_who_is_no_superuser(empty: Database) -> None:
    """Policies bind the owner of the tables too; the extension is there already, as with a hosted database."""
    name = str(empty.url.database)
    with empty.alone() as connection:
        connection.execute(sa.text("CREATE EXTENSION vector"))
        connection.execute(sa.text(f"CREATE ROLE owner_{name} LOGIN"))
        connection.execute(sa.text(f"ALTER DATABASE {name} OWNER TO owner_{name}"))
        connection.execute(sa.text(f"GRANT ALL ON SCHEMA public TO owner_{name}"))
    owned = Database(empty.url.set(username=f"owner_{name}").render_as_string(False))
    try:
        owned.upgrade()
        for tenant in ("one", "two"):
            owned.add_tenant(tenant)
            owned.gallery(tenant).enrol([GalleryItem(str(n)) for n in range(100)], embed(100, 64))
        gallery = owned.gallery("one")
        gallery.erase(Selection(keys="5"))
        assert (len(gallery), len(owned.gallery("two"))) == (99, 100)
        assert gallery.build_index(0.5).rows == 99
        with owned.transaction("nobody") as connection:
            assert connection.execute(sa.select(schema.items)).all() == []
    finally:
        owned.close()


def test_a_database_that_is_not_there(tmp_path: Path) -> None:
    missing = Database(f"postgresql://postgres:geheim@/postgres?host={tmp_path}")
    with pytest.raises(DatabaseUnavailableError) as caught:
        missing.check()
    assert "geheim" not in str(caught.value)
    missing.close()
    with pytest.raises(DatabaseUnavailableError):
        open_gallery(f"postgresql://postgres@/postgres?host={tmp_path}")
    with pytest.raises(ConfigurationError):
        open_gallery("postgresql://host:port/")


def test_not_even_the_bytes_of_what_was_erased_stay_in_the_tables(server: Any, empty: Database) -> None:
    empty.upgrade()
    empty.add_tenant("t")
    gallery = empty.gallery("t")
    kept, gone = (np.random.default_rng(seed).bytes(6000) for seed in (1, 2))
    gallery.enrol([GalleryItem("kept"), GalleryItem("gone")], embed(2), crops={"kept": kept, "gone": gone})

    def stored(picture: bytes) -> bool:
        with empty.alone() as connection:
            connection.execute(sa.text("CHECKPOINT"))
            number = connection.scalar(
                sa.text("SELECT oid FROM pg_database WHERE datname = current_database()")
            )
        files = (server.folder / "base" / str(number)).iterdir()
        return any(picture[1000:1100] in file.read_bytes() for file in files)

    assert stored(gone)
    gallery.erase(Selection(keys="gone"))
    empty.vacuum(full=True)
    assert not stored(gone)
    assert stored(kept)
    empty.vacuum()
    assert gallery.crop("kept") == kept


def test_one_index_is_built_at_a_time(
    database: Database, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery = database.gallery(tenant)
    gallery.enrol([GalleryItem(str(n)) for n in range(100)], embed(100, 64))

    def build_again(again: Any, **options: Any) -> None:
        database.gallery(tenant).build_index()

    monkeypatch.setattr("crossreid.gallery.postgres.home.build_index", build_again)
    with pytest.raises(DataError, match="being indexed by process"):
        gallery.build_index()
    monkeypatch.undo()
    assert gallery.build_index(0.5).rows == 100
    with database.transaction(tenant) as connection, pytest.raises(DataError, match="within a transaction"):
        gallery.within(connection).build_index()


def indexes(database: Database) -> dict[str, bool]:
    """Of the vectors of all galleries: name -> whether searches may use it."""
    query = """
        SELECT relname, indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
        WHERE starts_with(relname, 'vectors_principal_')
    """
    with database.alone() as connection:
        return {row.relname: row.indisvalid for row in connection.execute(sa.text(query))}


@pytest.mark.parametrize("before", [True, False])
def test_an_index_that_is_given_up_while_it_is_built_leaves_nothing(
    database: Database, tenant: str, before: bool
) -> None:
    """PostgreSQL is made to wait for a transaction that has written, as it does at the beginning."""
    gallery = database.gallery(tenant)
    gallery.enrol([GalleryItem(str(n)) for n in range(500)], embed(500, 64))
    old = gallery.build_index(0.5) if before else None
    had, steps, ended = indexes(database), [], threading.Event()

    def give_up(step: str, share: float | None) -> None:
        steps.append((step, share))
        if step == "waiting for others":
            raise InterruptedError

    def build() -> None:
        with pytest.raises(InterruptedError):
            gallery.build_index(0.6, progress=give_up)
        ended.set()

    builds = sa.text("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURR%'")
    thread = threading.Thread(target=build)
    with database.alone() as watching, database.alone() as busy:
        busy = busy.execution_options(isolation_level="READ COMMITTED")
        busy.execute(sa.text("LOCK TABLE vectors IN ROW EXCLUSIVE MODE"))
        thread.start()
        end = time.monotonic() + 60
        while ("waiting for others", None) not in steps or watching.scalar(builds):
            assert time.monotonic() < end
            time.sleep(0.02)
        busy.rollback()
    thread.join(60)
    assert ended.is_set()
    assert gallery.index == old
    assert indexes(database) == had
    assert len(gallery.search(embed(1, 64).vectors[0])) == 10
    assert gallery.build_index(0.5).rows == 500
    assert all(indexes(database).values())


def test_a_build_that_died_is_cleared_away(database: Database, tenant: str) -> None:
    gallery = database.gallery(tenant)
    gallery.enrol([GalleryItem(str(n)) for n in range(500)], embed(500, 64))
    gallery.build_index(0.5)
    (name,) = (name for name in indexes(database) if name.endswith(f"_{encoder_id(gallery)}"))
    with database.alone() as connection:
        connection.execute(sa.text(f"CREATE INDEX {name}_coming ON vectors (item_id)"))
    gallery.build_index(0.5)
    assert f"{name}_coming" not in indexes(database)
    assert indexes(database)[name]


def encoder_id(gallery: Any) -> int:
    with gallery.opened() as (_, stored):
        return stored.current.id


def test_the_socket_of_a_long_folder_has_a_short_name() -> None:
    """The system takes 107 bytes."""
    short, long = (EmbeddedPostgres(Path("/data") / ("deep/" * depth)) for depth in (2, 40))
    assert short.uri.endswith("?host=/data/deep/deep/socket")
    assert len(long.uri.partition("host=")[2]) < 90


def test_a_call_does_not_wait_for_ever_for_a_connection(database: Database, tenant: str) -> None:
    small = Database(database.url.render_as_string(False), pool_size=1, pool_timeout_seconds=0.1)
    try:
        small.tenants()
        with small.transaction(tenant), pytest.raises(DatabaseBusyError, match="in use"):
            len(small.gallery(tenant))
        assert len(small.gallery(tenant)) == 0
    finally:
        small.close()


def test_of_two_that_wait_for_each_other_one_is_told_to_come_back(database: Database, tenant: str) -> None:
    met, told = threading.Barrier(2), []
    lock = sa.text("SELECT pg_advisory_xact_lock(:key)")

    def take(first: int, second: int) -> None:
        try:
            with database.transaction(tenant) as connection:
                connection.execute(lock, {"key": first})
                met.wait(timeout=30)
                connection.execute(lock, {"key": second})
        except DataError as error:
            told.append(error)

    threads = [threading.Thread(target=take, args=keys) for keys in ((771, 772), (772, 771))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [type(error) for error in told] == [DatabaseBusyError]
    assert "deadlock" in str(told[0])


def test_values_that_cannot_be_stored(database: Database, tenant: str) -> None:
    gallery = database.gallery(tenant)
    for key in ("nul\0", "half \ud800"):
        with pytest.raises(DataError, match="cannot be stored"):
            gallery.enrol([GalleryItem(key)], embed(1))
    assert len(gallery) == 0


def test_first_enrolments_at_once(database: Database, tenant: str) -> None:
    """Threads that enrol overlapping items into a gallery that does not exist yet: each item is accepted once."""
    accepted: list[str] = []
    failures: list[BaseException] = []

    def enrol(numbers: range) -> None:
        try:
            items = [GalleryItem(str(number)) for number in numbers]
            accepted.extend(database.gallery(tenant).enrol(items, embed(len(items))).accepted)
        except BaseException as error:
            failures.append(error)

    spans = [range(40), range(39, -1, -1), range(20, 60), range(59, 19, -1)]
    threads = [threading.Thread(target=enrol, args=(span,)) for span in spans]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(accepted) == sorted(map(str, range(60)))
    assert len(database.gallery(tenant).embeddings()) == 60


@pytest.mark.parametrize("options", [{}, {"camera": "1"}, {"group": "person"}])
def test_every_kind_of_search_goes_through_the_index(
    database: Database, tenant: str, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As PostgreSQL itself counts."""
    monkeypatch.setattr("crossreid.gallery.postgres.nearest.EXACT_ROWS", 50)
    gallery = database.gallery(tenant)
    gallery.enrol([GalleryItem(str(n), camera=str(n % 2)) for n in range(2000)], embed(2000, 64))
    assert gallery.build_index(0.5).used
    with gallery.opened() as (connection, stored):
        assert stored is not None
        assert stored.current is not None
        name = {"name": f"vectors_principal_{stored.current.id}"}
        scans = sa.text("SELECT pg_stat_get_xact_numscans(CAST(:name AS regclass))")
        before = connection.scalar(scans, name)
        assert len(gallery.within(connection).search(embed(1, 64).vectors[0], **options)) == 10
        assert connection.scalar(scans, name) > before


def test_exact_filtered_and_grouped_searches_agree_with_arithmetic(
    database: Database, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where many items satisfy the conditions and more lists have to be opened."""
    monkeypatch.setattr("crossreid.gallery.postgres.nearest.EXACT_ROWS", 50)
    vectors = np.random.default_rng(3).normal(size=(1500, 64)) * np.arange(1, 65) ** -0.8
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    embeddings = replace(embed(1500, 64), vectors=vectors)
    gallery = database.gallery(tenant)
    items = [GalleryItem(str(n), camera=str(n % 5), person=str(n % 100)) for n in range(1500)]
    gallery.enrol(items, embeddings)
    assert gallery.build_index(0.9).used
    hits = 0
    for query in vectors[:20]:
        scores = vectors @ query
        best = [str(n) for n in np.argsort(-scores, kind="stable") if n % 5 == 2][:10]
        hits += len(set(best) & {one.key for one in gallery.search(query, camera="2")})
        assert [one.key for one in gallery.search(query, camera="2", exact=True)] == best
        grouped = gallery.search(query, group="person", top=100)
        assert len({one.person for one in grouped}) == len(grouped) == 100
    assert hits >= 0.95 * 200
