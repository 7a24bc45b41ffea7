"""The one call behind every table: who finds whom, embedded by what."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

import crossreid
from crossreid.core.embeddings import Embeddings
from crossreid.core.encoder import Encoder
from crossreid.core.errors import ConfigurationError, DataError
from crossreid.core.modality import Modality
from crossreid.data.dataset import Dataset
from crossreid.evaluation.answers import right_and_dropped
from crossreid.evaluation.cosines import queries_at_a_time
from crossreid.evaluation.folds import cut_into_folds
from crossreid.evaluation.intervals import bootstrap_intervals
from crossreid.evaluation.open_set import fnir_at_fpir
from crossreid.evaluation.outcomes import METRICS, collect_outcomes
from crossreid.evaluation.positions import QueryScores, score_queries
from crossreid.evaluation.protocols import EvaluationProtocol, find_protocol
from crossreid.evaluation.report import FPIRS, Report, ReportRow
from crossreid.evaluation.reranking import Reranking, find_reranking, reranked_rows
from crossreid.evaluation.screening import score_cosines
from crossreid.evaluation.searches import measure_searches
from crossreid.evaluation.tasks import RetrievalTask
from crossreid.evaluation.together import TOGETHER, ask_together, reads_together
from crossreid.evaluation.trials import draw_gallery, draw_people

TASKS = ("S->R", "IR->R", "T->R")
"""The paper's three tasks: find photographs by sketch, infrared image and words."""

BOTH_WAYS = ("R->T", "T->R")
"""Retrieval between photographs and captions."""


Source: TypeAlias = Encoder | Embeddings | str | Path
"""What embeds the queries or the gallery; a name or place is one that `load_encoder` takes."""


def evaluate(
    query: Source,
    gallery: Source | None = None,
    dataset: Dataset | None = None,
    *,
    tasks: Sequence[str] = TASKS,
    protocol: str | Sequence[str] = "source-excluded",
    setting: str = "",
    batch_size: int = 64,
    progress: bool = False,
    compatible: bool = False,
    rerank: Sequence[str] = (),
    weights: Mapping[Modality, float] | None = None,
    together: bool = False,
) -> Report:
    """Search a gallery with queries of known people and count where the right answers stand.

    `evaluate(query=edge, gallery=cloud, dataset=people)`: the edge model embeds the queries, the cloud model
    the gallery.

    Args:
        query: an encoder, what `load_encoder` takes (such as "pack/" or "tiny-edge"), or embeddings of which the rows
            of each task's query modality are the queries.
        gallery: the same for the gallery; as `query` when left out.
        dataset: what encoders embed.
        tasks: `X->Y` with X and Y of R, IR, S, T; `X+X->Y` joins the pieces of one encounter into a query.
        protocol: name of a protocol, or several names: one row each.
        setting: name of the rows' setting, such as C2C or E2C.
        batch_size: items a step of the encoders.
        progress: draw progress bars on standard error.
        compatible: skip the embedding-space check.
        rerank: names of `RERANKINGS`: each adds a row beside the plain one.
        weights: of each kind of evidence in queries of several pieces; equal when left out.
        together: queries of several pieces are also put to the encoder as one each, where it can read them so: a row
            more for each.

    Returns:
        A row for each protocol, task, re-ranking (and without), and way of joining pieces.

    Raises:
        CheckpointError: nothing usable is at the place that is given for an encoder.
        ConfigurationError: an unknown task, protocol or re-ranking, an encoder that lacks a modality or a data set.
        DataError: nothing of a modality that a task needs.
        FingerprintError: query and gallery vectors are not of one space.
    """
    if not tasks or not protocol:
        raise ConfigurationError(f"tasks {tasks!r}, protocol {protocol!r}", expected="at least one of each")
    parsed = [RetrievalTask.parse(task) for task in tasks]
    protocols = [find_protocol(name) for name in ([protocol] if isinstance(protocol, str) else protocol)]
    looks: list[Reranking] = ["", *map(find_reranking, rerank)]
    if gallery is None or (isinstance(gallery, str | Path) and gallery == query):
        gallery = query
    asker = _open(query)
    answerer = asker if gallery is query else _open(gallery)
    queries, answers = _embed_both(asker, answerer, dataset, parsed, batch_size=batch_size, progress=progress)
    queries.check_comparable(answers, compatible=compatible)
    asking = {(task, ""): task.queries(queries, weights=weights) for task in parsed}
    if together:
        reader, people = _readable_together(asker, dataset)
        for task in filter(lambda task: task.others, parsed):
            asking[task, TOGETHER] = ask_together(
                task, reader, people, queries, batch_size=batch_size, progress=progress
            )
    return Report(
        tuple(
            _row(
                task,
                rule,
                look,
                setting,
                asking[task, joining],
                answers,
                weights=weights if task.others and not joining else None,
                joining=joining,
                data="" if dataset is None else _named(dataset),
            )
            for rule in protocols
            for task in parsed
            for joining in ("", TOGETHER)
            if (task, joining) in asking
            for look in looks
        )
    )


def _open(source: Source) -> Encoder | Embeddings:
    """By the public name, which is loaded when it is used: evaluation itself imports no model."""
    return crossreid.load_encoder(source) if isinstance(source, str | Path) else source


def _named(dataset: Dataset) -> str:
    return f"{dataset.name} ({dataset.split})" if dataset.split else dataset.name


def _readable_together(query: Encoder | Embeddings, dataset: Dataset | None) -> tuple[Encoder, Dataset]:
    if isinstance(query, Embeddings) or dataset is None or not reads_together(query):
        raise ConfigurationError(
            "this encoder cannot embed several pieces of evidence jointly",
            expected="a Qwen2-VL as the encoder of the queries, and a data set",
            remedy="leave it out: vectors are then summed",
        )
    return query, dataset


