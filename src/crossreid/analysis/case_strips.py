"""Single searches with their pictures: what was asked and found, as strips to draw."""

from collections.abc import Mapping

from crossreid.analysis.cases import RetrievalCase
from crossreid.analysis.strips import Evidence, Strip
from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import DataError
from crossreid.core.sample import Sample
from crossreid.data.images import decode_image

_TILE = (560, 280)  # pixels, twice what a strip shows


def case_strip(
    case: RetrievalCase,
    queries: Embeddings,
    gallery: Embeddings,
    samples: Mapping[str, Sample],
    *,
    heading: str,
) -> Strip:
    """The pictures and captions of a search.

    Args:
        case: rows of the other two.
        queries: that were searched with.
        gallery: that was searched.
        samples: by item id.
        heading: above the strip.

    Raises:
        DataError: an item is not among the samples, or a picture cannot be read.
    """
    results = [_content(str(gallery.item_ids[row]), samples) for row in case.gallery_indices]
    query = _content(str(queries.item_ids[case.query_index]), samples)
    return Strip([query], results, case.scores, case.correct, heading)


def _content(item_id: str, samples: Mapping[str, Sample]) -> Evidence:
    sample = samples.get(item_id)
    if sample is None:
        raise DataError(
            f"{item_id}, which is embedded but not in the data", expected="--data that was embedded"
        )
    for content in (sample.caption, sample.image):
        if content is not None:
            return content
    assert sample.path is not None, "samples have a caption, a picture or a path"
    return decode_image(sample.path, size_hint=_TILE)
