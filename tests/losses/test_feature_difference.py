import pytest
import torch

from crossreid.core.errors import ConfigurationError
from crossreid.losses import feature_difference_loss


def test_by_hand():
    student = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    teacher = torch.tensor([[0.6, 0.8], [0.0, 1.0]])
    assert feature_difference_loss(student, teacher).item() == pytest.approx((0.4 + 0.8) / 4)


def test_every_coordinate_is_pulled_equally_hard():
    student = torch.tensor([[0.9, 0.1], [0.3, 0.3]], requires_grad=True)
    feature_difference_loss(student, torch.tensor([[0.0, 0.2], [0.3, 0.0]])).backward()
    assert student.grad is not None
    assert torch.equal(student.grad, torch.tensor([[0.25, -0.25], [0.0, 0.25]]))


@pytest.mark.usefixtures("shapes_unchecked")
def test_other_rows_and_widths_are_refused():
    with pytest.raises(ConfigurationError, match="2 of student, 3 of teacher"):
        feature_difference_loss(torch.eye(2), torch.ones(3, 2))
    with pytest.raises(ConfigurationError, match="2 of student, 3 of teacher"):
        feature_difference_loss(torch.eye(2), torch.ones(2, 3))
