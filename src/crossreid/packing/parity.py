"""Does a pack say what its model says?"""

from collections.abc import Sequence

import numpy as np

from crossreid.core.basis import PrincipalBasis
from crossreid.core.embeddings import Embeddings
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.data.dataset import Dataset
from crossreid.evaluation.evaluate import TASKS, evaluate
from crossreid.evaluation.tasks import RetrievalTask
from crossreid.packing.drawn import fill_in
from crossreid.runtime.parity import Agreement, Parity, TaskChange

_PEOPLE = 12


def parity_samples(dataset: Dataset | None, taken: frozenset[Modality] = frozenset(Modality)) -> list[Sample]:
    """The evaluation set, and drawn people for those kinds of evidence in `taken` that it lacks."""
    given = dataset.samples if dataset is not None else ()
    return fill_in(given, "validation", people=_PEOPLE, kinds=taken)


def measure_parity(
    model: Embeddings, pack: Embeddings, dataset: Dataset | None, basis: PrincipalBasis | None = None
) -> Parity:
    """Compare vectors of the same `parity_samples`, and retrieval on the evaluation set.

    Vectors are compared in the pack's coordinates; retrieval is compared with that of the model in full width, so that
    what few directions lose shows too.

    Args:
        model: unit vectors, in full width.
        pack: unit vectors.
        dataset: the evaluation set whose samples come first, if there is one.
        basis: in which the pack answers; None for full width.
    """
    expected = model if basis is None else basis.project(model)
    cosines = (expected.vectors.astype(np.float64) * pack.vectors).sum(axis=1)
    modalities = {
        str(modality): _agreement(cosines[rows])
        for modality in Modality
        if (rows := np.asarray(model.modalities == modality)).any()
    }
    if dataset is None:
        return Parity(modalities)
    first = slice(0, len(dataset))
    return Parity(
        modalities,
        tasks=_changes(model.select(first), pack.select(first)),
        data=f"{dataset.name} {dataset.split}".strip(),
    )


def _agreement(cosines: np.ndarray) -> Agreement:
    return Agreement(
        mean=round(float(cosines.mean()), 7), lowest=round(float(cosines.min()), 7), items=len(cosines)
    )


def _changes(model: Embeddings, pack: Embeddings) -> tuple[TaskChange, ...]:
    tasks = _possible(set(model.modalities))
    if not tasks:
        return ()
    rows = zip(evaluate(model, tasks=tasks).rows, evaluate(pack, tasks=tasks).rows, strict=True)
    return tuple(
        TaskChange(
            task=before.task,
            r1=before.r1,
            r1_change=after.r1 - before.r1,
            mean_ap=before.mean_ap,
            mean_ap_change=after.mean_ap - before.mean_ap,
        )
        for before, after in rows
    )


def _possible(modalities: set[str]) -> Sequence[str]:
    parsed = ((name, RetrievalTask.parse(name)) for name in TASKS)
    return [name for name, task in parsed if {*task.evidence, task.gallery} <= modalities]
