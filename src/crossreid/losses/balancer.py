"""Weights of several losses from how large each is and how fast it falls."""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from crossreid.losses.shapes import check_positive, check_same_rows

_SMALLEST = 1e-8


@torch.no_grad()
def balanced_weights(
    losses: Float[Tensor, " m"],
    previous: Float[Tensor, " m"],
    *,
    rate_of: Literal["raw", "released"] = "raw",
    scale: float = 10.0,
    temperature: float = 1.0,
) -> Float[Tensor, " m"]:
    """What each loss is to be multiplied by: more, if it is small or falls more slowly than the others.

    With L_i(t) the losses of this step, m_i = max_j L_j / L_i brings them all to one size, r_i = L_i(t) / L_i(t - 1) is
    the rate of change, and w_i = scale softmax(r / temperature)_i m_i.

    Args:
        losses: of this step; not differentiated.
        previous: of the step before.
        rate_of: `raw` as above. `released` takes the rate of m_i L_i, as the authors' code does: since every m_i L_i is
            max_j L_j, all rates are equal and the weights (scale / m) max_j L_j / L_i know nothing of the past.
        scale: sum of the weights before they are brought to one size (k of the source).
        temperature: of the softmax: the higher, the less the rates matter.

    Source: DSMD (arXiv 2404.10838), dynamic self-adaptive distillation loss balancer.
    """
    check_positive(scale=scale, temperature=temperature)
    check_same_rows(losses=losses, previous=previous)
    sizes = _to_one_size(losses)
    if rate_of == "released":
        rates = losses * sizes / (previous * _to_one_size(previous) + _SMALLEST)
    else:
        rates = losses / (previous + _SMALLEST)
    return scale * torch.softmax(rates / temperature, dim=0) * sizes


def _to_one_size(losses: Float[Tensor, " m"]) -> Float[Tensor, " m"]:
    return losses.max() / (losses + _SMALLEST)
