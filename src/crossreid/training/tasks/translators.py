"""A translator and its discriminator, in one step of one optimiser."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import binary_cross_entropy_with_logits, l1_loss

from crossreid.losses.structural_similarity import structural_similarity_loss
from crossreid.training.config import TranslatorWeights
from crossreid.training.translator_batches import PairBatch

_BETAS = (0.5, 0.999)
"""Of Adam, as pix2pix and InfraGAN have them."""


class TranslatorTask(nn.Module):
    """Both players move at once: each loss reaches the parameters of its own player alone, and `total` is their sum.

    The generator is judged by a discriminator whose parameters are constants, and the discriminator by pictures that
    are. As Adam works on every parameter by itself, this is what two optimisers would do.

    Args:
        generator: photographs -> pictures, both from -1 to 1.
        discriminator: (photographs, pictures) -> logits; None for none.
        weights: of the losses.
    """

    def __init__(
        self, generator: nn.Module, discriminator: nn.Module | None, weights: TranslatorWeights
    ) -> None:
        super().__init__()
        self.generator, self.discriminator, self.weights = generator, discriminator, weights

    def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]:
        """The generator's parameters and the discriminator's, which learn at rates of their own."""
        rates: list[tuple[nn.Module, float]] = [(self.generator, learning_rate)]
        if self.discriminator is not None:
            rates.append((self.discriminator, learning_rate * self.weights.discriminator_rate))
        return [
            {"params": list(player.parameters()), "lr": rate, "betas": _BETAS, "weight_decay": 0.0}
            for player, rate in rates
        ]

    def forward(self, batch: PairBatch, *, progress: float) -> dict[str, Tensor]:
        """Losses of both players: `absolute` in shares of the range, `structure` 1 - SSIM, the others in nats."""
        pictures = self.generator(batch.photographs)
        losses = {"absolute": l1_loss(pictures.float(), batch.targets) / 2}
        total = self.weights.absolute * losses["absolute"]
        if self.weights.structure:
            losses["structure"] = structural_similarity_loss(_to_unit(pictures), _to_unit(batch.targets))
            total = total + self.weights.structure * losses["structure"]
        if self.discriminator is not None:
            losses |= self._play(self.discriminator, batch, pictures)
            total = total + self.weights.adversarial * losses["adversarial"] + losses["discrimination"]
        return {"total": total, **losses}

    def _play(self, discriminator: nn.Module, batch: PairBatch, pictures: Tensor) -> dict[str, Tensor]:
        held = {name: parameter.detach() for name, parameter in discriminator.named_parameters()}
        judged = functional_call(discriminator, held, (batch.photographs, pictures))
        real = discriminator(batch.photographs, batch.targets)
        made = discriminator(batch.photographs, pictures.detach())
        return {
            "adversarial": _entropy(judged, real=True),
            "discrimination": (_entropy(real, real=True) + _entropy(made, real=False)) / 2,
        }


def _entropy(verdicts: tuple[Tensor, ...], *, real: bool) -> Tensor:
    """Of logits against the truth, in nats: means of the tensors, summed."""
    parts = [
        binary_cross_entropy_with_logits(
            logits.float(), torch.full_like(logits, float(real), dtype=torch.float32)
        )
        for logits in verdicts
    ]
    return torch.stack(parts).sum()


def _to_unit(pictures: Tensor) -> Tensor:
    return (pictures + 1) / 2
