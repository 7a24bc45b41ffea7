"""Tenants share tables and never see each other."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sqlalchemy")

import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import exc

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import DataError
from crossreid.gallery import GalleryItem, Selection
from crossreid.gallery.postgres import schema
from crossreid.gallery.postgres.database import Database

TENANTS = ("north", "south", "west")
DIM = 4


def embed(vectors: np.ndarray) -> Embeddings:
    count = len(vectors)
    return Embeddings(
        vectors=vectors.astype(np.float32),
        modalities=np.full(count, "rgb"),
        person_ids=np.full(count, -1),
        camera_ids=np.full(count, -1),
        source_ids=np.full(count, ""),
        item_ids=np.full(count, ""),
        fingerprint="maker",
    )


def put(gallery: Any, keys: list[str], tenant: str) -> None:
    vectors = np.random.default_rng(len(keys)).normal(size=(len(keys), DIM))
    items = [GalleryItem(key, person="ann", track="t", camera="1", collection=tenant) for key in keys]
    gallery.enrol(items, embed(vectors), crops={key: tenant.encode() for key in keys})


ACTS = st.lists(
    st.tuples(
        st.sampled_from(TENANTS),
        st.sampled_from(["enrol", "erase", "watch", "retain", "rollback"]),
        st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=4, unique=True),
    ),
    min_size=3,
    max_size=12,
)


@settings(max_examples=10)
@given(acts=ACTS)
def test_no_query_returns_another_tenants_item(database: Database, acts: list) -> None:
    run = uuid.uuid4().hex[:8]
    expected: dict[str, set[str]] = {tenant: set() for tenant in TENANTS}
    gone: dict[str, set[str]] = {tenant: set() for tenant in TENANTS}
    galleries = {}
    for tenant in TENANTS:
        database.add_tenant(f"{tenant}-{run}")
        galleries[tenant] = database.gallery(f"{tenant}-{run}")
    for tenant, act, keys in acts:
        gallery = galleries[tenant]
        if act == "enrol":
            put(gallery, keys, tenant)
            expected[tenant] |= set(keys) - gone[tenant]
        elif act == "erase":
            gallery.erase(Selection(keys=keys))
            gone[tenant] |= expected[tenant] & set(keys)
            expected[tenant] -= set(keys)
        elif act == "watch":
            gallery.watch("list", people=["ann"], tracks=keys)
        elif act == "retain":
            gallery.retain(tenant, timedelta(days=1))
        elif act == "rollback":
            with database.transaction(gallery.tenant) as connection:
                put(gallery.within(connection), keys, tenant)
                connection.rollback()
        check_tables(database, gallery.tenant)
    for tenant, gallery in galleries.items():
        check_own_only(gallery, tenant, expected[tenant])
        check_tables(database, gallery.tenant)


def check_own_only(gallery: Any, tenant: str, expected: set[str]) -> None:
    assert {item.key for item in gallery.items()} == expected
    assert {item.collection for item in gallery.items()} <= {tenant}
    assert len(gallery) == gallery.statistics().items == len(expected)
    if expected:
        choices: tuple[dict[str, Any], ...] = ({}, {"group": "track"}, {"watchlist": "list"})
        for options in choices:
            found = gallery.search(np.ones(DIM), top=50, **options)
            assert {result.collection for result in found} <= {tenant}
            assert {result.key for result in found} <= expected
        assert {gallery.crop(key) for key in "abcd"} <= {None, tenant.encode()}


def check_tables(database: Database, tenant: str) -> None:
    """Even a query without any condition sees one tenant's rows only."""
    rows = sa.union_all(*(sa.select(table.c.tenant) for table in schema.GUARDED)).subquery()
    with database.transaction(tenant) as connection:
        assert set(connection.scalars(sa.select(rows.c.tenant).distinct())) <= {tenant}


@contextmanager
def refused(database: Database, tenant: str) -> Iterator[sa.Connection]:
    with pytest.raises(DataError, match="row-level security"), database.transaction(tenant) as connection:
        yield connection


def test_rows_of_another_tenant_can_be_neither_written_nor_pointed_at(
    database: Database, tenant: str
) -> None:
    other = f"{tenant}-other"
    database.add_tenant(other)
    database.gallery(tenant).enrol([GalleryItem("a")], embed(np.ones((1, DIM))))
    with database.transaction(tenant) as connection:
        item = connection.execute(sa.select(schema.items)).one()
    with refused(database, other) as connection:
        connection.execute(sa.insert(schema.galleries).values(tenant=tenant, name="x"))
    with database.transaction(other) as connection:
        assert connection.execute(sa.delete(schema.items)).rowcount == 0
        assert connection.execute(sa.update(schema.items).values(person="x")).rowcount == 0
    with (
        pytest.raises(exc.IntegrityError, match="crops_tenant_item_id_fkey"),
        database.transaction(other) as connection,
    ):
        connection.execute(sa.insert(schema.crops).values(item_id=item.id, tenant=other, picture=b"x"))
    assert database.gallery(tenant).item("a") == GalleryItem("a")


