from dataclasses import replace
from typing import Any

import pytest
import torch

from crossreid.core.modality import Modality
from crossreid.losses.identity import identity_loss
from crossreid.losses.sdm import pairwise_sdm_loss, sdm_loss
from crossreid.losses.triplet import triplet_loss
from crossreid.training.config import TaskWeights
from crossreid.training.tasks.identity_matching import IdentityMatching, embed


@pytest.fixture
def features(tiny: Any) -> torch.Tensor:
    return torch.randn(len(tiny.batch().rows), 8, generator=torch.Generator().manual_seed(0))


def test_terms_and_their_sum(tiny: Any, features: torch.Tensor) -> None:
    batch = tiny.batch()
    weights = TaskWeights(
        identity=0.25, triplet=2.0, sdm=0.5, temperature=0.1, margin=0.2, sdm_reduction="mean"
    )
    matching = IdentityMatching(8, 3, weights)
    losses = matching(features, batch, progress=1.0)
    expected = {
        "identity": identity_loss(matching.head(features), batch.person_ids),
        "triplet": triplet_loss(features, batch.person_ids, margin=0.2),
        "sdm": pairwise_sdm_loss(
            features, batch.person_ids, batch.modalities, temperature=0.1, reduction="mean"
        ),
    }
    assert set(losses) == {*expected, "task"}
    for name, value in expected.items():
        torch.testing.assert_close(losses[name], value)
    total = 0.25 * expected["identity"] + 2.0 * expected["triplet"] + 0.5 * expected["sdm"]
    torch.testing.assert_close(losses["task"], total)


@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_queries_of_several_pieces_are_matched_with_each_modality(
    tiny: Any, features: torch.Tensor, reduction: Any
) -> None:
    # The first picture and the first caption of a person are of one group; captions begin at place 18.
    batch = replace(tiny.batch(), together=((0, 18), (7, 8, 20)))
    joint = torch.randn(2, 8, generator=torch.Generator().manual_seed(1))
    weights = TaskWeights(temperature=0.1, margin=0.2, sdm_reduction=reduction)
    matching = IdentityMatching(8, 3, weights)
    losses = matching(features, batch, progress=1.0, together=joint)
    everything = torch.cat([features, joint])
    people = torch.cat([batch.person_ids, torch.tensor([0, 1])])
    pairs = []
    for kind in Modality:
        rows = torch.tensor([place for place, other in enumerate(batch.modalities) if other == kind])
        pairs.append(
            sdm_loss(joint, features[rows], torch.tensor([0, 1]), batch.person_ids[rows], temperature=0.1)
        )
    apart = pairwise_sdm_loss(
        features, batch.person_ids, batch.modalities, temperature=0.1, reduction=reduction
    )
    extra = sum(pairs) / (4 if reduction == "mean" else 1)
    torch.testing.assert_close(losses["sdm"], apart + extra)
    torch.testing.assert_close(losses["identity"], identity_loss(matching.head(everything), people))
    torch.testing.assert_close(losses["triplet"], triplet_loss(everything, people, margin=0.2))


@pytest.mark.parametrize(("progress", "present"), [(0.0, False), (0.29, False), (0.3, True), (1.0, True)])
def test_triplets_enter_after_the_warm_up(
    tiny: Any, features: torch.Tensor, progress: float, present: bool
) -> None:
    matching = IdentityMatching(8, 3, TaskWeights(triplet_warmup=0.3))
    losses = matching(features, tiny.batch(), progress=progress)
    assert ("triplet" in losses) == present
    parts = sum(losses[name] for name in losses if name != "task")
    torch.testing.assert_close(losses["task"], parts)


@pytest.mark.parametrize("term", ["identity", "triplet", "sdm"])
def test_a_weight_of_zero_switches_a_term_off(tiny: Any, features: torch.Tensor, term: str) -> None:
    weights = TaskWeights.model_validate({"triplet_warmup": 0.0, term: 0.0})
    losses = IdentityMatching(8, 3, weights)(features, tiny.batch(), progress=0.5)
    assert set(losses) == {"identity", "triplet", "sdm", "task"} - {term}


def test_with_all_terms_off_nothing_is_lost(tiny: Any, features: torch.Tensor) -> None:
    weights = TaskWeights(identity=0, triplet=0, sdm=0)
    losses = IdentityMatching(8, 3, weights)(features, tiny.batch(), progress=1.0)
    assert {name: float(loss) for name, loss in losses.items()} == {"task": 0.0}


def test_features_come_in_the_order_of_the_batch(tiny: Any) -> None:
    student, batch = tiny.student(dim=20), tiny.batch()
    with torch.inference_mode():
        features = embed(student, batch)
        seen = student.embed_images(batch.pixel_values, batch.visual_modalities)
        read = student.embed_captions(batch.captions)
    assert features.dtype == torch.float32
    assert len(batch.visual_modalities) == 18
    torch.testing.assert_close(features[:18], seen)
    torch.testing.assert_close(features[18:], read)
