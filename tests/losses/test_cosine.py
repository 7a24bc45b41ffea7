import math

import pytest
import torch

from crossreid.core.errors import ConfigurationError
from crossreid.losses import cosine_loss


def test_golden_value(golden_inputs, golden_values):
    loss = cosine_loss(torch.from_numpy(golden_inputs["student"]), torch.from_numpy(golden_inputs["teacher"]))
    assert loss.item() == pytest.approx(golden_values["cosine"], rel=1e-4)


def test_angles_by_hand():
    student = torch.tensor([[2.0, 0.0], [1.0, 1.0], [0.0, 3.0]])
    teacher = torch.tensor([[5.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    assert cosine_loss(student, teacher).item() == pytest.approx((0 + (1 - math.sqrt(1 / 2)) + 1) / 3)


def test_gradient():
    generator = torch.Generator().manual_seed(0)
    student = torch.randn(3, 4, dtype=torch.float64, generator=generator).requires_grad_()
    teacher = torch.randn(3, 4, dtype=torch.float64, generator=generator)
    assert torch.autograd.gradcheck(lambda x: cosine_loss(x, teacher), (student,))


@pytest.mark.usefixtures("shapes_unchecked")
def test_other_shapes_are_refused():
    with pytest.raises(ConfigurationError, match=r"2 of student, 1 of teacher"):
        cosine_loss(torch.ones(2, 3), torch.ones(1, 3))
    with pytest.raises(ConfigurationError, match=r"3 of student, 4 of teacher"):
        cosine_loss(torch.ones(2, 3), torch.ones(2, 4))
