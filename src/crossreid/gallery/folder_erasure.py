"""Erasing from a folder gallery."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import numpy as np

from crossreid.gallery.parts import Part, flush_to_disk
from crossreid.gallery.ranking import rows_that_match
from crossreid.gallery.records import ErasureProof, Watchlist, digest_of, key_hash
from crossreid.gallery.selection import Selection, asked_labels, check_for_erasure
from crossreid.gallery.state import ERASURES, PARTS
from crossreid.gallery.writer import FolderWriter, crop_file, disk_errors_named, last_of_each


def erase_items(writer: FolderWriter, selections: Sequence[Selection], *, reference: str) -> ErasureProof:
    """See `Gallery.erase`.

    The commit removes items, vectors and memberships; crops are removed before it, so that no proof can be read while
    one is left. Files with the replaced rows go right after it.
    """
    check_for_erasure(selections)
    with disk_errors_named(writer.folder):
        part = _present(writer)
        rows = _rows(part, selections, writer.state.watchlists)
        keys = set(part.select(rows).paths) if part is not None else set()
        vectors = len(keys) + len(keys & _coming(writer))
        watchlists, memberships = _left(writer.state.watchlists, _lost(part, rows, selections))
        crops = writer.remove_crops(keys)
        proof = ErasureProof(
            id=uuid4(),
            at=datetime.now(UTC),
            reference=reference,
            items=len(keys),
            vectors=vectors,
            crops=crops,
            memberships=memberships,
            digest=digest_of(keys),
            remaining=0,
        )
        _write_hashes(writer, proof, keys)
        coming = writer.state.coming
        writer.commit(
            parts=writer.without(writer.state.parts, keys),
            coming=replace(coming, parts=writer.without(coming.parts, keys)) if coming else None,
            watchlists=watchlists,
            erasures=(*writer.state.erasures, proof),
        )
        return _counted(writer, proof, keys)


def _present(writer: FolderWriter) -> Part | None:
    if not writer.state.parts:
        return None
    stored = writer.load(writer.state.parts)
    return stored.select(last_of_each(stored.paths))


def _rows(
    part: Part | None, selections: Iterable[Selection], watchlists: Mapping[str, Watchlist]
) -> np.ndarray:
    if part is None:
        return np.empty(0, np.int64)
    found = [rows_that_match(part.table, selection, watchlists=watchlists) for selection in selections]
    return np.unique(np.concatenate(found))


def _coming(writer: FolderWriter) -> set[str]:
    coming = writer.state.coming
    return set(writer.load(coming.parts).paths) if coming and coming.parts else set()


def _lost(part: Part | None, rows: np.ndarray, selections: Iterable[Selection]) -> tuple[set[str], set[str]]:
    """People and tracks that were asked for or lose an item, and have none left."""
    people, tracks = asked_labels(selections)
    if part is None:
        return people, tracks
    gone = part.select(rows).table
    left = part.select(np.setdiff1d(np.arange(len(part)), rows)).table
    return (
        (people | set(gone["person"].to_pylist())) - set(left["person"].to_pylist()),
        (tracks | set(gone["track"].to_pylist())) - set(left["track"].to_pylist()),
    )


def _left(
    watchlists: Mapping[str, Watchlist], lost: tuple[set[str], set[str]]
) -> tuple[dict[str, Watchlist], int]:
    left = {
        name: Watchlist(
            name,
            tuple(label for label in one.people if label not in lost[0]),
            tuple(label for label in one.tracks if label not in lost[1]),
        )
        for name, one in watchlists.items()
    }
    return left, _members(watchlists) - _members(left)


def _members(watchlists: Mapping[str, Watchlist]) -> int:
    return sum(len(one.people) + len(one.tracks) for one in watchlists.values())


def _write_hashes(writer: FolderWriter, proof: ErasureProof, keys: Iterable[str]) -> None:
    """By which `enrol` knows an erased key again."""
    folder = writer.folder / ERASURES
    folder.mkdir(exist_ok=True)
    file = folder / f"{proof.id}.txt"
    file.write_text("".join(f"{key_hash(key)}\n" for key in sorted(keys)), encoding="ascii")
    flush_to_disk(file)
    flush_to_disk(folder)


def _counted(writer: FolderWriter, proof: ErasureProof, keys: set[str]) -> ErasureProof:
    """The proof with what a look at the disk finds of these keys."""
    names = {file.name.partition(".")[0] for file in (writer.folder / PARTS).glob("*.items.parquet")}
    rows = sum(path in keys for name in names for path in writer.load([name]).paths)
    files = sum(crop_file(writer.folder, key).exists() for key in keys)
    if not rows + files:
        return proof
    counted = replace(proof, remaining=rows + files)
    writer.commit(erasures=(*writer.state.erasures[:-1], counted))
    return counted
