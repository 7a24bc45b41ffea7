import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from crossreid.losses import cosine_loss, similarity_loss


@pytest.mark.parametrize(("angle", "expected"), [(0, 0.0), (60, 0.25), (90, 0.5), (180, 1.0)])
def test_from_0_for_one_direction_to_1_for_the_opposite(angle, expected):
    radians = torch.deg2rad(torch.tensor(float(angle)))
    student = 3 * torch.stack([radians.cos(), radians.sin()])[None]
    assert similarity_loss(student, torch.tensor([[1.0, 0.0]])).item() == pytest.approx(expected, abs=1e-6)


@given(st.integers(0, 100))
def test_half_of_the_cosine_loss(seed):
    student, teacher = torch.randn(2, 5, 4, generator=torch.Generator().manual_seed(seed))
    torch.testing.assert_close(2 * similarity_loss(student, teacher), cosine_loss(student, teacher))
