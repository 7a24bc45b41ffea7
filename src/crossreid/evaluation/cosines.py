"""Cosines as whole numbers of steps of 2^-30, so that equal cosines tie however the product was blocked."""

import sys
from collections.abc import Callable

import numpy as np

from crossreid.evaluation.arrays import Array, is_tensor

STEPS = 2**30
"""Steps in a cosine of 1: finer than single precision, coarser than the rounding of products in double precision."""

DROPPED = -(2**31 - 1)
"""Stands for an item that is not in the gallery; the lowest int32 would overflow when it is negated and shifted."""

BUDGET_BYTES = 128 * 2**20
"""Size of the largest arrays; no more than six of this size are alive at a time."""

Rows = Callable[[int, int], np.ndarray]
"""Similarities of the queries from a start to a stop: int32 [stop - start, g], higher is nearer."""


def queries_at_a_time(gallery_count: int, dim: int) -> int:
    """How many queries fit in the budget, with their similarities (4 bytes each) and their unit vectors (8)."""
    return max(1, BUDGET_BYTES // max(4 * gallery_count, 8 * dim, 1))


def gallery_at_a_time(dim: int) -> int:
    """How many gallery items fit in the budget as unit vectors in double precision."""
    return max(1, BUDGET_BYTES // max(8 * dim, 1))


def fits(size: int) -> bool:
    """Whether an array of so many bytes is one of the largest that may be."""
    return size <= BUDGET_BYTES


def cosine_rows(queries: Array, gallery: Array) -> Rows:
    """Similarities by cosine.

    Args:
        queries: [q, dim], of any length; a vector of zeros has cosine 0 with everything.
        gallery: [g, dim]. When either is a torch tensor, the products are formed by torch on its device.
    """
    if is_tensor(gallery) or is_tensor(queries):
        device = (gallery if is_tensor(gallery) else queries).device
        return lambda start, stop: _by_torch(queries[start:stop], gallery, device)
    return lambda start, stop: _by_numpy(queries[start:stop], gallery)


def unit(vectors: np.ndarray) -> np.ndarray:
    """float64 [n, dim] with rows of length 1; a row of zeros stays as it is."""
    rows = vectors.astype(np.float64)
    rows /= lengths(rows)[:, None]
    return rows


def lengths(vectors: np.ndarray) -> np.ndarray:
    """float64 [n], of the rows [n, dim]; 1 for a row of zeros."""
    rows = np.asarray(vectors, dtype=np.float64)
    norms = np.sqrt(np.einsum("nd,nd->n", rows, rows))
    return np.where(norms == 0, 1, norms)


def _by_numpy(queries: np.ndarray, gallery: np.ndarray) -> np.ndarray:
    steps = np.empty((len(queries), len(gallery)), dtype=np.int32)
    scaled = unit(queries)
    # A power of two: the products are the same as if they were scaled afterwards.
    scaled *= STEPS
    size = gallery_at_a_time(gallery.shape[1])
    for start in range(0, len(gallery), size):
        products = scaled @ unit(gallery[start : start + size]).T
        steps[:, start : start + size] = np.rint(products, out=products)
    return steps


def _by_torch(queries: Array, gallery: Array, device: Array) -> np.ndarray:
    torch = sys.modules["torch"]

    def unit_there(vectors: Array) -> Array:
        tensor = vectors if is_tensor(vectors) else torch.tensor(vectors)
        rows = tensor.detach().to(device, torch.float64)
        norms = torch.linalg.vector_norm(rows, dim=1, keepdim=True)
        return rows / torch.where(norms == 0, 1.0, norms)

    steps = np.empty((len(queries), len(gallery)), dtype=np.int32)
    scaled = unit_there(queries) * STEPS
    size = gallery_at_a_time(gallery.shape[1])
    for start in range(0, len(gallery), size):
        products = scaled @ unit_there(gallery[start : start + size]).T
        steps[:, start : start + size] = products.round_().to(torch.int32).cpu().numpy()
    return steps
