"""Which gallery items do not count for a query, and how the rest is counted."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import ConfigurationError
from crossreid.core.modality import VISUAL, Modality
from crossreid.core.sample import UNKNOWN
from crossreid.evaluation.answers import Keys
from crossreid.evaluation.tasks import RetrievalTask

Key = Literal["source_ids", "camera_ids", "locations"]

# Cameras 2 and 3 of SYSU-MM01 look at the same place.
_SYSU_SAME_PLACE = {3: 2}


@dataclass(frozen=True, slots=True)
class EvaluationProtocol:
    """A named rule. Whatever the rule, an item is never in its own gallery.

    Args:
        name: states the rule in every report.
        rule: in a sentence.
        key: gallery items that share this key with the query are dropped; None drops nothing.
        whoever: drops them whoever is on them, rather than those of the query's person only.
        unique_people: counts Rank-k in people rather than in gallery items. AP and INP are of items always.
        shots: None, or how many items of each person and camera are drawn into the gallery.
        trials: how many such galleries are drawn; the numbers are means over them.
        enrolled_share: None, or which share of the people is drawn into the gallery; all are searched for.
        captions: None, or how many captions of each source picture count, the first ones.
        folds: how many parts of equally many people, in the order of the gallery, are searched one by one.
    """

    name: str
    rule: str
    key: Key | None = None
    whoever: bool = False
    unique_people: bool = False
    shots: int | None = None
    trials: int = 1
    enrolled_share: float | None = None
    captions: int | None = None
    folds: int = 1

    def counted(self, items: Embeddings) -> Embeddings:
        """Without the captions that are too many."""
        if self.captions is None:
            return items
        captions = np.flatnonzero((items.modalities == Modality.TEXT) & (items.source_ids != ""))
        superfluous = captions[_occurrences(items.source_ids[captions]) >= self.captions]
        return items.select(np.setdiff1d(np.arange(len(items)), superfluous))

    def exclusion(self, task: RetrievalTask, query: Embeddings, gallery: Embeddings) -> Keys | None:
        """The keys of queries and gallery items; an unknown key is shared with nobody."""
        key = self.key
        # Words describe a person: unlike a sketch or infrared image they hold no pixel of the source picture.
        if key == "source_ids" and not (task.gallery in VISUAL and VISUAL & set(task.evidence)):
            key = None
        if key is None and task.gallery not in task.evidence:
            return None
        return _keys(query, key), _keys(gallery, key)


PROTOCOLS: dict[str, EvaluationProtocol] = {
    protocol.name: protocol
    for protocol in (
        EvaluationProtocol("all", "Nothing is removed from the gallery."),
        EvaluationProtocol(
            "source-excluded",
            "The picture that a sketch or infrared query was made from is removed from its gallery.",
            key="source_ids",
        ),
        EvaluationProtocol(
            "market", "Pictures of the query's person by the query's camera are removed.", key="camera_ids"
        ),
        EvaluationProtocol(
            "sysu",
            "Pictures from the query's place are removed, whoever is on them (camera 3 is at the place of"
            " camera 2); Rank-k counts people; one picture of each person and camera, drawn 10 times.",
            key="locations",
            whoever=True,
            unique_people=True,
            shots=1,
            trials=10,
        ),
        EvaluationProtocol("regdb", "Nothing is removed from the gallery; each of the 10 splits is a trial."),
        EvaluationProtocol(
            "llcm",
            "Pictures of the query's person by the query's camera are removed; Rank-k counts people; one picture"
            " of each person and camera, drawn 10 times.",
            key="camera_ids",
            unique_people=True,
            shots=1,
            trials=10,
        ),
        EvaluationProtocol(
            "orbench", "Queries of one or several kinds of evidence; nothing is removed from the gallery."
        ),
        EvaluationProtocol(
            "watchlist",
            "Half of the people are enrolled, drawn 10 times, and everybody is searched for; the picture that a sketch"
            " or infrared query was made from is removed from its gallery.",
            key="source_ids",
            trials=10,
            enrolled_share=0.5,
        ),
        EvaluationProtocol(
            "image-text",
            "Nothing is removed from the gallery; the first five captions of each picture count.",
            captions=5,
        ),
        EvaluationProtocol(
            "image-text-five-fold",
            "As image-text, in five folds of equally many pictures, in their order; the numbers are means over them.",
            captions=5,
            folds=5,
        ),
    )
}


def find_protocol(name: str) -> EvaluationProtocol:
    """The protocol of a name.

    Raises:
        ConfigurationError: there is none; lists those that there are.
    """
    if name not in PROTOCOLS:
        raise ConfigurationError(f"protocol {name!r}", expected=f"one of {', '.join(PROTOCOLS)}")
    return PROTOCOLS[name]


def _occurrences(values: np.ndarray) -> np.ndarray:
    """How many equal values stand before each."""
    order = np.argsort(values, kind="stable")
    starts = np.searchsorted(values[order], values[order], side="left")
    before = np.empty(len(values), dtype=np.int64)
    before[order] = np.arange(len(values)) - starts
    return before


def _keys(items: Embeddings, key: Key | None) -> np.ndarray:
    own = np.char.add("item ", items.item_ids)
    if key is None:
        return own
    if key == "source_ids":
        column, known = items.source_ids, items.source_ids != ""
    else:
        column, known = items.camera_ids, items.camera_ids != UNKNOWN
    if key == "locations":
        for camera, same_place in _SYSU_SAME_PLACE.items():
            column = np.where(column == camera, same_place, column)
    return np.where(known, np.char.add("key ", column.astype(np.str_)), own)
