"""Settings by their paths: `loop.steps=10` on a command line, and the right name for a wrong one."""

import difflib
from collections.abc import Iterator, Sequence
from typing import Any, get_args

import yaml
from pydantic import BaseModel

from crossreid.core.errors import ConfigurationError
from crossreid.training.settings_yaml import parse_yaml


def apply_overrides(values: Any, assignments: Sequence[str]) -> Any:
    """Settings with some replaced; groups that are not there yet are made.

    Args:
        values: as read from YAML; left as it is.
        assignments: "path=value", paths with points, values as in YAML. Later ones win.

    Raises:
        ConfigurationError: an assignment has no `=`, its value is no YAML, or its path goes through a value.
    """
    if not assignments:
        return values
    changed: Any = dict(values) if isinstance(values, dict) else {}
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        *groups, name = path.strip().split(".")
        if not equals or not name:
            raise ConfigurationError(f"--set {assignment}", expected="path=value, such as loop.steps=100")
        place = changed
        for group in groups:
            inner = place.get(group)
            if inner is not None and not isinstance(inner, dict):
                raise ConfigurationError(f"--set {assignment}", expected=f"{group} to be a group of settings")
            place[group] = dict(inner or {})
            place = place[group]
        try:
            place[name] = parse_yaml(text)
        except yaml.YAMLError as error:
            raise ConfigurationError(f"--set {assignment}: {error}", expected="a value in YAML") from error
    return changed


def nearest_setting(model: type[BaseModel], path: str) -> str:
    """The existing path that a wrong one most likely means; "" where none is near.

    A name that exists in another group comes first, then the most similar path.
    """
    known = list(_paths(model))
    name = path.rpartition(".")[2]
    elsewhere = [other for other in known if other.rpartition(".")[2] == name]
    if elsewhere:
        return elsewhere[0]
    close = difflib.get_close_matches(path, known, n=1, cutoff=0.6)
    if close:
        return close[0]
    names = difflib.get_close_matches(name, [other.rpartition(".")[2] for other in known], n=1, cutoff=0.6)
    return next((other for other in known if names and other.rpartition(".")[2] == names[0]), "")


def _paths(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield name
        for group in _groups(field.annotation):
            yield from (f"{name}.{path}" for path in _paths(group))


def _groups(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [group for part in get_args(annotation) for group in _groups(part)]
