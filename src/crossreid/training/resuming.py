"""What may change between the parts of a training that was stopped and goes on."""

from collections.abc import Iterator
from typing import Any

from crossreid.core.errors import CheckpointError

_HARMLESS = ("checkpointing", "loop.checkpoint_every", "loop.log_every", "loop.tracker", "loop.workers")
"""Settings that cannot alter the result."""
_PRECISION = "loop.precision"
"""Compared by what it was resolved to."""
_SWITCHED_OFF = (None, False, "last")
"""What settings say that change nothing; 0 equals False."""


def check_settings(new: dict, old: dict, *, new_precision: str, old_precision: str, where: str) -> None:
    """Refuse to go on with settings that may alter the result.

    Args:
        new: settings now.
        old: settings of the checkpoint.
        new_precision: of matrix products now.
        old_precision: the one before.
        where: the folder of the checkpoint.

    Raises:
        CheckpointError: some differ; each is named, with its value before and now.
    """
    changed = {
        path: f"{_shown(before)} -> {_shown(now)}"
        for path, before, now in _differences(old, new)
        if not path.endswith(_HARMLESS) and not (path.endswith(_PRECISION) and new_precision == old_precision)
    }
    if changed:
        listed = "; ".join(f"{path}: {values}" for path, values in sorted(changed.items()))
        raise CheckpointError(
            f"the training in {where} was begun with other settings: {listed}",
            remedy="restore these values to go on, or begin another training with --out ANOTHER_FOLDER",
        )


def _differences(old: Any, new: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Path, old and new value of each setting that differs.

    A setting that one of the two does not have, and that is switched off in the other, is no difference. Otherwise no
    training could be continued that was begun before there was such a setting.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old | new):
            yield from _differences(old.get(key), new.get(key), f"{path}.{key}" if path else key)
    elif old != new and not (old in _SWITCHED_OFF and new in _SWITCHED_OFF and None in (old, new)):
        yield path, old, new


def _shown(value: Any) -> str:
    return "not set" if value is None else str(value)
