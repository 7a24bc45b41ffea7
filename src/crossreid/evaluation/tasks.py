"""What is searched with, and what is searched for."""

from dataclasses import dataclass

from crossreid.core.errors import ConfigurationError
from crossreid.core.modality import Modality

_LETTERS = {"R": Modality.RGB, "IR": Modality.IR, "S": Modality.SKETCH, "T": Modality.TEXT}


@dataclass(frozen=True, slots=True)
class RetrievalTask:
    """Queries of one modality against a gallery of one; written `S->R`, `IR->R`, `T->R` and so on."""

    query: Modality
    gallery: Modality

    @classmethod
    def parse(cls, text: str) -> "RetrievalTask":
        """Read two of R, IR, S and T joined by an arrow.

        Raises:
            ConfigurationError: the text is anything else.
        """
        sides = text.split("->")
        if len(sides) != 2 or not set(sides) <= set(_LETTERS):
            raise ConfigurationError(
                f"task {text!r}", expected=f"'X->Y' with X and Y of {', '.join(_LETTERS)}, such as 'S->R'"
            )
        return cls(_LETTERS[sides[0]], _LETTERS[sides[1]])

    def __str__(self) -> str:
        letters = {modality: letter for letter, modality in _LETTERS.items()}
        return f"{letters[self.query]}->{letters[self.gallery]}"
