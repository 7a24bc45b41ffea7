"""Measure galleries in PostgreSQL: principal coordinates against an exact scan and against HNSW, a graph, over all
coordinates (the usual way) and over the same ones.

Two kinds of vectors: *low-rank*, people with a power-law spectrum (the i-th coordinate shrinks as i^-0.8), like
features of a large model after their rotation; *uniform*, directions drawn evenly, the worst case, in which no few
coordinates tell anything. 20 cameras, 30 days; another tenant has a tenth as many vectors in the same tables.

Each stage is noted in `benchmarks/results/gallery.json` when it is done, and a run goes on after the last one that
was: stop it at any time. The database stays in `--work`, a folder that the user `pgserver` can reach where this runs
as root. With `--smoke` the sizes are tiny and nothing is written there.

Run `python benchmarks/gallery.py [--rows 100000 1000000] [--kinds low-rank uniform] [--work FOLDER]`.
"""

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from crossreid.core.embeddings import Embeddings
from crossreid.gallery import GalleryItem
from crossreid.gallery.postgres.database import Database
from crossreid.gallery.postgres.embedded import EmbeddedPostgres
from crossreid.gallery.postgres.home import PostgresGallery
from crossreid.gallery.postgres.indexing import index_bytes
from crossreid.gallery.postgres.rows import as_text
from crossreid.training.record import provenance

RESULTS = Path(__file__).with_name("results") / "gallery.json"
SHOWN, BATCH, PER_PERSON, CAMERAS, DAYS = 10, 4096, 20, 20, 30
TARGET, GRAPH_CANDIDATES = 0.99, (200, 1000)
START = datetime(2025, 3, 1, tzinfo=UTC)
FILTERS: dict[str, dict[str, Any]] = {
    "none": {},
    "camera": {"camera": "7"},
    "time": {"time_range": (START + timedelta(days=3), START + timedelta(days=6, seconds=-1))},
    "camera and time": {
        "camera": "7",
        "time_range": (START + timedelta(days=3), START + timedelta(days=4, seconds=-1)),
    },
}


@dataclass(frozen=True)
class Case:
    """Vectors of one kind."""

    kind: str
    rows: int
    dim: int
    queries: int

    @property
    def name(self) -> str:
        return f"{self.kind}, {self.rows}"


