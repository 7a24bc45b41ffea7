"""Make two pictures alike in the lightness, contrast and structure of every neighbourhood."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import conv2d

from crossreid.core.errors import ConfigurationError
from crossreid.losses.precision import in_full_precision

_WINDOW, _SIGMA = 11, 1.5  # pixels
_STEADIES_MEANS, _STEADIES_VARIANCES = 0.01**2, 0.03**2


@in_full_precision
def structural_similarity_loss(
    pictures: Float[Tensor, "n 1 height width"], targets: Float[Tensor, "n 1 height width"]
) -> Float[Tensor, ""]:
    """1 - SSIM, mean over all places of a Gaussian window of 11 x 11 pixels that lies within the picture.

    SSIM = (2 m_x m_y + c1) (2 s_xy + c2) / ((m_x^2 + m_y^2 + c1) (s_x^2 + s_y^2 + c2)) with means m, variances and
    covariance s, c1 = 0.01^2, c2 = 0.03^2.

    Source: Wang, Bovik, Sheikh & Simoncelli (IEEE Transactions on Image Processing, 2004), eq. 13.

    Args:
        pictures: from 0 to 1.
        targets: likewise.

    Raises:
        ConfigurationError: pictures smaller than the window.
    """
    if min(pictures.shape[-2:]) < _WINDOW:
        raise ConfigurationError(
            f"pictures of {tuple(pictures.shape[-2:])} pixels", expected=f"{_WINDOW} a side at least"
        )
    products = [pictures, targets, pictures * pictures, targets * targets, pictures * targets]
    mean_x, mean_y, xx, yy, xy = _local_means(torch.cat(products, dim=1)).unbind(dim=1)
    variances = xx - mean_x**2 + yy - mean_y**2
    lightness = (2 * mean_x * mean_y + _STEADIES_MEANS) / (mean_x**2 + mean_y**2 + _STEADIES_MEANS)
    structure = (2 * (xy - mean_x * mean_y) + _STEADIES_VARIANCES) / (variances + _STEADIES_VARIANCES)
    return 1 - (lightness * structure).mean()


def _local_means(values: Tensor) -> Tensor:
    """Of each channel, by a separable Gaussian."""
    places = torch.arange(_WINDOW, dtype=values.dtype, device=values.device) - _WINDOW // 2
    weights = torch.exp(-(places**2) / (2 * _SIGMA**2))
    kernel = (weights / weights.sum()).expand(values.shape[1], 1, 1, _WINDOW)
    channels = values.shape[1]
    across = conv2d(values, kernel, groups=channels)
    return conv2d(across, kernel.transpose(2, 3), groups=channels)
