"""Queries of several pieces of evidence of the same encounter."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from crossreid.core.embeddings import Embeddings
from crossreid.evaluation.fusion import fuse


def join_evidence(kinds: Sequence[Embeddings], weights: Sequence[float] | None = None) -> Embeddings:
    """One query for each encounter that has every kind of evidence: the sum of unit vectors, of unit length.

    Args:
        kinds: as for `align_evidence`.
        weights: of the kinds in the sum; equal when left out.

    Returns:
        Rows with the keys of their piece of the first kind.
    """
    joined = align_evidence(kinds)
    if not len(joined[0]):
        return joined[0]
    return replace(joined[0], vectors=fuse([kind.vectors for kind in joined], weights))


def align_evidence(kinds: Sequence[Embeddings]) -> list[Embeddings]:
    """The pieces of each encounter that has every kind of evidence, in rows that correspond.

    Where an encounter has several items of a kind (two captions), it gives as many rows as it has items of the
    most numerous kind, and the others take turns.

    Args:
        kinds: one set of rows a kind; rows with the same person and source are of one encounter, rows without a
            source are of none.
    """
    rows = aligned_rows(kinds)
    return [kind.select(chosen) for kind, chosen in zip(kinds, rows, strict=True)]


def aligned_rows(kinds: Sequence[Embeddings]) -> list[np.ndarray]:
    """The rows that `align_evidence` takes of each kind, int64 [n]."""
    encounters = [_by_encounter(kind) for kind in kinds]
    chosen: list[list[int]] = [[] for _ in kinds]
    for encounter, first in encounters[0].items():
        pieces = [kind.get(encounter, []) for kind in encounters]
        if first and all(pieces):
            for turn in range(max(map(len, pieces))):
                for rows, piece in zip(chosen, pieces, strict=True):
                    rows.append(piece[turn % len(piece)])
    return [np.array(rows, dtype=np.int64) for rows in chosen]


def _by_encounter(items: Embeddings) -> dict[tuple[int, str], list[int]]:
    encounters: dict[tuple[int, str], list[int]] = defaultdict(list)
    for row, (person, source) in enumerate(zip(items.person_ids, items.source_ids, strict=True)):
        if source:
            encounters[int(person), str(source)].append(row)
    return encounters
