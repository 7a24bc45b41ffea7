"""Which gallery items do not count for a query."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import ConfigurationError
from crossreid.core.modality import VISUAL
from crossreid.core.sample import UNKNOWN
from crossreid.evaluation.ranking import Keys
from crossreid.evaluation.tasks import RetrievalTask


@dataclass(frozen=True, slots=True)
class EvaluationProtocol:
    """A named rule. Whatever the rule, an item is never in its own gallery.

    Args:
        name: states the rule in every report.
        rule: in a sentence.
        key: gallery items of the query's person that share this key with it are dropped; None drops nothing.
    """

    name: str
    rule: str
    key: Literal["source_ids", "camera_ids"] | None

    def exclusion(self, task: RetrievalTask, query: Embeddings, gallery: Embeddings) -> Keys | None:
        """The keys for `rank(exclude=...)`; an unknown key is shared with nobody."""
        key = self.key
        # Words describe a person: unlike a sketch or infrared image they hold no pixel of the source picture.
        if key == "source_ids" and not {task.query, task.gallery} <= VISUAL:
            key = None
        if key is None and task.query != task.gallery:
            return None
        return _keys(query, key), _keys(gallery, key)


PROTOCOLS: dict[str, EvaluationProtocol] = {
    protocol.name: protocol
    for protocol in (
        EvaluationProtocol("all", "Nothing is removed from the gallery.", None),
        EvaluationProtocol(
            "source-excluded",
            "The picture that a sketch or infrared query was made from is removed from its gallery.",
            "source_ids",
        ),
        EvaluationProtocol(
            "market", "Pictures of the query's person by the query's camera are removed.", "camera_ids"
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


def _keys(items: Embeddings, key: Literal["source_ids", "camera_ids"] | None) -> np.ndarray:
    own = np.char.add("item ", items.item_ids)
    if key is None:
        return own
    column = getattr(items, key)
    known = column != (UNKNOWN if key == "camera_ids" else "")
    return np.where(known, np.char.add("key ", column.astype(np.str_)), own)
