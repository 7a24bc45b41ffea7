"""A training on disk: everything that makes the next step the same as if nothing had stopped it."""

import json
import logging
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from crossreid.core.errors import CheckpointError
from crossreid.training.averaging import WeightAverage
from crossreid.training.gathering import gather_states, process_number, processes, told_by_first
from crossreid.training.resuming import check_settings
from crossreid.training.sharding import divided_like, load_whole_state, whole, whole_state

_log = logging.getLogger(__name__)

CHECKPOINT = "checkpoint"
"""Its folder in the folder of a run."""
_FORMAT = 1
_WEIGHTS, _AVERAGE = "task.safetensors", "average.safetensors"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a training has come, with which configuration, and in which precision its last steps were computed."""

    step: int
    config: dict
    precision: str


def _state(task: nn.Module) -> dict[str, torch.Tensor]:
    """Trained parameters and all buffers; a frozen backbone is not written again."""
    trained = {name for name, parameter in task.named_parameters() if parameter.requires_grad}
    buffers = {name for name, _ in task.named_buffers()}
    state = task.state_dict()
    return {
        name: whole(value.detach()).cpu().contiguous()
        for name, value in state.items()
        if name in trained | buffers
    }


def save_checkpoint(
    folder: Path,
    *,
    task: nn.Module,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    progress: Progress,
    average: WeightAverage | None = None,
    scaler: torch.amp.GradScaler | None = None,
    writes: bool = True,
) -> None:
    """Replace the checkpoint in `folder` in one rename; a kill at any moment leaves the old or the new one whole.

    Args:
        folder: of the checkpoint.
        task: its trained parameters and buffers are kept.
        optimiser: of the training.
        schedule: of its rates.
        progress: of the training.
        average: of the weights, where there is one.
        scaler: of the loss, in fp16.
        writes: False in all processes but one; all have to call.
    """
    weights, state = _state(task), whole_state(optimiser)
    averaged = None if average is None else average.whole()
    random = _random_states()
    if not writes:
        return
    partial, old = folder.with_name(folder.name + ".partial"), folder.with_name(folder.name + ".old")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    save_file(weights, partial / _WEIGHTS)
    if averaged is not None:
        save_file(averaged, partial / _AVERAGE)
    torch.save(
        {"optimiser": state, "schedule": schedule.state_dict(), "random": random}
        | ({} if scaler is None else {"scaler": scaler.state_dict()}),
        partial / "optimiser.pt",
    )
    (partial / "progress.json").write_text(
        json.dumps({"format": _FORMAT, **asdict(progress)}, indent=1), encoding="utf-8"
    )
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.replace(old)
    partial.replace(folder)
    shutil.rmtree(old, ignore_errors=True)


def load_checkpoint(
    folder: Path,
    *,
    task: nn.Module,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    config: dict,
    precision: str,
    average: WeightAverage | None = None,
    scaler: torch.amp.GradScaler | None = None,
) -> Progress | None:
    """Continue from `folder`, or return None where there is nothing to continue.

    With `precision: auto`, a checkpoint from a machine that computes in another precision is taken, with a warning.

    Raises:
        CheckpointError: the checkpoint is of another configuration or model.
    """
    old = folder.with_name(folder.name + ".old")
    if process_number() == 0 and not folder.exists() and old.exists():
        old.replace(folder)
    if not told_by_first((folder / "progress.json").exists()):
        return None
    progress = check_checkpoint(folder, config=config, precision=precision)
    before = _precision_of(progress)
    if before != precision and process_number() == 0:
        _log.warning(
            "%s goes on in %s after %d steps in %s: the result will differ in the last digits",
            folder.parent, precision, progress["step"], before,
        )  # fmt: skip
    load_weights(folder, task)
    if average is not None:
        average.load(folder / _AVERAGE)
    rest = torch.load(folder / "optimiser.pt", weights_only=True, map_location="cpu")
    load_whole_state(optimiser, rest["optimiser"])
    schedule.load_state_dict(rest["schedule"])
    if scaler is not None and "scaler" in rest:
        scaler.load_state_dict(rest["scaler"])
    _set_random_states(rest["random"])
    return Progress(step=int(progress["step"]), config=progress["config"], precision=precision)


def check_checkpoint(folder: Path, *, config: dict, precision: str) -> dict[str, Any]:
    """Refuse to go on from a checkpoint of another training, before any work is done.

    Returns:
        What `progress.json` holds; {} where there is no checkpoint.

    Raises:
        CheckpointError: the checkpoint is of another configuration.
    """
    file = folder / "progress.json"
    if not file.exists():
        return {}
    progress = json.loads(file.read_text(encoding="utf-8"))
    if progress["format"] != _FORMAT:
        raise CheckpointError(
            f"the checkpoint in {folder} is of format {progress['format']}",
            expected=f"format {_FORMAT}",
            remedy="delete the folder to begin anew, or use another output folder",
        )
    check_settings(
        config,
        progress["config"],
        new_precision=precision,
        old_precision=_precision_of(progress),
        where=str(folder.parent),
    )
    return progress


def _precision_of(progress: dict[str, Any]) -> str:
    """Of the steps that were done; a checkpoint that does not say has it among its settings."""
    setting = progress["config"].get("loop", {}).get("precision", "fp32")
    return progress.get("precision", "fp32" if setting == "no" else setting)


def _random_states() -> dict[str, Any]:
    """Of this process, and by the number of the process of the others."""
    own = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        own["cuda"] = torch.cuda.get_rng_state()
    if processes() == 1:
        return own
    kinds = {kind: gather_states(state) for kind, state in own.items()}
    return {"of_each": [{kind: states[n] for kind, states in kinds.items()} for n in range(processes())]}


def _set_random_states(stored: dict[str, Any]) -> None:
    """A process that was not there has none, and goes on with the one that it has."""
    of_each = stored.get("of_each", [stored])
    if process_number() >= len(of_each):
        return
    own = of_each[process_number()]
    torch.set_rng_state(own["cpu"])
    if "cuda" in own and torch.cuda.is_available():
        torch.cuda.set_rng_state(own["cuda"])


def save_weights(folder: Path, task: nn.Module) -> None:
    """Write what `load_weights` reads."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{_WEIGHTS}.partial"
    save_file(_state(task), partial)
    partial.replace(folder / _WEIGHTS)


def load_weights(folder: Path, task: nn.Module) -> None:
    """Give `task` the trained parameters of a checkpoint, and nothing else of it.

    Raises:
        CheckpointError: there is no checkpoint, or it is of another model.
    """
    path = folder / _WEIGHTS
    if not path.exists():
        raise CheckpointError(
            f"no checkpoint in {folder}",
            expected=path.name,
            remedy="run the training that it belongs to first",
        )
    state = load_file(path)
    wanted, found = ({(name, *value.shape) for name, value in side.items()} for side in (_state(task), state))
    if wanted != found:
        raise CheckpointError(
            f"{folder} lacks {sorted(wanted - found)[:5]} and has foreign {sorted(found - wanted)[:5]}",
            expected="the weights of this model, names and shapes",
            remedy="continue with the data and model that it was begun with, or use another output folder",
        )
    own = task.state_dict()
    divided = {name: divided_like(value, own[name]) for name, value in state.items()}
    task.load_state_dict(divided, strict=False)
