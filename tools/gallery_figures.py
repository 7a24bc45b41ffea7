"""What benchmarks/gallery.py measured, as a section of docs/performance.md."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_TITLE = """## Galleries

`python benchmarks/gallery.py`. Aim, with a million vectors of few principal directions: recall@10 of at least 0.99 at
20 times the rate of an exact scan, an index of at most a sixth of the usual one's size, and the same recall with
conditions. One client, one search at a time, one way after the other, in PostgreSQL on the same machine; seconds of the
clock. A p99 of few searches is little more than the longest. *Low-rank* vectors have a power-law spectrum, like
features of a large model; *uniform* ones are the worst case, for which the gallery keeps no index and looks at
everything. *Times exact* is the rate beside that of the exact scan, where the same vectors are searched: conditions
leave out most, and the other tenant has a tenth as many. The other ways are HNSW, pgvector's graph (m = 16,
ef_construction = 64), over all numbers, as is usual, and over the same first ones.
"""
_COLUMNS = (
    *("case", "way", "searches", "p50, ms", "p99, ms", "searches/s", "times exact", "recall@10"),
    *("index, MiB", "built in, s"),
)
_HEADER = f"| {' | '.join(_COLUMNS)} |\n| --- | --- |{' ---: |' * (len(_COLUMNS) - 2)}"
_CONDITIONS = ("camera", "time", "camera and time")
_GRAPH_CANDIDATES = (200, 1000)
_OF_OTHERS = ("search of another tenant", *(f"search, filter {one}" for one in _CONDITIONS))
"""Which search fewer vectors than the exact scan."""


def section(path: Path) -> list[str]:
    """Lines of Markdown; cases that were not carried to their end have fewer rows."""
    if not path.exists():
        return [_TITLE, "Not measured yet.", ""]
    content = json.loads(path.read_text(encoding="utf-8"))
    cases, dim = content["cases"], content["settings"]["dim"]
    lines = [_TITLE, _HEADER]
    lines += [f"| {' | '.join((case, *cells))} |" for case, found in cases.items() for cells in _rows(found)]
    lines += ["", *(_sentence(case, found, dim) for case, found in cases.items() if "sizes" in found)]
    return [*lines, ""]


def _rows(found: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    index, other = (found.get(name, {}) for name in ("index", "index of another tenant"))
    ours = _ours(index)
    ways = [("exact scan", "exact", {}), (ours, "search, filter none", index)]
    ways += [(f"{ours}, by {one}", f"search, filter {one}", {}) for one in _CONDITIONS]
    ways += [(f"{_ours(other)}, of another tenant", "search of another tenant", other)]
    for graph, numbers in (("full width", "all numbers"), ("graph", f"{index.get('width')} numbers")):
        ways += [
            (
                f"HNSW ({numbers}, {count} candidates)",
                f"search, {graph}, {count} candidates",
                found.get(graph, {}),
            )
            for count in _GRAPH_CANDIDATES
        ]
    for name, stage, built in ways:
        if stage not in found:
            continue
        measured = found[stage]
        same = stage not in _OF_OTHERS
        times = measured["per_second"] / found["exact"]["per_second"]
        yield (
            name,
            f"{measured['searches']}",
            f"{measured['p50_ms']:,.1f}",
            f"{measured['p99_ms']:,.1f}",
            f"{measured['per_second']:,.1f}",
            f"{times:,.1f}" if same else "",
            f"{measured['recall']:.4f}",
            f"{built['bytes'] / 2**20:,.0f}" if built.get("bytes") else "",
            f"{built['seconds']:,.0f}" if built.get("bytes") else "",
        )


def _ours(index: Mapping[str, Any]) -> str:
    """Of the search that the gallery chose by itself."""
    if not index.get("used"):
        return "ours (no index)"
    opened = f"{index['probes']} of {index['lists']} lists"
    return f"ours ({index['width']} numbers, {opened}, {index['candidates']} candidates)"


def _sentence(case: str, found: Mapping[str, Any], dim: int) -> str:
    sizes, hardware = found["sizes"], found["provenance"]["hardware"]
    disk = (sizes["vectors_bytes"] + sizes["items_bytes"]) / 2**20
    rate = found["ingest"]["items_per_second"]
    enrolled = f", enrolled at {rate:,.0f} a second" if rate else ""
    return (
        f"{case}: vectors of {dim} numbers{enrolled},"
        f" {disk:,.0f} MiB on the disk without the index; {hardware['processor']}, {hardware['cores']} cores."
    )
