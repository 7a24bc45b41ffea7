"""The one call behind every table: who finds whom, embedded by what."""

from collections.abc import Sequence

from crossreid.core.embeddings import Embeddings
from crossreid.core.encoder import Encoder
from crossreid.core.errors import ConfigurationError, DataError
from crossreid.core.modality import Modality
from crossreid.data.dataset import Dataset
from crossreid.evaluation.protocols import EvaluationProtocol, find_protocol
from crossreid.evaluation.ranking import rank
from crossreid.evaluation.report import Report, ReportRow
from crossreid.evaluation.tasks import RetrievalTask

TASKS = ("S->R", "IR->R", "T->R")
"""The paper's three tasks: find photographs by sketch, infrared image and words."""


def evaluate(
    query: Encoder | Embeddings,
    gallery: Encoder | Embeddings | None = None,
    dataset: Dataset | None = None,
    *,
    tasks: Sequence[str] = TASKS,
    protocol: str | Sequence[str] = "source-excluded",
    setting: str = "",
    batch_size: int = 64,
    progress: bool = False,
    compatible: bool = False,
) -> Report:
    """Search a gallery with queries of known people and count where the right answers stand.

    `evaluate(query=edge, gallery=cloud, dataset=people)`: the edge model embeds the queries, the cloud model
    the gallery.

    Args:
        query: an encoder, or embeddings of which the rows of each task's query modality are the queries.
        gallery: the same for the gallery; as `query` when left out.
        dataset: what encoders embed.
        tasks: `X->Y` with X and Y of R, IR, S, T.
        protocol: name of a protocol, or several names: one row each.
        setting: name of the rows' setting, such as C2C or E2C.
        batch_size: items a step of the encoders.
        progress: draw progress bars on standard error.
        compatible: vouches that two encoders which declare different spaces share one.

    Returns:
        A row for each task and protocol.

    Raises:
        ConfigurationError: an unknown task or protocol, an encoder that lacks a modality or a data set.
        DataError: nothing of a modality that a task needs.
        FingerprintError: query and gallery vectors are not of one space.
    """
    if not tasks or not protocol:
        raise ConfigurationError(f"tasks {tasks!r}, protocol {protocol!r}", expected="at least one of each")
    parsed = [RetrievalTask.parse(task) for task in tasks]
    protocols = [find_protocol(name) for name in ([protocol] if isinstance(protocol, str) else protocol)]
    asked = {task.query for task in parsed}, {task.gallery for task in parsed}
    if gallery is None or gallery is query:
        queries = answers = _embed(
            query, dataset, asked[0] | asked[1], batch_size=batch_size, progress=progress
        )
    else:
        queries = _embed(query, dataset, asked[0], batch_size=batch_size, progress=progress)
        answers = _embed(gallery, dataset, asked[1], batch_size=batch_size, progress=progress)
    queries.check_comparable(answers, compatible=compatible)
    return Report(tuple(_row(task, rule, setting, queries, answers) for rule in protocols for task in parsed))


def _embed(
    source: Encoder | Embeddings,
    dataset: Dataset | None,
    modalities: set[Modality],
    *,
    batch_size: int,
    progress: bool,
) -> Embeddings:
    if isinstance(source, Embeddings):
        return source
    if dataset is None:
        raise ConfigurationError("an encoder without a data set", expected="dataset=... for it to embed")
    missing = sorted(modalities - source.modalities)
    if missing:
        raise ConfigurationError(
            f"tasks with {', '.join(missing)}",
            expected=f"{', '.join(sorted(source.modalities))}, as the encoder",
        )
    samples = dataset.of(*sorted(modalities)).samples
    if not samples:
        raise DataError(
            f"no {', '.join(sorted(modalities))} samples in {dataset.name!r}", expected="at least one"
        )
    return source.encode(samples, batch_size=batch_size, progress=progress)


def _row(
    task: RetrievalTask, rule: EvaluationProtocol, setting: str, queries: Embeddings, answers: Embeddings
) -> ReportRow:
    asking, gallery = queries.of(task.query), answers.of(task.gallery)
    for side, items, modality in (("queries", asking, task.query), ("gallery items", gallery, task.gallery)):
        if not len(items):
            raise DataError(f"no {modality} {side} for task {task}", expected="at least one")
    ranking = rank(
        asking.vectors,
        gallery.vectors,
        asking.person_ids,
        gallery.person_ids,
        exclude=rule.exclusion(task, asking, gallery),
    )
    return ReportRow(
        task=str(task),
        setting=setting,
        protocol=rule.name,
        r1=ranking.cmc[1],
        r5=ranking.cmc[5],
        r10=ranking.cmc[10],
        mean_ap=ranking.mean_ap,
        mean_inp=ranking.mean_inp,
        queries=ranking.queries,
        skipped_queries=ranking.skipped_queries,
        gallery_size=len(gallery),
        query_fingerprint=queries.fingerprint,
        gallery_fingerprint=answers.fingerprint,
    )