def _embed_both(
    query: Encoder | Embeddings,
    gallery: Encoder | Embeddings,
    dataset: Dataset | None,
    tasks: Sequence[RetrievalTask],
    *,
    batch_size: int,
    progress: bool,
) -> tuple[Embeddings, Embeddings]:
    """The queries and the gallery of all tasks: the same embeddings where one encoder makes both."""
    asked = {modality for task in tasks for modality in task.evidence}
    answering = {task.gallery for task in tasks}
    if gallery is query:
        both = _embed(query, dataset, asked | answering, batch_size=batch_size, progress=progress)
        return both, both
    return (
        _embed(query, dataset, asked, batch_size=batch_size, progress=progress),
        _embed(gallery, dataset, answering, batch_size=batch_size, progress=progress),
    )


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
    kinds = {sample.modality for sample in dataset.samples}
    if not modalities <= kinds:
        raise DataError(
            f"no {', '.join(sorted(modalities - kinds))} samples in {dataset.name!r}",
            expected=f"tasks of {', '.join(sorted(kinds)) or 'nothing'}",
            remedy="name them, as in T->R, or add the other kinds",
        )
    samples = dataset.of(*sorted(modalities)).samples
    return source.encode(samples, batch_size=batch_size, progress=progress)


def _row(
    task: RetrievalTask,
    rule: EvaluationProtocol,
    look: Reranking,
    setting: str,
    asking: Embeddings,
    answers: Embeddings,
    *,
    weights: Mapping[Modality, float] | None,
    joining: str,
    data: str,
) -> ReportRow:
    asking, gallery = rule.counted(asking), rule.counted(answers.of(task.gallery))
    for side, items, kinds in (
        ("queries", asking, task.evidence),
        ("gallery items", gallery, [task.gallery]),
    ):
        if not len(items):
            raise DataError(f"no {'+'.join(kinds)} {side} for task {task}", expected="at least one")
    galleries = _galleries(rule, gallery)
    scores = [_score(task, rule, look, asking, drawn) for drawn in galleries]
    outcomes = collect_outcomes(scores, asking.person_ids)
    absent = rule.enrolled_share is not None and not look
    open_set = _open_set(task, rule, asking, galleries) if absent else {}
    return ReportRow(
        task=str(task),
        setting=setting,
        protocol=rule.name,
        **{metric: outcomes.mean(metric) for metric in METRICS},
        queries=len(outcomes),
        skipped_queries=len(asking) - len(outcomes),
        gallery_size=len(galleries[0]),
        query_fingerprint=asking.fingerprint,
        gallery_fingerprint=answers.fingerprint,
        reranking=look,
        trials=rule.trials,
        intervals=bootstrap_intervals(outcomes),
        outcomes=outcomes,
        weights={str(kind): weight for kind, weight in (weights or {}).items()},
        joining=joining,
        data=data,
        **open_set,
    )


def _galleries(rule: EvaluationProtocol, gallery: Embeddings) -> list[Embeddings]:
    """One a trial or fold. The draws do not depend on the encoder: all encoders meet the same galleries."""
    draws = [np.random.default_rng(trial) for trial in range(rule.trials)]
    people, cameras = gallery.person_ids, gallery.camera_ids
    if rule.shots is not None:
        chosen = [draw_gallery(people, cameras, shots=rule.shots, random=draw) for draw in draws]
    elif rule.enrolled_share is not None:
        chosen = [draw_people(people, share=rule.enrolled_share, random=draw) for draw in draws]
    elif rule.folds > 1:
        # A query has nobody to find in the other folds, and so it does not count there.
        chosen = cut_into_folds(people, rule.folds)
    else:
        return [gallery]
    return [gallery.select(rows) for rows in chosen]


def _open_set(
    task: RetrievalTask, rule: EvaluationProtocol, asking: Embeddings, galleries: list[Embeddings]
) -> dict[str, Any]:
    """The row's numbers about searches for people who are not there, over all drawn galleries together."""
    measured = [
        measure_searches(asking, drawn, exclude=rule.exclusion(task, asking, drawn), whoever=rule.whoever)
        for drawn in galleries
    ]
    mated = np.concatenate([scores.mated for scores in measured])
    non_mated = np.concatenate([scores.non_mated for scores in measured])
    seen = {name: rate for name, rate in FPIRS.items() if len(mated) and len(non_mated) * rate >= 1}
    return {
        "fnir": {name: 100 * fnir_at_fpir(mated, non_mated, rate) for name, rate in seen.items()},
        "non_mated_searches": len(non_mated),
    }


def _score(
    task: RetrievalTask, rule: EvaluationProtocol, look: Reranking, asking: Embeddings, gallery: Embeddings
) -> QueryScores:
    exclude = rule.exclusion(task, asking, gallery)
    people = asking.person_ids, gallery.person_ids
    if not look:
        return score_cosines(
            asking.vectors,
            gallery.vectors,
            right_and_dropped(*people, exclude=exclude, whoever=rule.whoever),
            unique_people=gallery.person_ids if rule.unique_people else None,
        )
    return score_queries(
        reranked_rows(
            look, asking.vectors, gallery.vectors, people=people, exclude=exclude, whoever=rule.whoever
        ),
        right_and_dropped(*people, exclude=exclude, whoever=rule.whoever),
        query_count=len(asking),
        at_a_time=queries_at_a_time(len(gallery), gallery.dim),
        unique_people=gallery.person_ids if rule.unique_people else None,
    )
