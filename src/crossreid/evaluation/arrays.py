"""Arrays of numpy and of torch, without importing torch: a tensor exists only where torch has been imported."""

import sys
from typing import Any

import numpy as np

Array = Any
"""A numpy array, or a torch tensor on any device."""


def is_tensor(array: Array) -> bool:
    """Whether it is torch's."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(array, torch.Tensor)


def to_numpy(array: Array) -> np.ndarray:
    """A tensor's values on the CPU, without a copy where they are there; anything else by `numpy.asarray`."""
    return array.detach().cpu().numpy() if is_tensor(array) else np.asarray(array)


def is_finite(vectors: Array, *, rows: int = 4096) -> bool:
    """Whether no value of [n, dim] is NaN or infinite; some rows at a time, to need little memory."""
    finite = sys.modules["torch"].isfinite if is_tensor(vectors) else np.isfinite
    return all(bool(finite(vectors[start : start + rows]).all()) for start in range(0, len(vectors), rows))
