from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crossreid.core.encoder import Encoder
from crossreid.core.errors import CheckpointError, ConfigurationError, DataError
from crossreid.core.modality import Modality
from crossreid.models.encoder import ModelEncoder
from crossreid.models.folder import save_model
from crossreid.models.loading import load_encoder


@pytest.fixture(params=["teacher", "student"])
def model(request: pytest.FixtureRequest, tiny: Any) -> Any:
    return getattr(tiny, request.param)()


def test_samples_of_all_modalities_keep_their_order_and_keys(model: Any, tiny: Any) -> None:
    samples = tiny.dataset(people=2).samples
    encoder = ModelEncoder(model)
    together = encoder.encode(samples, batch_size=5)
    assert isinstance(encoder, Encoder)
    assert together.vectors.shape == (16, 32) == (len(samples), encoder.dim)
    np.testing.assert_allclose(np.linalg.norm(together.vectors, axis=1), 1, atol=1e-5)
    assert list(together.modalities) == [sample.modality.value for sample in samples]
    assert list(together.item_ids) == [sample.item_id for sample in samples]
    for row in (0, 3, 9):
        alone = encoder.encode([samples[row]])
        np.testing.assert_allclose(together.vectors[row], alone.vectors[0], atol=1e-5)


def test_a_teacher_reads_pieces_of_evidence_together(tiny: Any) -> None:
    samples = tiny.dataset(people=2).samples  # photograph, infrared, sketch, words; photograph, ...
    encoder = ModelEncoder(tiny.teacher())
    queries = [(samples[3], samples[2]), (samples[8],), samples[4], (samples[14], samples[13], samples[15])]
    assert encoder.reads_together
    rows = encoder.encode(queries, batch_size=3)
    assert list(rows.item_ids) == [samples[row].item_id for row in (3, 8, 4, 14)]
    np.testing.assert_allclose(np.linalg.norm(rows.vectors, axis=1), 1, atol=1e-5)
    for row, query in enumerate(queries):
        alone = encoder.encode([query]).vectors[0]
        np.testing.assert_allclose(rows.vectors[row], alone, atol=1e-5)
    np.testing.assert_allclose(rows.vectors[1], encoder.encode([samples[8]]).vectors[0], atol=1e-5)
    turned = encoder.encode([(samples[2], samples[3])])
    assert list(turned.item_ids) == [samples[2].item_id]
    np.testing.assert_allclose(turned.vectors[0], rows.vectors[0], atol=1e-6)
    fused = sum(encoder.encode([samples[place]]).vectors[0] for place in (2, 3))
    assert np.abs(fused / np.linalg.norm(fused) - rows.vectors[0]).max() > 1e-2


def test_pieces_of_two_people_are_no_query(tiny: Any) -> None:
    samples = tiny.dataset(people=2).samples
    encoder = ModelEncoder(tiny.teacher())
    with pytest.raises(DataError, match="query 1 with 2 pieces of 2 people"):
        encoder.encode([(samples[0], samples[1]), (samples[0], samples[8])])
    with pytest.raises(DataError, match="with 0 pieces"):
        encoder.encode([()])


def test_a_student_takes_one_piece_at_a_time(tiny: Any) -> None:
    samples = tiny.dataset(people=2).samples
    encoder = ModelEncoder(tiny.student())
    assert not encoder.reads_together
    with pytest.raises(DataError, match=r"type tuple.*need a Qwen2-VL"):
        encoder.encode([(samples[0], samples[1])])


def test_the_fingerprint_names_the_weights_and_the_space(model: Any) -> None:
    own, shared = ModelEncoder(model), ModelEncoder(model, space="cloud")
    weights, space = own.fingerprint.split("@")
    assert weights == space == own.space
    assert shared.fingerprint == f"{weights}@cloud"
    assert own.modalities == frozenset(Modality)


def test_half_precision_is_near(model: Any, tiny: Any) -> None:
    samples = tiny.dataset(people=2).samples
    full, half = (ModelEncoder(model, precision=p).encode(samples).vectors for p in ("fp32", "bf16"))
    cosines = (full * half).sum(axis=1)
    assert cosines.min() > 0.99
    assert np.abs(full - half).max() > 1e-5


def test_a_folder_is_an_encoder_of_its_declared_space(model: Any, tmp_path: Path) -> None:
    folder = save_model(model, tmp_path / "model", space="cloud")
    encoder = load_encoder(folder, device="cpu")
    assert encoder.fingerprint == ModelEncoder(model, space="cloud").fingerprint
    assert encoder.encode(["a man"], modality="text").vectors.shape == (1, 32)


@pytest.mark.parametrize("source", ["no-such-folder", "/no/such/folder"])
def test_what_is_not_there_is_a_checkpoint_error(source: str) -> None:
    with pytest.raises(CheckpointError, match=r"no model at .*expected a model folder, a hub id.*tiny-cloud"):
        load_encoder(source)


def test_what_cannot_be_computed_is_a_configuration_error(tiny: Any, tmp_path: Path) -> None:
    folder = save_model(tiny.student(), tmp_path / "model")
    with pytest.raises(ConfigurationError, match="precision 'int4'; expected one of auto, fp32, bf16, fp16"):
        load_encoder(folder, precision="int4")
    with pytest.raises(ConfigurationError, match="device 'abacus' is not available"):
        load_encoder(folder, device="abacus")
