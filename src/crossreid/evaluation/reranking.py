"""Re-ranking methods, by name."""

from typing import Literal

import numpy as np

from crossreid.core.errors import ConfigurationError
from crossreid.evaluation.answers import Keys, right_and_dropped
from crossreid.evaluation.cosines import Rows, cosine_rows
from crossreid.evaluation.k_reciprocal import k_reciprocal_rows
from crossreid.evaluation.query_expansion import expand_queries

Reranking = Literal["", "k-reciprocal", "average-expansion", "alpha-expansion"]

RERANKINGS: tuple[Reranking, ...] = ("k-reciprocal", "average-expansion", "alpha-expansion")
"""The names, besides "" for the plain ranking."""


def find_reranking(name: str) -> Reranking:
    """The name, checked.

    Raises:
        ConfigurationError: there is no such re-ranking; lists those that there are.
    """
    for known in RERANKINGS:
        if name == known:
            return known
    raise ConfigurationError(f"re-ranking {name!r}", expected=f"one of {', '.join(RERANKINGS)}")


def reranked_rows(
    name: Reranking,
    queries: np.ndarray,
    gallery: np.ndarray,
    *,
    people: tuple[np.ndarray, np.ndarray],
    exclude: Keys | None = None,
    whoever: bool = False,
) -> Rows:
    """Similarities with or without re-ranking, with the settings of its source.

    Args:
        name: of the re-ranking; "" for plain cosines.
        queries: [q, dim].
        gallery: [g, dim].
        people: person ids of queries and gallery: with `exclude` and `whoever` they say what a query does not see.
        exclude: as for `right_and_dropped`.
        whoever: as for `right_and_dropped`.
    """
    match name:
        case "":
            return cosine_rows(queries, gallery)
        case "k-reciprocal":
            return k_reciprocal_rows(queries, gallery)
        case "average-expansion" | "alpha-expansion":
            answers = right_and_dropped(*people, exclude=exclude, whoever=whoever)
            alpha = 0 if name == "average-expansion" else 3
            expanded = expand_queries(queries, gallery, (dropped for _, dropped in answers), alpha=alpha)
            return cosine_rows(expanded, gallery)
