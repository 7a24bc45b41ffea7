"""One global batch out of the batches of several processes."""

import torch
from torch import Tensor, distributed


def gather_rows(rows: Tensor) -> Tensor:
    """The rows of all processes in the order of their ranks; with one process, `rows` themselves.

    A loss of gathered rows is the same number in every process. Each differentiates it by its own rows only, and the
    mean over processes, which is what data-parallel training takes of gradients, would be too small by their number; so
    a process's own rows pass their gradient multiplied by it. What all processes learn is then the gradient of the one
    process that has all rows.

    Args:
        rows: [n, ...], as many in every process.
    """
    count = processes()
    if count == 1:
        return rows
    parts = [torch.empty_like(rows) for _ in range(count)]
    distributed.all_gather(parts, rows.detach().contiguous())
    if rows.requires_grad:
        parts[distributed.get_rank()] = rows + (count - 1) * (rows - rows.detach())
    return torch.cat(parts)


def mean_over_processes(values: Tensor) -> Tensor:
    """Without gradient."""
    return gather_rows(values.detach()[None]).mean(dim=0)


def processes() -> int:
    """Number of processes that train together."""
    return distributed.get_world_size() if distributed.is_available() and distributed.is_initialized() else 1
