"""What is searched with, and what is searched for."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import ConfigurationError
from crossreid.core.modality import Modality
from crossreid.evaluation.evidence import join_evidence

_LETTERS = {"R": Modality.RGB, "IR": Modality.IR, "S": Modality.SKETCH, "T": Modality.TEXT}


@dataclass(frozen=True, slots=True)
class RetrievalTask:
    """Queries against a gallery of one modality; written `S->R`, or `IR+S->R` for queries of two pieces each.

    Args:
        query: the modality of the queries, the first where they have several.
        gallery: the modality of the gallery.
        others: the further modalities of each query.
    """

    query: Modality
    gallery: Modality
    others: tuple[Modality, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "RetrievalTask":
        """Read R, IR, S and T, joined by an arrow; before it several different ones, joined by +.

        Raises:
            ConfigurationError: the text is anything else.
        """
        sides = text.split("->")
        pieces = sides[0].split("+")
        repeated = len(set(pieces)) != len(pieces)
        if len(sides) != 2 or not {*pieces, sides[1]} <= set(_LETTERS) or repeated:
            raise ConfigurationError(
                f"task {text!r}",
                expected=f"'X->Y' with X and Y of {', '.join(_LETTERS)}, such as 'S->R' or 'IR+S->R'",
            )
        first, *others = (_LETTERS[piece] for piece in pieces)
        return cls(first, _LETTERS[sides[1]], tuple(others))

    def __str__(self) -> str:
        letters = {modality: letter for letter, modality in _LETTERS.items()}
        return f"{'+'.join(letters[modality] for modality in self.evidence)}->{letters[self.gallery]}"

    @property
    def evidence(self) -> tuple[Modality, ...]:
        """All modalities of a query."""
        return self.query, *self.others

    def queries(
        self, embeddings: Embeddings, *, weights: Mapping[Modality, float] | None = None
    ) -> Embeddings:
        """The task's queries: rows of its modality, or the joined rows of one encounter where it has several.

        Args:
            embeddings: of all kinds of evidence.
            weights: of the kinds in a joined row; equal when left out.
        """
        if not self.others:
            return embeddings.of(self.query)
        order = self.joined_order
        return join_evidence(
            [embeddings.of(modality) for modality in order],
            None if weights is None else [weights[modality] for modality in order],
        )

    @property
    def joined_order(self) -> tuple[Modality, ...]:
        """The piece that is in the gallery too comes first: a joined row keeps the name of its first piece."""
        return tuple(sorted(self.evidence, key=lambda modality: modality != self.gallery))


def possible_tasks(tasks: Iterable[str], kinds: Collection[Modality]) -> tuple[str, ...]:
    """Those whose queries and gallery are among these kinds of evidence."""
    parsed = {task: RetrievalTask.parse(task) for task in tasks}
    return tuple(task for task, one in parsed.items() if {*one.evidence, one.gallery} <= set(kinds))


def every_combination(evidence: Sequence[str], gallery: str = "R") -> tuple[str, ...]:
    """The tasks with each single kind of evidence, then each pair, and so on: of ("IR", "S") three."""
    return tuple(map(str, combinations_of([_LETTERS[letter] for letter in evidence], _LETTERS[gallery])))


def combinations_of(kinds: Iterable[Modality], gallery: Modality) -> tuple[RetrievalTask, ...]:
    """The same of kinds by name."""
    kinds = list(kinds)
    return tuple(
        RetrievalTask(first, gallery, tuple(others))
        for size in range(1, len(kinds) + 1)
        for first, *others in combinations(kinds, size)
    )
