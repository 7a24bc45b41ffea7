import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from crossreid.core.errors import ConfigurationError
from crossreid.losses import triplet_loss

# Person 0 at 0 and 1, person 1 at 3, on a line. Anchors: 0 -> D+ 1, D- 3; 1 -> D+ 1, D- 2; 3 -> D+ 0, D- 2.
LINE = torch.tensor([[0.0, 0.0], [1.0, 0.0], [3.0, 0.0]])
LINE_IDS = torch.tensor([0, 0, 1])


@pytest.mark.parametrize(
    ("margin", "distance", "expected"),
    [
        (0.3, "euclidean", 0),
        (2.0, "euclidean", (0 + 1 + 0) / 3),
        (3.0, "euclidean", (1 + 2 + 1) / 3),
        (4.0, "squared", (0 + 1 + 0) / 3),
        (
            None,
            "euclidean",
            (math.log1p(math.exp(-2)) + math.log1p(math.exp(-1)) + math.log1p(math.exp(-2))) / 3,
        ),
    ],
)
def test_three_points_on_a_line(margin, distance, expected):
    loss = triplet_loss(LINE, LINE_IDS, margin=margin, distance=distance, normalize=False)
    assert loss.item() == pytest.approx(expected)


def test_normalisation_ignores_length():
    directions = torch.tensor([[1.0, 0.0], [0.0, 2.0], [-5.0, 0.0]])
    # Unit vectors: D+ = sqrt 2 for the first two; D- = 2 and sqrt 2; the third: D+ = 0, D- = sqrt 2.
    expected = (max(0, math.sqrt(2) - 2 + 1) + 1 + max(0, 1 - math.sqrt(2))) / 3
    assert triplet_loss(directions, LINE_IDS, margin=1.0).item() == pytest.approx(expected)


def test_golden_values(golden_inputs, golden_values):
    features = torch.from_numpy(golden_inputs["triplet_features"])
    person_ids = torch.from_numpy(golden_inputs["sdm_person_ids"])
    hard = triplet_loss(features, person_ids, margin=0.3)
    soft = triplet_loss(features, person_ids, margin=None, normalize=False)
    assert hard.item() == pytest.approx(golden_values["triplet_margin_0.3_normalised_euclidean"], rel=1e-5)
    assert soft.item() == pytest.approx(golden_values["triplet_soft_margin_unnormalised"], rel=1e-5)


@pytest.mark.parametrize("distance", ["euclidean", "squared"])
@pytest.mark.parametrize("margin", [5.0, None])
def test_gradient(margin, distance):
    features = torch.randn(
        8, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1)
    ).requires_grad_()
    person_ids = torch.tensor([0, 0, 0, 1, 1, 2, 2, 3])
    assert torch.autograd.gradcheck(
        lambda x: triplet_loss(x, person_ids, margin=margin, distance=distance), (features,)
    )


@pytest.mark.parametrize("distance", ["euclidean", "squared"])
def test_collapsed_features_give_a_finite_gradient(distance):
    features = torch.ones(4, 3, requires_grad=True)
    loss = triplet_loss(features, torch.tensor([0, 0, 1, 1]), distance=distance)
    loss.backward()
    assert loss.item() == pytest.approx(0.3)
    assert features.grad is not None
    assert torch.isfinite(features.grad).all()


@pytest.mark.parametrize("margin", [0.3, None])
def test_one_person_has_no_triplet(margin):
    features = torch.randn(4, 3, generator=torch.Generator().manual_seed(0)).requires_grad_()
    loss = triplet_loss(features, torch.zeros(4, dtype=torch.long), margin=margin)
    loss.backward()
    assert loss.item() == 0
    assert features.grad is not None
    assert (features.grad == 0).all()


@given(st.permutations(range(9)), st.sampled_from(["euclidean", "squared"]))
def test_the_order_of_the_rows_does_not_matter(order, distance):
    features = torch.randn(9, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    person_ids = torch.tensor([0, 0, 0, 1, 1, 2, 2, 2, 3])
    expected = triplet_loss(features, person_ids, distance=distance)
    torch.testing.assert_close(triplet_loss(features[order], person_ids[order], distance=distance), expected)


@given(st.integers(0, 2**32 - 1))
def test_agrees_with_a_loop_over_all_triplets(seed):
    random = np.random.default_rng(seed)
    points, people = random.normal(size=(7, 3)), random.integers(0, 3, size=7)
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    losses = []
    for anchor in range(7):
        others = [distances[anchor, i] for i in range(7) if people[i] != people[anchor]]
        farthest = max(distances[anchor, i] for i in range(7) if people[i] == people[anchor])
        losses.append(max(0, farthest - min(others) + 0.3) if others else 0)
    loss = triplet_loss(torch.from_numpy(points), torch.from_numpy(people), normalize=False)
    assert loss.item() == pytest.approx(np.mean(losses))


@pytest.mark.usefixtures("shapes_unchecked")
def test_an_identity_too_few_is_refused():
    with pytest.raises(ConfigurationError, match=r"3 of features, 2 of person_ids"):
        triplet_loss(LINE, LINE_IDS[:2])
