"""Single searches to look at: some that succeed and some that fail."""

from dataclasses import dataclass

import numpy as np

from crossreid.core.embeddings import Embeddings
from crossreid.evaluation.answers import Keys


@dataclass(frozen=True, slots=True)
class RetrievalCase:
    """One query and the best of its gallery.

    Args:
        query_index: row among the queries.
        gallery_indices: rows among the gallery, best first.
        scores: their cosines.
        correct: which of them are the query's person.
    """

    query_index: int
    gallery_indices: tuple[int, ...]
    scores: tuple[float, ...]
    correct: tuple[bool, ...]

    @property
    def succeeded(self) -> bool:
        """Whether the first result is right."""
        return self.correct[0]


def retrieval_cases(
    query: Embeddings,
    gallery: Embeddings,
    *,
    exclude: Keys | None = None,
    whoever: bool = False,
    successes: int = 2,
    failures: int = 2,
    top: int = 5,
    seed: int = 0,
) -> tuple[RetrievalCase, ...]:
    """Draw searches at random, not the prettiest ones: the first successes and failures met.

    Args:
        query: of one modality.
        gallery: of one modality.
        exclude: keys as for `rank`.
        whoever: drops items with the query's key whoever is on them, rather than those of its person only.
        successes: how many to find; fewer when there are not so many.
        failures: the same for searches whose first result is wrong though a right one is there.
        top: results of each.
        seed: of the draw.

    Returns:
        Successes first.
    """
    queries = query.unit().vectors.astype(np.float64)
    items = gallery.unit().vectors.astype(np.float64)
    found: dict[bool, list[RetrievalCase]] = {True: [], False: []}
    wanted = {True: successes, False: failures}
    for index in np.random.default_rng(seed).permutation(len(query)):
        if all(len(found[outcome]) >= wanted[outcome] for outcome in wanted):
            break
        case = _search(int(index), queries, items, query, gallery, exclude, whoever, top)
        if case is not None and len(found[case.succeeded]) < wanted[case.succeeded]:
            found[case.succeeded].append(case)
    return tuple(found[True] + found[False])


def _search(
    index: int,
    queries: np.ndarray,
    items: np.ndarray,
    query: Embeddings,
    gallery: Embeddings,
    exclude: Keys | None,
    whoever: bool,
    top: int,
) -> RetrievalCase | None:
    """The case of one query; None when its person is unknown or not in its gallery."""
    person_id = query.person_ids[index]
    right = gallery.person_ids == person_id
    dropped = exclude[1] == exclude[0][index] if exclude else np.zeros(len(gallery), dtype=bool)
    dropped = dropped if whoever else dropped & right
    if person_id < 0 or not (right & ~dropped).any():
        return None
    cosines = np.where(dropped, -np.inf, items @ queries[index])
    best = np.argsort(-cosines, kind="stable")[: min(top, int((~dropped).sum()))]
    return RetrievalCase(
        query_index=index,
        gallery_indices=tuple(best.tolist()),
        scores=tuple(cosines[best].tolist()),
        correct=tuple(right[best].tolist()),
    )
