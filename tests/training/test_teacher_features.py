from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import DataError
from crossreid.models.encoder import ModelEncoder
from crossreid.training.teacher_features import check_rows, features_of_part, store_teacher_features


@pytest.fixture
def dataset(tiny: Any) -> Any:
    return tiny.dataset(people=2, groups=1)


class Counted(ModelEncoder):
    calls = 0

    def encode(self, *arguments: Any, **options: Any) -> Embeddings:
        self.calls += 1
        return super().encode(*arguments, **options)


def test_features_are_computed_once_and_read_afterwards(tiny: Any, dataset: Any, tmp_path: Path) -> None:
    teacher, path = Counted(tiny.teacher(), space="cloud"), tmp_path / "features.parquet"
    first = store_teacher_features(teacher, dataset, path)
    again = store_teacher_features(teacher, dataset, path)
    assert teacher.calls == 1
    assert np.array_equal(first.vectors, again.vectors)
    np.testing.assert_allclose(first.vectors, teacher.encode(dataset.samples).vectors, atol=1e-3)
    assert first.fingerprint == teacher.fingerprint
    assert list(first.item_ids) == [sample.item_id for sample in dataset.samples]


def test_another_teacher_or_other_samples_are_embedded_anew(tiny: Any, dataset: Any, tmp_path: Path) -> None:
    path = tmp_path / "features.parquet"
    first = store_teacher_features(ModelEncoder(tiny.teacher()), dataset, path)
    other = store_teacher_features(ModelEncoder(tiny.teacher(seed=1)), dataset, path)
    assert other.fingerprint != first.fingerprint
    assert not np.allclose(other.vectors, first.vectors, atol=0.01)
    turned = replace(dataset, samples=dataset.samples[::-1])
    features = store_teacher_features(ModelEncoder(tiny.teacher(seed=1)), turned, path)
    np.testing.assert_allclose(features.vectors, other.vectors[::-1], atol=1e-3)


def test_features_in_another_order_are_refused(tiny: Any, dataset: Any) -> None:
    features = ModelEncoder(tiny.teacher()).encode(dataset.samples)
    assert check_rows(features, dataset) is features
    for wrong in (features.select(slice(None, None, -1)), features.select(slice(1, None))):
        with pytest.raises(DataError, match=r"not those of the 8 samples of colours.*store the features"):
            check_rows(wrong, dataset)


def test_features_of_a_whole_data_set_serve_a_part_of_it(tiny: Any) -> None:
    whole = tiny.dataset(people=3)
    pictures, others = whole.of("rgb", "ir", "sketch"), whole.of("text")
    features = ModelEncoder(tiny.student()).encode(whole.samples)
    part = features_of_part(features, whole, pictures)
    assert part.item_ids.tolist() == [sample.item_id for sample in pictures.samples]
    assert check_rows(part, pictures) is part
    assert features_of_part(part, whole, pictures) is part
    assert features_of_part(part, whole, others) is part  # of neither: the training refuses it
