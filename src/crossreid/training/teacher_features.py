"""The cloud model's features of a training set: computed once, read by every distillation."""

from pathlib import Path

import numpy as np

from crossreid.core.embeddings import Embeddings
from crossreid.core.encoder import Encoder
from crossreid.core.errors import DataError
from crossreid.data.dataset import Dataset


def store_teacher_features(
    teacher: Encoder, dataset: Dataset, path: Path, *, batch_size: int = 64, progress: bool = False
) -> Embeddings:
    """Embed all samples into `path`, in half precision, or read them when the same teacher has done so before.

    Returns:
        One row a sample, in the data set's order, as the file holds them.
    """
    if path.exists():
        stored = Embeddings.load(path)
        if stored.fingerprint == teacher.fingerprint and _rows_match(stored, dataset):
            return stored
    teacher.encode(dataset.samples, batch_size=batch_size, progress=progress).save(path, half=True)
    return Embeddings.load(path)


def features_of_part(features: Embeddings, dataset: Dataset, part: Dataset) -> Embeddings:
    """Of the features of a whole data set those of a part, such as without second captions; others stay as they are."""
    if _rows_match(features, part) or not _rows_match(features, dataset):
        return features
    kept = np.array([sample.item_id for sample in part.samples], dtype=np.str_)
    return features.select(np.isin(features.item_ids, kept))


def check_rows(features: Embeddings, dataset: Dataset) -> Embeddings:
    """Make sure that row i is the feature of sample i.

    Raises:
        DataError: the features are of other samples, or in another order.
    """
    if not _rows_match(features, dataset):
        raise DataError(
            f"{len(features)} teacher features that are not those of the {len(dataset)} samples of {dataset.name}",
            expected="one row a sample, in the data set's order",
            remedy="store the features of this split again",
        )
    return features


def _rows_match(features: Embeddings, dataset: Dataset) -> bool:
    return np.array_equal(
        features.item_ids, np.array([sample.item_id for sample in dataset.samples], dtype=np.str_)
    )
