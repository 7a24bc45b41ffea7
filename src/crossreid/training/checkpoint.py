"""A training on disk: everything that makes the next step the same as if nothing had stopped it."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from crossreid.core.errors import CheckpointError

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a training has come, and with which configuration."""

    step: int
    config: dict


def _state(task: nn.Module) -> dict[str, torch.Tensor]:
    """Trained parameters and all buffers; a frozen backbone is not written again."""
    trained = {name for name, parameter in task.named_parameters() if parameter.requires_grad}
    buffers = {name for name, _ in task.named_buffers()}
    state = task.state_dict()
    return {
        name: value.detach().cpu().contiguous() for name, value in state.items() if name in trained | buffers
    }


def save_checkpoint(
    folder: Path,
    *,
    task: nn.Module,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    progress: Progress,
) -> None:
    """Replace the checkpoint in `folder` in one rename; a kill at any moment leaves the old or the new one whole."""
    partial, old = folder.with_name(folder.name + ".partial"), folder.with_name(folder.name + ".old")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    save_file(_state(task), partial / "task.safetensors")
    random = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        random["cuda"] = torch.cuda.get_rng_state()
    torch.save(
        {"optimiser": optimiser.state_dict(), "schedule": schedule.state_dict(), "random": random},
        partial / "optimiser.pt",
    )
    (partial / "progress.json").write_text(
        json.dumps({"format": _FORMAT, "step": progress.step, "config": progress.config}, indent=1),
        encoding="utf-8",
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
) -> Progress | None:
    """Continue from `folder`, or return None where there is nothing to continue.

    Raises:
        CheckpointError: the checkpoint is of another configuration or model.
    """
    old = folder.with_name(folder.name + ".old")
    if not folder.exists() and old.exists():
        old.replace(folder)
    if not (folder / "progress.json").exists():
        return None
    progress = json.loads((folder / "progress.json").read_text(encoding="utf-8"))
    differing = sorted(
        key for key in config | progress["config"] if config.get(key) != progress["config"].get(key)
    )
    if progress["format"] != _FORMAT or differing:
        raise CheckpointError(
            f"the training in {folder} differs in {differing or 'format'}",
            expected="the configuration that it was begun with",
            remedy="use another output folder, or delete this one to begin anew",
        )
    load_weights(folder, task)
    rest = torch.load(folder / "optimiser.pt", weights_only=True, map_location="cpu")
    optimiser.load_state_dict(rest["optimiser"])
    schedule.load_state_dict(rest["schedule"])
    torch.set_rng_state(rest["random"]["cpu"])
    if "cuda" in rest["random"] and torch.cuda.is_available():
        torch.cuda.set_rng_state(rest["random"]["cuda"])
    return Progress(step=int(progress["step"]), config=progress["config"])


def load_weights(folder: Path, task: nn.Module) -> None:
    """Give `task` the trained parameters of a checkpoint, and nothing else of it.

    Raises:
        CheckpointError: there is no checkpoint, or it is of another model.
    """
    path = folder / "task.safetensors"
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
    task.load_state_dict(state, strict=False)
