"""What tells translated pictures from real ones, while a translator is trained."""

from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import interpolate
from torch.nn.utils.parametrizations import spectral_norm

Verdicts = tuple[Float[Tensor, "..."], ...]
"""Logits; positive where a picture is taken for a real one. Each tensor counts as much as the others."""

_WIDEST = 8


class PatchDiscriminator(nn.Module):
    """Judges every patch of 70 x 70 pixels.

    Source: the PatchGAN of pix2pix (Isola et al., CVPR 2017), appendix 6.1.2: C64-C128-C256-C512.

    Args:
        channels: of the first layer.
    """

    def __init__(self, *, channels: int = 64) -> None:
        super().__init__()
        widths = [4, channels, 2 * channels, 4 * channels, 8 * channels]
        layers: list[nn.Module] = []
        for number, (before, after) in enumerate(pairwise(widths)):
            layers.append(nn.Conv2d(before, after, 4, 1 if number == 3 else 2, 1))
            layers += [nn.BatchNorm2d(after)] if number else []
            layers.append(nn.LeakyReLU(0.2))
        self.judge = nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, 4, 1, 1))

    def forward(
        self, photographs: Float[Tensor, "n 3 height width"], pictures: Float[Tensor, "n 1 height width"]
    ) -> Verdicts:
        """Logits of the patches of each pair."""
        return (self.judge(torch.cat([photographs, pictures], dim=1)),)


class PixelDiscriminator(nn.Module):
    """A U-Net that judges the whole picture at its bottom and every pixel at its top.

    Source: U-Net GAN (Schönfeld, Schiele & Khoreva, CVPR 2020), as InfraGAN uses it: residual blocks with spectral
    normalisation, sum pooling at the bottom; without its layer of self-attention.

    Args:
        channels: of the first block; doubled by each further one, up to eightfold.
        halvings: blocks down.
    """

    def __init__(self, *, channels: int = 64, halvings: int = 5) -> None:
        super().__init__()
        widths = [channels * min(2**level, _WIDEST) for level in range(halvings)]
        self.down = nn.ModuleList(
            _Block(before, after, begins=level == 0)
            for level, (before, after) in enumerate(zip([4, *widths], widths, strict=False))
        )
        self.whole = spectral_norm(nn.Linear(widths[-1], 1))
        self.up = nn.ModuleList(
            _Block(
                widths[level] * (1 if level == halvings - 1 else 2), widths[max(0, level - 1)], begins=False
            )
            for level in reversed(range(halvings))
        )
        self.pixels = nn.Conv2d(channels, 1, 1)

    def forward(
        self, photographs: Float[Tensor, "n 3 height width"], pictures: Float[Tensor, "n 1 height width"]
    ) -> Verdicts:
        """Logits of each pair, and of each of its pixels."""
        seen, kept = torch.cat([photographs, pictures], dim=1), []
        for block in self.down:
            seen = _halved(block(seen))
            kept.append(seen)
        whole = self.whole(torch.relu(kept[-1]).sum(dim=(2, 3)))
        seen = self.up[0](_doubled(kept.pop()))
        for block in self.up[1:]:
            seen = block(_doubled(torch.cat([seen, kept.pop()], dim=1)))
        return whole, self.pixels(torch.relu(seen))


class _Block(nn.Module):
    """Two convolutions of 3 x 3 beside one of 1 x 1; the first block of all begins without a ReLU."""

    def __init__(self, before: int, after: int, *, begins: bool) -> None:
        super().__init__()
        self.begins = begins
        self.first = spectral_norm(nn.Conv2d(before, after, 3, padding=1))
        self.second = spectral_norm(nn.Conv2d(after, after, 3, padding=1))
        self.shortcut = spectral_norm(nn.Conv2d(before, after, 1))

    def forward(self, seen: Tensor) -> Tensor:
        inner = self.first(seen if self.begins else torch.relu(seen))
        return self.second(torch.relu(inner)) + self.shortcut(seen)


def _halved(seen: Tensor) -> Tensor:
    return nn.functional.avg_pool2d(seen, 2)


def _doubled(seen: Tensor) -> Tensor:
    return interpolate(seen, scale_factor=2.0, mode="nearest")
