"""A folder gallery in numbers."""

from collections import Counter
from pathlib import Path

import pyarrow.compute as pc

from crossreid.gallery.parts import Part
from crossreid.gallery.records import Statistics
from crossreid.gallery.snapshot import Snapshot
from crossreid.gallery.state import CROPS, PARTS, State


def folder_statistics(folder: Path, snapshot: Snapshot | None) -> Statistics:
    """See `Gallery.statistics`."""
    state = State.load(folder)
    table = snapshot.part.table if snapshot else None

    def labels(column: str) -> Counter[str]:
        return Counter(table[column].to_pylist()) if table is not None else Counter()

    times = None if table is None else pc.call_function("min_max", [table["time"]]).as_py()
    coming = state.coming if state else None
    items = table.num_rows if table is not None else 0
    return Statistics(
        items=items,
        people=len(labels("person").keys() - {""}),
        tracks=len(labels("track").keys() - {""}),
        cameras=len(labels("camera").keys() - {""}),
        modalities=dict(labels("modality")),
        collections=dict(labels("collection")),
        first=times["min"] if times else None,
        last=times["max"] if times else None,
        crops=sum(1 for file in (folder / CROPS).glob("[!.]*")),
        size_bytes=sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()),
        encoder=state.encoder if state and state.encoder.fingerprint else None,
        coming=coming.encoder if coming else None,
        pending=items - len(_keys(folder, coming.parts)) if coming else 0,
        index=state.index.record if state and state.index else None,
    )


def _keys(folder: Path, names: tuple[str, ...]) -> frozenset[str]:
    return frozenset().union(*(Part.load_keys(folder / PARTS, name) for name in names))
