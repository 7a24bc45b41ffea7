"""The four kinds of evidence."""

from enum import StrEnum
from itertools import combinations


class Modality(StrEnum):
    """A kind of evidence of a person."""

    RGB = "rgb"
    IR = "ir"
    SKETCH = "sketch"
    TEXT = "text"


VISUAL: frozenset[Modality] = frozenset({Modality.RGB, Modality.IR, Modality.SKETCH})

PAIRS: tuple[tuple[Modality, Modality], ...] = tuple(combinations(Modality, 2))
"""The six unordered pairs of different modalities (MLLMEmbed-ReID, eq. 6)."""
