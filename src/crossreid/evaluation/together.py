"""Queries of several pieces of evidence that an encoder reads as one."""

from crossreid.core.embeddings import Embeddings
from crossreid.core.encoder import Encoder
from crossreid.core.sample import Sample
from crossreid.data.dataset import Dataset
from crossreid.evaluation.evidence import aligned_rows
from crossreid.evaluation.tasks import RetrievalTask

TOGETHER = "read together"
"""How the rows of such queries are named, beside those of summed vectors."""


def reads_together(source: Encoder | Embeddings) -> bool:
    """Whether it is an encoder that takes tuples of samples."""
    return bool(getattr(source, "reads_together", False))


def ask_together(
    task: RetrievalTask,
    encoder: Encoder,
    dataset: Dataset,
    pieces: Embeddings,
    *,
    batch_size: int = 64,
    progress: bool = False,
) -> Embeddings:
    """The queries that `task.queries` would join by their vectors, embedded as one each.

    Args:
        task: with several kinds of evidence.
        encoder: for which `reads_together` holds.
        dataset: of the pieces.
        pieces: what the encoder says of each of them alone, in the order of the data set.
        batch_size: queries a step.
        progress: draw a progress bar on standard error.

    Returns:
        Rows in the order and with the keys of `task.queries`.
    """
    kinds = [dataset.of(modality).samples for modality in task.joined_order]
    rows = aligned_rows([pieces.of(modality) for modality in task.joined_order])
    columns = [[kind[row] for row in chosen] for kind, chosen in zip(kinds, rows, strict=True)]
    queries: list[tuple[Sample, ...]] = list(zip(*columns, strict=True))
    return encoder.encode(queries, batch_size=batch_size, progress=progress)
