"""Match each picture with its own words among all others of the batch."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize

from crossreid.losses.precision import in_full_precision
from crossreid.losses.shapes import check_same_rows, check_same_width


@in_full_precision
def clip_loss(
    images: Float[Tensor, "n dim"], texts: Float[Tensor, "n dim"], *, logit_scale: Float[Tensor, ""] | float
) -> Float[Tensor, ""]:
    """Symmetric InfoNCE: row i of `images` belongs to row i of `texts` and to no other; in nats.

    Cross entropy of logit_scale * cosine against the diagonal, mean over rows and over both directions.

    Args:
        images: features.
        texts: features of the same items.
        logit_scale: one over the temperature (the exponential of CLIP's parameter).

    Source: CLIP (Radford et al., ICML 2021), section 2.3; InfoNCE (van den Oord et al., 2018).
    """
    check_same_rows(images=images, texts=texts)
    check_same_width(images=images, texts=texts)
    logits = logit_scale * normalize(images, dim=1) @ normalize(texts, dim=1).T
    partners = torch.arange(len(logits), device=logits.device)
    return (cross_entropy(logits, partners) + cross_entropy(logits.T, partners)) / 2
