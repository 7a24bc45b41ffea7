"""One committed state of a folder gallery in memory, and its search."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from crossreid.core.basis import PrincipalBasis
from crossreid.gallery.gallery import Group
from crossreid.gallery.parts import Part
from crossreid.gallery.principal import TINY
from crossreid.gallery.ranking import best_places, first_of_each, scores_of
from crossreid.gallery.state import PARTS, State


@dataclass(frozen=True, eq=False)
class Snapshot:
    """One committed state; `rows` are those of `stored` that no later row with the same path replaces,
    `basis` holds the directions of the index.
    """

    folder: Path
    state: State
    stored: Part
    rows: np.ndarray
    basis: PrincipalBasis | None

    @cached_property
    def part(self) -> Part:
        """The rows that count."""
        return self.stored if len(self.rows) == len(self.stored) else self.stored.select(self.rows)

    @cached_property
    def places(self) -> dict[str, int]:
        """The row of each key in `part`."""
        return {path: row for row, path in enumerate(self.part.paths)}

    @cached_property
    def low(self) -> np.ndarray | None:
        """Directions of `part` in the principal coordinates, float32 [n, width], unit rows."""
        if self.basis is None:
            return None
        low = self.part.embeddings.vectors @ self.basis.directions
        return low / np.sqrt(np.maximum(np.square(low).sum(axis=1, keepdims=True), TINY))

    def nearest(
        self, vector: np.ndarray, rows: np.ndarray, *, top: int, group: Group | None, exact: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        """The best rows int64 [k] with their cosines float32 [k], best first; ties go to the lower row.

        Args:
            vector: float32 [dim], unit length.
            rows: int64 [m], those that may be found, ascending.
            top: how many at most.
            group: one row of each person, or track, only.
            exact: look at all rows in full width.
        """
        vectors, index = self.part.embeddings.vectors, self.state.index
        wanted = 0 if exact or index is None else max(index.record.candidates, top)
        while 0 < wanted < len(rows):
            candidates = np.sort(self._promising(vector, rows, wanted))
            found, scores = self._best(vector, vectors, candidates, top, group)
            if len(found) == top:
                return found, scores
            wanted *= 4
        return self._best(vector, vectors, rows, top, group)

    def _promising(self, vector: np.ndarray, rows: np.ndarray, count: int) -> np.ndarray:
        assert self.basis is not None
        assert self.low is not None
        return rows[best_places(scores_of(vector @ self.basis.directions, self.low, rows), count)]

    def _best(
        self, vector: np.ndarray, vectors: np.ndarray, rows: np.ndarray, top: int, group: Group | None
    ) -> tuple[np.ndarray, np.ndarray]:
        scores = scores_of(vector, vectors, rows)
        if group is None:
            places = best_places(scores, top)
        else:
            order = best_places(scores, len(scores))
            labels = self.part.table[group].take(rows[order]).to_pylist()
            places = order[first_of_each(labels, top)]
        return rows[places], scores[places]


def load_basis(folder: Path, state: State) -> PrincipalBasis | None:
    """The directions of the index, if there is one.

    Raises:
        DataError: they are missing or damaged.
    """
    return PrincipalBasis.load(basis_file(folder, state.index.name)) if state.index else None


def basis_file(folder: Path, name: str) -> Path:
    """Where the directions of an index lie."""
    return folder / PARTS / f"{name}.basis.safetensors"