def test_a_session_that_names_no_tenant_sees_nothing(database: Database, tenant: str) -> None:
    put(database.gallery(tenant), ["a"], tenant)
    for nobody in ("", "unheard of"):
        with database.transaction(nobody) as connection:
            for table in schema.GUARDED:
                assert connection.execute(sa.select(table)).first() is None
    with refused(database, "") as connection:
        connection.execute(sa.insert(schema.jobs).values(tenant=tenant, kind="x"))


def test_a_connection_that_was_used_carries_no_tenant_on(database: Database, tenant: str) -> None:
    single = Database(database.url.render_as_string(False), pool_size=1)
    try:
        put(single.gallery(tenant), ["a"], tenant)
        with single.transaction("somebody else") as connection:
            assert connection.execute(sa.select(schema.items)).all() == []
        with single.engine.connect() as connection:
            assert connection.scalar(sa.text("SELECT current_setting('crossreid.tenant', true)")) in (
                None,
                "",
            )
    finally:
        single.close()


def test_an_api_key_leads_to_its_tenant_and_to_nothing_else(database: Database, tenant: str) -> None:
    with database.transaction(tenant) as connection:
        account = connection.scalar(
            sa.insert(schema.accounts)
            .values(tenant=tenant, name="door", role="device")
            .returning(schema.accounts.c.id)
        )
        for key in (f"{tenant}.1", f"{tenant}.2"):
            row = {"id": key, "tenant": tenant, "account_id": account, "hash": b"h", "scopes": ["enrol"]}
            connection.execute(sa.insert(schema.api_keys).values(row))
    with database.presenting(f"{tenant}.1") as connection:
        (found,) = connection.execute(sa.select(schema.api_keys))
        assert (found.id, found.tenant, found.scopes) == (f"{tenant}.1", tenant, ["enrol"])
        for table in set(schema.GUARDED) - {schema.api_keys}:
            assert connection.execute(sa.select(table)).first() is None
    for nothing in ("", "unknown"):
        with database.presenting(nothing) as connection:
            assert connection.execute(sa.select(schema.api_keys)).all() == []
    with (
        pytest.raises(exc.DBAPIError, match="read-only"),
        database.presenting(f"{tenant}.1") as connection,
    ):
        connection.execute(sa.update(schema.api_keys).values(scopes=["admin"]))


def test_audit_and_enrolment_are_committed_together(database: Database, tenant: str) -> None:
    gallery = database.gallery(tenant)
    entry = {"tenant": tenant, "actor": "door", "action": "enrol", "previous": b"", "hash": b"x"}
    with database.transaction(tenant) as connection:
        put(gallery.within(connection), ["a"], tenant)
        connection.execute(sa.insert(schema.audit).values(entry | {"sequence": 1}))
        assert len(gallery) == 0  # not yet, for others
    assert len(gallery) == 1

    def fork_the_chain() -> None:
        with database.transaction(tenant) as connection:
            put(gallery.within(connection), ["b"], tenant)
            connection.execute(sa.insert(schema.audit).values(entry | {"sequence": 1}))

    with pytest.raises(exc.IntegrityError):
        fork_the_chain()
    assert [item.key for item in gallery.items()] == ["a"]


@pytest.mark.parametrize("change", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit", "TRUNCATE audit"])
def test_the_audit_is_append_only(database: Database, tenant: str, change: str) -> None:
    entry = {"tenant": tenant, "actor": "door", "action": "enrol", "previous": b"", "hash": b"x"}
    with database.transaction(tenant) as connection:
        connection.execute(sa.insert(schema.audit).values(entry | {"sequence": 1}))
    with pytest.raises(DataError, match="permission denied"), database.transaction(tenant) as connection:
        connection.execute(sa.text(change))
    with (
        pytest.raises(exc.DBAPIError, match="never changed or removed"),
        database.engine.begin() as connection,  # not even the owner
    ):
        connection.execute(sa.text(change))
    with database.transaction(tenant) as connection:
        assert connection.scalar(sa.select(schema.audit.c.actor)) == "door"
