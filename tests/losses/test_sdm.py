import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from crossreid.core.errors import ConfigurationError
from crossreid.core.modality import Modality
from crossreid.losses import pairwise_sdm_loss, sdm_loss


@pytest.mark.parametrize("temperature", [0.02, 0.05, 0.07])
def test_golden_values_and_gradients(golden_inputs, golden_values, temperature):
    queries = torch.from_numpy(golden_inputs["sdm_queries"]).requires_grad_()
    gallery = torch.from_numpy(golden_inputs["sdm_gallery"])
    person_ids = torch.from_numpy(golden_inputs["sdm_person_ids"])
    loss = sdm_loss(queries, gallery, person_ids, person_ids, temperature=temperature)
    loss.backward()
    assert loss.item() == pytest.approx(golden_values[f"sdm_tau_{temperature}"], rel=1e-5)
    expected = torch.from_numpy(golden_inputs[f"sdm_grad_queries_tau_{temperature}"])
    torch.testing.assert_close(queries.grad, expected, rtol=1e-4, atol=1e-7)


def test_equal_similarities_of_one_person_cost_nothing():
    # Every label is 1/2 and every similarity is 1/2, in both directions.
    ones, same = torch.ones(2, 3), torch.tensor([7, 7])
    assert sdm_loss(ones, ones, same, same, temperature=0.05).item() == pytest.approx(0, abs=1e-6)


def test_unequal_counts_by_hand():
    # One query, two gallery items of its person, all vectors equal. Query row: p = q = [1/2, 1/2], KL 0.
    # Gallery rows: one query each, p = q = [1], KL 0. One matrix normalised by the query's row and transposed
    # would give the labels 1/2 instead of 1 and cost ln 2.
    loss = sdm_loss(
        torch.ones(1, 3), torch.ones(2, 3), torch.tensor([4]), torch.tensor([4, 4]), temperature=0.05
    )
    assert loss.item() == pytest.approx(0, abs=1e-6)


def test_two_people_by_hand():
    # cosines [[1, 0], [0, 1]] at temperature 1 / ln 3: p = [3/4, 1/4] on each row, labels [1, 0] + 1e-8.
    eye, ids = torch.eye(2, dtype=torch.float64), torch.tensor([0, 1])
    divergence = 3 / 4 * math.log(3 / 4 / (1 + 1e-8)) + 1 / 4 * math.log(1 / 4 / 1e-8)
    loss = sdm_loss(eye, eye, ids, ids, temperature=1 / math.log(3))
    assert loss.item() == pytest.approx(2 * divergence)


def test_rows_without_a_match_are_left_out_of_the_mean():
    # The second query's person is not in the gallery, so the query direction is the first row's alone.
    eye = torch.eye(2, dtype=torch.float64)
    first_row = 3 / 4 * math.log(3 / 4 / (1 / 2 + 1e-8)) + 1 / 4 * math.log(1 / 4 / (1 / 2 + 1e-8))
    gallery_row = 3 / 4 * math.log(3 / 4 / (1 + 1e-8)) + 1 / 4 * math.log(1 / 4 / 1e-8)
    mirrored_row = 1 / 4 * math.log(1 / 4 / (1 + 1e-8)) + 3 / 4 * math.log(3 / 4 / 1e-8)
    loss = sdm_loss(eye, eye, torch.tensor([0, 1]), torch.tensor([0, 0]), temperature=1 / math.log(3))
    assert loss.item() == pytest.approx(first_row + (gallery_row + mirrored_row) / 2)


def test_no_match_at_all_costs_nothing_and_moves_nothing():
    queries = torch.randn(3, 4, generator=torch.Generator().manual_seed(0)).requires_grad_()
    loss = sdm_loss(
        queries, torch.ones(2, 4), torch.tensor([0, 1, 2]), torch.tensor([3, 4]), temperature=0.05
    )
    loss.backward()
    assert loss.item() == 0
    assert queries.grad is not None
    assert (queries.grad == 0).all()


