"""YAML files of settings, some of which say only in what they differ from another."""

from pathlib import Path
from typing import Any

import yaml

from crossreid.core.errors import ConfigurationError
from crossreid.training.settings_yaml import parse_yaml

_DEEPEST = 8


def read_run_file(path: Path, *, depth: int = 0) -> Any:
    """What a file says; with `base: other.yaml`, what that file says, with the settings of this one in their places.

    Args:
        path: of the file; `base` counts from its folder.
        depth: of bases that led here.

    Raises:
        ConfigurationError: a file is missing or not YAML, or bases go round in circles.
    """
    try:
        values = parse_yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}", expected="a YAML file") from error
    if not isinstance(values, dict) or "base" not in values:
        return values
    base = values.pop("base")
    if not isinstance(base, str) or depth == _DEEPEST:
        raise ConfigurationError(
            f"{path}: base {base!r}", expected=f"the name of a file, with at most {_DEEPEST} bases behind it"
        )
    return _replaced(read_run_file(path.parent / base, depth=depth + 1), values)


def _replaced(old: Any, new: Any) -> Any:
    """Groups of settings are gone into; anything else takes the place of what was there."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    return old | {name: _replaced(old.get(name), value) for name, value in new.items()}
