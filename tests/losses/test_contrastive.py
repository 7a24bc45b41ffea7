import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from crossreid.core.errors import ConfigurationError
from crossreid.losses import clip_loss


def test_two_pairs_by_hand():
    # Cosines [[1, 0], [0, 1]] times ln 3: each row gives its own partner 3/4.
    eye = torch.eye(2)
    assert clip_loss(eye, 5 * eye, logit_scale=math.log(3)).item() == pytest.approx(math.log(4 / 3))


def test_the_two_directions_are_averaged():
    # Both pictures look like the first text: rows cost ln(4/3) and ln 4, columns ln 2 and ln 2.
    images, texts = torch.tensor([[1.0, 0.0], [1.0, 0.0]]), torch.eye(2)
    expected = ((math.log(4 / 3) + math.log(4)) / 2 + math.log(2)) / 2
    assert clip_loss(images, texts, logit_scale=math.log(3)).item() == pytest.approx(expected)


def test_gradient_reaches_features_and_scale():
    generator = torch.Generator().manual_seed(0)
    images, texts = torch.randn(2, 4, 3, dtype=torch.float64, generator=generator)
    scale = torch.tensor(3.0, dtype=torch.float64)
    inputs = tuple(tensor.clone().requires_grad_() for tensor in (images, texts, scale))
    assert torch.autograd.gradcheck(lambda i, t, s: clip_loss(i, t, logit_scale=s), inputs)


@given(st.permutations(range(5)))
def test_the_order_of_the_pairs_and_the_two_sides_do_not_matter(order):
    images, texts = torch.randn(2, 5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = clip_loss(images, texts, logit_scale=10.0)
    torch.testing.assert_close(clip_loss(texts[order], images[order], logit_scale=10.0), expected)


@pytest.mark.usefixtures("shapes_unchecked")
def test_unpaired_rows_are_refused():
    with pytest.raises(ConfigurationError, match=r"2 of images, 3 of texts"):
        clip_loss(torch.ones(2, 3), torch.ones(3, 3), logit_scale=1.0)
