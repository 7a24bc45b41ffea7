"""The index of a folder gallery: principal directions, onto which everything is projected when it is read."""

from dataclasses import replace

import numpy as np

from crossreid.core.basis import PrincipalBasis
from crossreid.gallery.gallery import Progress
from crossreid.gallery.parts import flush_to_disk
from crossreid.gallery.principal import SAMPLE_ROWS, SHOWN, Survey, check_target, learn_rotation, recalls_of
from crossreid.gallery.records import IndexRecord
from crossreid.gallery.snapshot import Snapshot, basis_file
from crossreid.gallery.state import Basis
from crossreid.gallery.writer import FolderWriter, disk_errors_named

_ROWS = 8192


def build_index(
    writer: FolderWriter, snapshot: Snapshot, *, target: float, seed: int, progress: Progress
) -> IndexRecord:
    """See `Gallery.build_index`."""
    check_target(target)
    generator = np.random.default_rng(seed)
    vectors = snapshot.part.embeddings.vectors
    chosen = generator.permutation(len(vectors))[:SAMPLE_ROWS]
    rotation = None if writer.state.rotation else learn_rotation(vectors[chosen])
    survey = Survey(vectors[chosen], chosen, rotation, generator)
    for start in range(0, len(vectors), _ROWS):
        progress("reading the vectors", start / len(vectors))
        part = vectors[start : start + _ROWS]
        survey.add(np.arange(start, start + len(part)), part)
    progress("measuring what it finds", None)
    plan = survey.plan(target)
    if plan is None:
        return _without_index(writer, target, len(vectors))
    rotation = rotation or _identity(vectors.shape[1])
    basis = PrincipalBasis(rotation.directions[:, : plan.width])
    name = writer.new_name()
    with disk_errors_named(writer.folder):
        flush_to_disk(basis.save(basis_file(writer.folder, name)))
    record = IndexRecord(plan.width, plan.candidates, plan.energy, target, 0.0, len(survey.own), len(vectors))
    trial = replace(snapshot, state=replace(snapshot.state, index=Basis(record, name)), basis=basis)
    rows = np.arange(len(vectors))
    found = [
        trial.nearest(vectors[row], rows[rows != row], top=SHOWN, group=None, exact=False)[0].tolist()
        for row in survey.own
    ]
    record = replace(record, recall=float(recalls_of(found, survey.nearest).mean()))
    writer.commit(index=Basis(record, name) if record.used else None)
    return record


def _without_index(writer: FolderWriter, target: float, rows: int) -> IndexRecord:
    """Where no few coordinates tell enough."""
    writer.commit(index=None)
    return IndexRecord(0, 0, 0.0, target, 0.0, 0, rows)


def _identity(dim: int) -> PrincipalBasis:
    return PrincipalBasis(np.eye(dim, dtype=np.float32))
