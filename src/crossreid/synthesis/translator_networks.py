"""The generator of both learned translators: pix2pix's U-Net."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from crossreid.core.errors import ConfigurationError

_WIDEST = 8  # times the channels of the first layer
_DROPPED = 3  # of the layers upwards


class UNet(nn.Module):
    """A photograph in, a grey picture out, both from -1 to 1.

    Every convolution of 4 x 4 halves the picture; every transposed one doubles it and sees what was as large on the way
    down. Weights begin as N(0, 0.02), as those of pix2pix.

    Source: pix2pix (Isola et al., CVPR 2017), 3.2 and appendix 6.1; the generator of InfraGAN (Özkanoğlu & Ozer,
    Pattern Recognition Letters 2022).

    Args:
        channels: of the first layer; doubled by each further one, up to eightfold.
        halvings: layers down, at least 2; height and width must be multiples of 2 to this power.
        dropout: of the first three layers upwards.
    """

    def __init__(self, *, channels: int = 64, halvings: int = 7, dropout: float = 0.5) -> None:
        super().__init__()
        if halvings < 2:
            raise ConfigurationError(f"{halvings} halvings", expected="2 or more")
        widths = [channels * min(2**level, _WIDEST) for level in range(halvings)]
        self.down = nn.ModuleList(
            _down(before, after, first=level == 0, last=level == halvings - 1)
            for level, (before, after) in enumerate(zip([3, *widths], widths, strict=False))
        )
        self.up = nn.ModuleList(
            _up(
                widths[level] * (1 if level == halvings - 1 else 2),
                widths[level - 1] if level else 1,
                dropout=dropout if 0 < halvings - 1 - level <= _DROPPED and level else 0.0,
                last=level == 0,
            )
            for level in reversed(range(halvings))
        )
        self.apply(_begin)

    def forward(self, photographs: Float[Tensor, "n 3 height width"]) -> Float[Tensor, "n 1 height width"]:
        """Translate."""
        seen, kept = photographs, []
        for layer in self.down:
            seen = layer(seen)
            kept.append(seen)
        seen = self.up[0](kept.pop())
        for layer in self.up[1:]:
            seen = layer(torch.cat([seen, kept.pop()], dim=1))
        return torch.tanh(seen)


def _down(before: int, after: int, *, first: bool, last: bool) -> nn.Sequential:
    norm = [] if first or last else [nn.BatchNorm2d(after)]
    begin = [] if first else [nn.LeakyReLU(0.2)]
    return nn.Sequential(*begin, nn.Conv2d(before, after, 4, 2, 1, bias=not norm), *norm)


def _up(before: int, after: int, *, dropout: float, last: bool) -> nn.Sequential:
    norm = [] if last else [nn.BatchNorm2d(after)]
    drop = [nn.Dropout(dropout)] if dropout else []
    return nn.Sequential(nn.ReLU(), nn.ConvTranspose2d(before, after, 4, 2, 1, bias=not norm), *norm, *drop)


def _begin(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)