def test_gradient():
    generator = torch.Generator().manual_seed(0)
    queries = torch.randn(3, 4, dtype=torch.float64, generator=generator).requires_grad_()
    gallery = torch.randn(5, 4, dtype=torch.float64, generator=generator).requires_grad_()
    ids = torch.tensor([0, 1, 2]), torch.tensor([0, 0, 1, 2, 2])
    assert torch.autograd.gradcheck(lambda q, g: sdm_loss(q, g, *ids, temperature=0.2), (queries, gallery))


@given(st.permutations(range(4)), st.permutations(range(6)))
def test_the_order_of_the_rows_and_the_two_sides_do_not_matter(query_order, gallery_order):
    generator = torch.Generator().manual_seed(3)
    queries = torch.randn(4, 5, dtype=torch.float64, generator=generator)
    gallery = torch.randn(6, 5, dtype=torch.float64, generator=generator)
    query_ids, gallery_ids = torch.tensor([0, 1, 1, 2]), torch.tensor([0, 0, 1, 2, 2, 3])
    expected = sdm_loss(queries, gallery, query_ids, gallery_ids, temperature=0.1)
    shuffled = sdm_loss(
        gallery[gallery_order],
        queries[query_order],
        gallery_ids[gallery_order],
        query_ids[query_order],
        temperature=0.1,
    )
    torch.testing.assert_close(shuffled, expected)


def _batch():
    features = torch.randn(10, 4, generator=torch.Generator().manual_seed(0))
    person_ids = torch.tensor([0, 0, 0, 1, 1, 1, 0, 1, 0, 1])
    rgb, ir, sketch = Modality.RGB, Modality.IR, Modality.SKETCH
    modalities = [rgb, ir, sketch, rgb, ir, sketch, rgb, ir, ir, sketch]
    return features, person_ids, modalities


def test_pairs_without_samples_are_left_out():
    features, person_ids, modalities = _batch()
    rgb, ir, sketch = (
        [i for i, m in enumerate(modalities) if m == wanted] for wanted in ("rgb", "ir", "sketch")
    )
    three = sum(
        sdm_loss(features[a], features[b], person_ids[a], person_ids[b], temperature=0.07)
        for a, b in ((rgb, ir), (rgb, sketch), (ir, sketch))
    )
    total = pairwise_sdm_loss(features, person_ids, modalities, temperature=0.07)
    torch.testing.assert_close(total, three)
    mean = pairwise_sdm_loss(features, person_ids, modalities, temperature=0.07, reduction="mean")
    torch.testing.assert_close(mean, three / 3)


def test_four_modalities_give_six_pairs():
    features, person_ids = torch.ones(4, 3), torch.zeros(4, dtype=torch.long)
    features = torch.cat([features, -features])
    person_ids = torch.cat([person_ids, person_ids + 1])
    modalities = [*Modality, *Modality]
    one_pair = sdm_loss(features[::4], features[1::4], person_ids[::4], person_ids[1::4], temperature=1.0)
    total = pairwise_sdm_loss(features, person_ids, modalities, temperature=1.0)
    torch.testing.assert_close(total, 6 * one_pair)


def test_modalities_by_position_are_modalities_by_name():
    features, person_ids, modalities = _batch()
    places = torch.tensor([list(Modality).index(modality) for modality in modalities])
    by_name = pairwise_sdm_loss(features, person_ids, modalities, temperature=0.07)
    torch.testing.assert_close(pairwise_sdm_loss(features, person_ids, places, temperature=0.07), by_name)


def test_one_modality_alone_costs_nothing_and_still_has_a_gradient():
    features = torch.ones(3, 2, requires_grad=True)
    loss = pairwise_sdm_loss(features, torch.tensor([0, 1, 2]), [Modality.IR] * 3, temperature=0.05)
    loss.backward()
    assert loss.item() == 0
    assert features.grad is not None


def test_a_temperature_of_zero_is_refused():
    ids = torch.tensor([0])
    with pytest.raises(ConfigurationError, match=r"temperature 0\.0"):
        sdm_loss(torch.ones(1, 2), torch.ones(1, 2), ids, ids, temperature=0.0)


@pytest.mark.usefixtures("shapes_unchecked")
def test_other_widths_are_refused():
    ids = torch.tensor([0])
    with pytest.raises(ConfigurationError, match=r"2 of queries, 3 of gallery"):
        sdm_loss(torch.ones(1, 2), torch.ones(1, 3), ids, ids, temperature=0.05)
