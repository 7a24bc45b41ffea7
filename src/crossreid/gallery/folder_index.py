"""The index of a folder gallery: principal directions, onto which everything is projected when it is read."""

from dataclasses import replace

import numpy as np

from crossreid.core.basis import PrincipalBasis
from crossreid.gallery.parts import flush_to_disk
from crossreid.gallery.principal import (
    SAMPLE_QUERIES,
    SAMPLE_ROWS,
    SHOWN,
    learn_rotation,
    plan_index,
    recall_of,
)
from crossreid.gallery.records import IndexRecord
from crossreid.gallery.snapshot import Snapshot, basis_file
from crossreid.gallery.state import Basis
from crossreid.gallery.writer import FolderWriter, disk_errors_named


def build_index(writer: FolderWriter, snapshot: Snapshot, *, target: float, seed: int) -> IndexRecord:
    """See `Gallery.build_index`."""
    generator = np.random.default_rng(seed)
    vectors = snapshot.part.embeddings.vectors
    sample = vectors[generator.permutation(len(vectors))[:SAMPLE_ROWS]]
    rotation = _identity(vectors.shape[1]) if writer.state.rotation else learn_rotation(sample)
    plan = plan_index(sample @ rotation.directions, target=target, generator=generator)
    if plan is None:
        return _without_index(writer, target, len(vectors))
    basis = PrincipalBasis(rotation.directions[:, : plan.width])
    name = writer.new_name()
    with disk_errors_named(writer.folder):
        flush_to_disk(basis.save(basis_file(writer.folder, name)))
    queries = generator.permutation(len(vectors))[:SAMPLE_QUERIES]
    record = IndexRecord(plan.width, plan.candidates, plan.energy, target, 0.0, len(queries), len(vectors))
    trial = replace(snapshot, state=replace(snapshot.state, index=Basis(record, name)), basis=basis)
    rows = np.arange(len(vectors))
    found, truth = (
        [
            trial.nearest(vectors[row], rows[rows != row], top=SHOWN, group=None, exact=exact)[0].tolist()
            for row in queries
        ]
        for exact in (False, True)
    )
    record = replace(record, recall=recall_of(found, truth))
    writer.commit(index=Basis(record, name) if record.used else None)
    return record


def _without_index(writer: FolderWriter, target: float, rows: int) -> IndexRecord:
    """Where no few coordinates tell enough."""
    writer.commit(index=None)
    return IndexRecord(0, 0, 0.0, target, 0.0, 0, rows)


def _identity(dim: int) -> PrincipalBasis:
    return PrincipalBasis(np.eye(dim, dtype=np.float32))
