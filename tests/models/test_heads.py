import pytest
import torch

from crossreid.models.heads import IdentityHead


def test_logits_are_the_classifier_on_normalised_features() -> None:
    head = IdentityHead(2, 3)
    with torch.no_grad():
        head.classifier.weight.copy_(torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]))
    # Columns (1, 3) and (2, 2): mean 2 each; deviation 1 and 0. Batch norm gives -1, 1 and 0, 0.
    logits = head(torch.tensor([[1.0, 2.0], [3.0, 2.0]]))
    torch.testing.assert_close(logits, torch.tensor([[-1.0, 0.0, -1.0], [1.0, 0.0, 1.0]]), atol=1e-4, rtol=0)


def test_the_neck_scales_and_does_not_shift() -> None:
    head = IdentityHead(4, 3)
    trained = {name for name, parameter in head.named_parameters() if parameter.requires_grad}
    assert trained == {"neck.weight", "classifier.weight"}
    assert head.classifier.bias is None
    assert float(head.neck.bias.abs().max()) == 0


def test_the_generator_draws_the_classifier() -> None:
    first, again, other = (
        IdentityHead(4, 3, generator=torch.Generator().manual_seed(seed)).classifier.weight
        for seed in (7, 7, 8)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert float(first.detach().std()) == pytest.approx(0.001, rel=0.7)
