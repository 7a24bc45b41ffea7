"""One global batch out of the batches of several processes."""

import atexit
from datetime import timedelta

import torch
from accelerate import PartialState
from torch import Tensor, distributed

_LONGEST_VALIDATION = timedelta(hours=6)
"""One process validates, and the others wait for it."""


def join_processes() -> None:
    """Meet the other processes of an `accelerate launch`; alone, nothing happens."""
    state = PartialState(cpu=not torch.cuda.is_available(), timeout=_LONGEST_VALIDATION)
    if state.num_processes > 1:
        atexit.register(state.destroy_process_group)


def gather_rows(rows: Tensor) -> Tensor:
    """The rows of all processes in the order of their ranks; with one process, `rows` themselves.

    A loss of gathered rows is the same number in every process. Each differentiates it by its own rows only, and the
    mean over processes, which is what data-parallel training takes of gradients, would be too small by their number; so
    a process's own rows pass their gradient multiplied by it. What all processes learn is then the gradient of the one
    process that has all rows.

    Args:
        rows: [n, ...], not necessarily as many in every process.
    """
    count = processes()
    if count == 1:
        return rows
    lengths = _lengths(rows)
    padded = rows.new_zeros(max(lengths), *rows.shape[1:])
    padded[: len(rows)] = rows.detach()
    gathered = [torch.empty_like(padded) for _ in range(count)]
    distributed.all_gather(gathered, padded)
    parts = [part[:length] for part, length in zip(gathered, lengths, strict=True)]
    if rows.requires_grad:
        parts[process_number()] = rows + (count - 1) * (rows - rows.detach())
    return torch.cat(parts)


def _lengths(rows: Tensor) -> list[int]:
    """Number of rows of each process."""
    own = torch.tensor([len(rows)], device=rows.device)
    lengths = [torch.empty_like(own) for _ in range(processes())]
    distributed.all_gather(lengths, own)
    return [int(length) for length in lengths]


def mean_over_processes(values: Tensor) -> Tensor:
    """Without gradient."""
    return gather_rows(values.detach()[None]).mean(dim=0)


def told_by_first(value: float | int) -> float | int:
    """What process 0 says; waits for it."""
    if processes() == 1:
        return value
    told = torch.tensor([value], dtype=torch.float64, device=_device())
    distributed.broadcast(told, src=0)
    return float(told)


def largest_of_all(value: float | int) -> float | int:
    """The largest of what the processes say; waits for all."""
    if processes() == 1:
        return value
    largest = torch.tensor([value], dtype=torch.float64, device=_device())
    distributed.all_reduce(largest, op=distributed.ReduceOp.MAX)
    return float(largest)


def gather_states(state: Tensor) -> list[Tensor]:
    """One tensor of each process, of one shape, on the CPU."""
    # As copies: torch takes the state of its random numbers from the wrong place of a view.
    return [row.clone() for row in gather_rows(state[None].to(_device())).cpu()]


def _device() -> torch.device:
    """Where the processes exchange tensors."""
    nccl = processes() > 1 and distributed.get_backend() == "nccl"
    return torch.device("cuda" if nccl else "cpu")


def processes() -> int:
    """Number of processes that train together."""
    return distributed.get_world_size() if distributed.is_available() and distributed.is_initialized() else 1


def process_number() -> int:
    """Which of them this one is; 0 writes what is written."""
    return distributed.get_rank() if processes() > 1 else 0