class World:
    """The vectors of a case, the same each time, in pieces."""

    def __init__(self, case: Case, *, seed: int = 0) -> None:
        self.case, self.seed = case, seed
        generator = np.random.default_rng([seed, 1])
        low = case.kind == "low-rank"
        self.scales = (np.arange(1, case.dim + 1) ** (-0.8 if low else 0.0)).astype(np.float32)
        people = max(1, case.rows // PER_PERSON) if low else 0
        self.people = generator.standard_normal((people, case.dim), np.float32)

    def pieces(self) -> Iterator[tuple[range, np.ndarray]]:
        """Numbers of items, and their unit vectors float32 [n, dim]."""
        for start in range(0, self.case.rows, BATCH):
            numbers = range(start, min(start + BATCH, self.case.rows))
            yield numbers, self._draw(np.random.default_rng([self.seed, 2, start]), len(numbers))

    def queries(self) -> np.ndarray:
        """Other pictures of the same people, float32 [queries, dim]."""
        return self._draw(np.random.default_rng([self.seed, 3]), self.case.queries)

    def _draw(self, generator: np.random.Generator, count: int) -> np.ndarray:
        vectors = generator.standard_normal((count, self.case.dim), np.float32)
        if len(self.people):
            vectors = self.people[generator.integers(len(self.people), size=count)] + 0.7 * vectors
        vectors *= self.scales
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def item(number: int) -> GalleryItem:
    """Camera and time follow from the number, independently of the person."""
    return GalleryItem(
        str(number), camera=str(number % CAMERAS), time=START + timedelta(days=number * 7 % 3000 / 100)
    )


def embed(vectors: np.ndarray) -> Embeddings:
    count = len(vectors)
    return Embeddings(
        vectors=vectors,
        modalities=np.full(count, "rgb"),
        person_ids=np.full(count, -1),
        camera_ids=np.full(count, -1),
        source_ids=np.full(count, ""),
        item_ids=np.full(count, ""),
        fingerprint="benchmark",
        rotation="principal",
    )


def truth(world: World) -> dict[str, list[list[str]]]:
    """Of each filter and query the keys of the best, by arithmetic."""
    queries = world.queries()
    best = {name: [(np.empty(0, np.float32), np.empty(0, np.int64))] * len(queries) for name in FILTERS}
    for numbers, vectors in world.pieces():
        scores = queries @ vectors.T
        items = [item(number) for number in numbers]
        for name, conditions in FILTERS.items():
            kept = np.array([_passes(one, conditions) for one in items])
            for row, (old, ids) in enumerate(best[name]):
                joined = np.concatenate([old, scores[row, kept]])
                known = np.concatenate([ids, np.array(numbers)[kept]])
                order = np.argsort(-joined, kind="stable")[:SHOWN]
                best[name][row] = joined[order], known[order]
    return {name: [[str(one) for one in ids] for _, ids in rows] for name, rows in best.items()}


def _passes(one: GalleryItem, conditions: dict[str, Any]) -> bool:
    first, last = conditions.get("time_range", (None, None))
    in_time = first is None or (one.time is not None and first <= one.time <= last)
    return in_time and conditions.get("camera", one.camera) == one.camera


def ingest(gallery: PostgresGallery, world: World) -> dict[str, float | None]:
    """Enrol everything; what an earlier run has enrolled is known and passes by; of that alone there is no rate."""
    new, seconds = 0, 0.0
    for numbers, vectors in world.pieces():
        items = [item(number) for number in numbers]
        start = time.perf_counter()
        accepted = len(gallery.enrol(items, embed(vectors)).accepted)
        if accepted == len(items):
            new, seconds = new + accepted, seconds + time.perf_counter() - start
    return {"timed_items": new, "items_per_second": new / seconds if seconds else None}


def timed_searches(
    search: Callable[[np.ndarray], list[str]], queries: np.ndarray, right: Sequence[Sequence[str]]
) -> dict[str, float]:
    """One client, one query at a time, after a tenth of them as a warm-up."""
    for query in queries[: max(1, len(queries) // 10)]:
        search(query)
    milliseconds, hits = [], 0
    for query, expected in zip(queries, right, strict=True):
        start = time.perf_counter()
        found = search(query)
        milliseconds.append(1000 * (time.perf_counter() - start))
        hits += len(set(found) & set(expected))
    return {
        "searches": len(queries),
        "p50_ms": float(np.percentile(milliseconds, 50)),
        "p99_ms": float(np.percentile(milliseconds, 99)),
        "per_second": 1000 * len(queries) / sum(milliseconds),
        "recall": hits / max(1, sum(map(len, right))),
    }


def keys_of(gallery: PostgresGallery, **options: Any) -> Callable[[np.ndarray], list[str]]:
    return lambda query: [one.key for one in gallery.search(query, top=SHOWN, **options)]


def encoder_of(gallery: PostgresGallery) -> int:
    with gallery.opened() as (_, stored):
        assert stored is not None
        assert stored.current is not None
        return stored.current.id


@dataclass(frozen=True)
class Graph:
    """HNSW, for comparison.

    Args:
        name: of the index.
        expression: what it is over, of the vector {0}.
        operators: class of operators.
        distance: operator.
        encoder: row of `encoders` whose vectors it holds.
    """

    name: str
    expression: str
    operators: str
    distance: str
    encoder: int

    def build(self, database: Database) -> dict[str, float]:
        start = time.perf_counter()
        with database.alone() as connection:
            connection.execute(sa.text(f"DROP INDEX IF EXISTS {self.name}"))
            connection.execute(sa.text("SET maintenance_work_mem = '4GB'"))
            connection.execute(
                sa.text(
                    f"CREATE INDEX {self.name} ON vectors USING hnsw (({self.expression.format('vector')})"
                    f" {self.operators}) WITH (m = 16, ef_construction = 64) WHERE encoder_id = {self.encoder}"
                )
            )
            size = connection.scalar(sa.text(f"SELECT pg_relation_size('{self.name}')")) or 0
        return {"seconds": time.perf_counter() - start, "bytes": size}

    def searches(self, gallery: PostgresGallery, candidates: int) -> Callable[[np.ndarray], list[str]]:
        """With so many candidates, which are compared in full width, and as many in view (`hnsw.ef_search`)."""
        query = self.expression.format("CAST(:query AS vector)")
        statement = sa.text(
            "WITH near AS MATERIALIZED (SELECT item_id, vector FROM vectors WHERE"
            f" encoder_id = {self.encoder} ORDER BY {self.expression.format('vector')} {self.distance} {query}"
            f" LIMIT {candidates})"
            " SELECT key FROM near JOIN items ON items.id = near.item_id"
            f" ORDER BY near.vector <#> CAST(:query AS vector) LIMIT {SHOWN}"
        )
        settings = sa.text(
            f"SELECT set_config('hnsw.ef_search', '{candidates}', true),"
            " set_config('enable_sort', 'off', true)"
        )

        def search(query: np.ndarray) -> list[str]:
            with gallery.opened() as (connection, _):
                connection.execute(settings)
                return list(connection.scalars(statement, {"query": as_text(query)}))

        return search


def graphs(encoder: int, dim: int, width: int) -> dict[str, Graph]:
    """Over all coordinates, and over as many as the gallery's own index has, if it has one."""
    full = f"{{0}}::halfvec({dim})"
    first = (
        f"subvector({{0}}, 1, {width})::vector({width})::halfvec({width})"  # not the expression of that index
    )
    found = {"full width": Graph("full_width", full, "halfvec_ip_ops", "<#>", encoder)}
    return found | ({"graph": Graph("graph", first, "halfvec_cosine_ops", "<=>", encoder)} if width else {})


def sizes(database: Database, server: EmbeddedPostgres) -> dict[str, int]:
    """Bytes of the tables on the disk with their indexes, and what the server's processes hold in memory."""
    tables = ("vectors", "items")
    with database.alone() as connection:
        on_disk = {
            f"{table}_bytes": connection.scalar(sa.text(f"SELECT pg_total_relation_size('{table}')")) or 0
            for table in tables
        }
    return on_disk | {"memory_bytes": memory_of(server.pid())}


def memory_of(pid: int) -> int:
    """Proportional set size of a process and its children."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if pid in (int(folder.name), parent):
                rows = (folder / "smaps_rollup").read_text().splitlines()
                total += 1024 * next(int(row.split()[1]) for row in rows if row.startswith("Pss:"))
        except (OSError, StopIteration):
            continue
    return total


class Book:
    """The results so far; a stage that is in it is not run again."""

    def __init__(self, file: Path, settings: dict[str, Any]) -> None:
        self.file = file
        self.content: dict[str, Any] = {"settings": settings, "cases": {}}
        if file.exists():
            known = json.loads(file.read_text())
            if known["settings"] == settings:
                self.content = known

    def stage(self, case: str, name: str, run: Callable[[], Any]) -> Any:
        stages = self.content["cases"].setdefault(case, {})
        if name not in stages:
            print(f"{case}: {name} ...", flush=True)
            stages[name] = run()
            print(f"{case}: {name}: {json.dumps(stages[name])[:300]}", flush=True)
            self.file.parent.mkdir(parents=True, exist_ok=True)
            partial = self.file.with_name(f".{self.file.name}")
            partial.write_text(json.dumps(self.content, indent=1) + "\n")
            partial.replace(self.file)
        return stages[name]


def measure(book: Book, case: Case, server: EmbeddedPostgres, work: Path) -> None:
    """All stages of a case, in a database of its own."""
    book.stage(case.name, "provenance", provenance)
    name = f"bench_{case.kind}_{case.rows}_{case.dim}".replace("-", "_")
    make_database(server, name)
    database, world = Database(server.uri_of(name)), World(case)
    other = World(Case(case.kind, max(BATCH // 8, case.rows // 10), case.dim, case.queries), seed=1)
    database.upgrade()
    galleries = [database.gallery(tenant) for tenant in ("one", "two")]
    try:
        for gallery in galleries:
            database.add_tenant(gallery.tenant)
        gallery, neighbour = galleries
        book.stage(case.name, "ingest", lambda: ingest(gallery, world))
        book.stage(case.name, "ingest of another tenant", lambda: ingest(neighbour, other))
        right = remembered(work / f"{name}.truth.json", lambda: truth(world))
        elsewhere = remembered(work / f"{name}.other.json", lambda: truth(other))
        book.stage(case.name, "sizes", lambda: analysed_sizes(database, server))
        few = max(3, case.queries // 10)
        queries, asked = world.queries(), other.queries()
        exact = keys_of(gallery, exact=True)
        book.stage(case.name, "exact", lambda: timed_searches(exact, queries[:few], right["none"][:few]))
        book.stage(case.name, "index", lambda: build(gallery))
        book.stage(case.name, "index of another tenant", lambda: build(neighbour))
        for which, conditions in FILTERS.items():
            search = keys_of(gallery, **conditions)
            stage = f"search, filter {which}"
            book.stage(case.name, stage, lambda s=search, w=which: timed_searches(s, queries, right[w]))
        stage = "search of another tenant"
        book.stage(case.name, stage, lambda: timed_searches(keys_of(neighbour), asked, elsewhere["none"]))
        width = book.content["cases"][case.name]["index"]["width"]
        for name, graph in graphs(encoder_of(gallery), case.dim, width).items():
            book.stage(case.name, name, lambda g=graph: g.build(database))
            for candidates in GRAPH_CANDIDATES:
                search = graph.searches(gallery, candidates)
                stage = f"search, {name}, {candidates} candidates"
                book.stage(case.name, stage, lambda s=search: timed_searches(s, queries, right["none"]))
        book.stage(case.name, "sizes at the end", lambda: sizes(database, server))
    finally:
        database.close()


def build(gallery: PostgresGallery) -> dict[str, Any]:
    start = time.perf_counter()
    record = gallery.build_index(TARGET)
    seconds = time.perf_counter() - start
    size = index_bytes(gallery.database, encoder_of(gallery)) if record.used else 0
    return asdict(record) | {"used": record.used, "seconds": seconds, "bytes": size}


def analysed_sizes(database: Database, server: EmbeddedPostgres) -> dict[str, int]:
    with database.alone() as connection:
        connection.execute(sa.text("VACUUM ANALYZE"))
    return sizes(database, server)


def remembered(file: Path, make: Callable[[], Any]) -> Any:
    if not file.exists():
        file.write_text(json.dumps(make()))
    return json.loads(file.read_text())


def make_database(server: EmbeddedPostgres, name: str) -> None:
    main = Database(server.uri)
    with main.alone() as connection:
        known = sa.text("SELECT 1 FROM pg_database WHERE datname = :name")
        if connection.scalar(known, {"name": name}) is None:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
    main.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure galleries in PostgreSQL.")
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument(
        "--kinds", nargs="+", default=["low-rank", "uniform"], choices=["low-rank", "uniform"]
    )
    parser.add_argument("--dim", type=int, default=1536)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--work", type=Path, default=Path("runs/benchmark-gallery"))
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--smoke", action="store_true", help="tiny, in a temporary folder")
    options = parser.parse_args()
    if options.smoke:
        options.rows, options.dim, options.queries = [1200], 96, 12
        options.work = Path(tempfile.mkdtemp(prefix="crossreid-"))
        options.work.chmod(0o755)
        options.out = options.work / "gallery.json"
    options.work.mkdir(parents=True, exist_ok=True)
    settings = {"dim": options.dim, "queries": options.queries, "target": TARGET, "shown": SHOWN, "seed": 0}
    book = Book(options.out, settings)
    try:
        with EmbeddedPostgres(options.work / "postgres") as server:
            for kind in options.kinds:
                for rows in options.rows:
                    measure(book, Case(kind, rows, options.dim, options.queries), server, options.work)
    finally:
        if options.smoke:
            shutil.rmtree(options.work, ignore_errors=True)


if __name__ == "__main__":
    main()
