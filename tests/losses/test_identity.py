import math

import pytest
import torch

from crossreid.core.errors import ConfigurationError
from crossreid.losses import identity_loss


def test_even_logits_cost_the_logarithm_of_the_number_of_people():
    loss = identity_loss(torch.zeros(3, 5), torch.tensor([0, 4, 2]))
    assert loss.item() == pytest.approx(math.log(5))


def test_two_people_by_hand():
    # softmax([ln 3, 0]) = [3/4, 1/4]: costs -ln 3/4 for the first person, -ln 1/4 for the second.
    logits = torch.tensor([[math.log(3), 0.0], [math.log(3), 0.0]])
    loss = identity_loss(logits, torch.tensor([0, 1]))
    assert loss.item() == pytest.approx(-(math.log(3 / 4) + math.log(1 / 4)) / 2)


def test_gradient():
    logits = torch.randn(
        4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0)
    ).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: identity_loss(x, torch.tensor([0, 2, 1, 1])), (logits,))


@pytest.mark.usefixtures("shapes_unchecked")
def test_a_label_too_few_is_refused():
    with pytest.raises(ConfigurationError, match=r"3 of logits, 2 of person_labels"):
        identity_loss(torch.zeros(3, 5), torch.tensor([0, 4]))
