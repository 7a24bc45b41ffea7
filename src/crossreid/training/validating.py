"""What a validation searches for, and what it finds."""

from collections.abc import Mapping

import numpy as np

from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.data.dataset import Dataset
from crossreid.evaluation.evaluate import BOTH_WAYS, TASKS, evaluate
from crossreid.evaluation.report import Report
from crossreid.evaluation.tasks import possible_tasks
from crossreid.models.encoder import ModelEncoder
from crossreid.models.folder import Model
from crossreid.training.accelerating import training_precision
from crossreid.training.config import DsmdConfig, MllmreidConfig
from crossreid.training.mllmreid import validation_tasks
from crossreid.training.widths import PlannedConfig

_PAPER_S = TASKS, "source-excluded"
"""Where a method has no tasks of its own."""


def validation_searches(config: PlannedConfig, people: Dataset) -> tuple[tuple[str, ...], str]:
    """Tasks and protocol of the first figure of a validation: those tasks that the people have the evidence for.

    Raises:
        DataError: there is evidence for none.
    """
    tasks, protocol = _PAPER_S
    if isinstance(config, DsmdConfig):
        tasks, protocol = BOTH_WAYS, "image-text"
    elif isinstance(config, MllmreidConfig):
        tasks, protocol = validation_tasks(config)
    kinds = {sample.modality for sample in people.samples}
    possible = possible_tasks(tasks, kinds)
    if not possible:
        raise DataError(
            f"validation people of {people.name} with {', '.join(sorted(kinds)) or 'nothing'} alone",
            expected=f"evidence for one of {', '.join(tasks)}",
            remedy="validate on other people, or on none",
        )
    return possible, protocol


def validation_figures(model: Model, dataset: Dataset, config: PlannedConfig) -> Mapping[str, float]:
    """Percent: the mean mAP of the tasks; of DSMD rSum between photographs and captions, and the other where there is
    evidence for all three.
    """
    encoder = ModelEncoder(model, precision=training_precision(config.loop))
    embeddings = encoder.encode(dataset.of(*encoder.modalities).samples)
    model.train()
    tasks, protocol = validation_searches(config, dataset)
    report = evaluate(embeddings, tasks=tasks, protocol=protocol)
    if not isinstance(config, DsmdConfig):
        return {"validation_map": _mean_map(report)}
    sums = {"validation_rsum": next(iter(report.recall_sums().values()))}
    if len(np.unique(embeddings.modalities)) < len(Modality):
        return sums
    tasks, protocol = _PAPER_S
    return sums | {"validation_map": _mean_map(evaluate(embeddings, tasks=tasks, protocol=protocol))}


def _mean_map(report: Report) -> float:
    return sum(row.mean_ap for row in report.rows) / len(report.rows)
