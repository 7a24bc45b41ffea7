import pytest
import torch

from crossreid.losses import cosine_loss, feature_relation_loss


@pytest.mark.parametrize("loss", [cosine_loss, feature_relation_loss])
def test_half_precision_features_are_computed_in_single_precision(loss):
    generator = torch.Generator().manual_seed(0)
    teacher = torch.randn(8, 40, generator=generator).bfloat16()
    student = (teacher.float() + 0.05 * torch.randn(8, 40, generator=generator)).bfloat16()
    result = loss(student, teacher)
    assert result.dtype == torch.float32
    torch.testing.assert_close(result, loss(student.float(), teacher.float()), rtol=0, atol=0)


def test_autocast_does_not_round_the_products():
    generator = torch.Generator().manual_seed(0)
    teacher = torch.randn(8, 40, generator=generator)
    student = teacher + 0.05 * torch.randn(8, 40, generator=generator)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = feature_relation_loss(student, teacher=teacher)
    torch.testing.assert_close(inside, feature_relation_loss(student, teacher), rtol=0, atol=0)


def test_half_precision_arguments_get_gradients():
    student = torch.randn(4, 8, generator=torch.Generator().manual_seed(0)).bfloat16().requires_grad_()
    cosine_loss(student, teacher=torch.ones(4, 8, dtype=torch.float16)).backward()
    assert student.grad is not None
    assert student.grad.abs().sum() > 0
