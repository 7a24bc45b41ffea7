"""Writes docs/cli.md and docs/training.md from the code; `--check` says where files and code disagree."""

import sys
import types
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic_core import PydanticUndefined
from typer.main import get_command

from crossreid.cli.main import app
from crossreid.training import config
from crossreid.training.config import (
    balancer,
    batches,
    distillation,
    dsmd,
    labelled,
    loop,
    mllmreid,
    pretraining,
    student,
    task_weights,
    teacher,
    translators,
)
from papers.mllmembed import command_line as mllmembed
from tools.written_pages import write_or_check

DOCS = Path(__file__).parents[1] / "docs"
COMMANDS_HEADING = """# Commands

Written from the commands themselves by `make docs`; every one of them also answers `--help`.
"""
KINDS = (pretraining, teacher, student, distillation, dsmd, mllmreid, translators)
"""Where the kinds of training are, in the order in which they are described."""
GROUPS = (
    loop,
    batches,
    teacher,
    task_weights,
    balancer,
    distillation,
    dsmd,
    pretraining,
    labelled,
    student,
    mllmreid,
    translators,
)
"""The same for what they share and consist of."""
SETTINGS_HEADING = """# Settings of training

Written from `crossreid.training.config` by `make docs`. A configuration is a YAML file: `kind` says what is trained,
the other keys are the settings of that kind, and groups of settings are nested. Files to start from are in
[`configs/`](../configs). A key that is not listed here is refused, with its name.
"""


def commands() -> str:
    """Markdown for the whole tree of commands, and for what a clone has beside them."""
    root: Any = get_command(app)
    context = root.make_context("crossreid", [], resilient_parsing=True)
    paper = _describe(get_command(mllmembed.app), mllmembed.PROGRAM)
    return "\n".join([COMMANDS_HEADING, *_describe_group(root, context, "crossreid"), *paper])


def settings() -> str:
    """Markdown for every configuration class, kinds first."""
    lines = [SETTINGS_HEADING]
    for described in described_classes():
        lines += [f"## {described.__name__}", "", " ".join((described.__doc__ or "").split()), ""]
        lines += ["| setting | values | default |", "| --- | --- | --- |"]
        for name, field in described.model_fields.items():
            lines.append(
                f"| `{name}` | {_values(field.annotation, field.metadata)} | {_setting(field.default)} |"
            )
        lines.append("")
    return "\n".join(lines)


def described_classes() -> list[type[config.Configuration]]:
    """The kinds of training, then the groups of settings."""
    kinds = [one for one in _classes(KINDS) if "kind" in one.model_fields]
    return [*kinds, *(one for one in _classes(GROUPS) if one not in kinds)]


def _classes(modules: tuple[types.ModuleType, ...]) -> list[type[config.Configuration]]:
    """Those that are written in the modules, in the order of the lines."""
    own = [
        value
        for module in modules
        for value in vars(module).values()
        if getattr(value, "__module__", "") == module.__name__
    ]
    return [one for one in own if isinstance(one, type) and issubclass(one, config.Configuration)]


def _values(annotation: Any, metadata: list[Any]) -> str:
    if get_origin(annotation) is Annotated:
        inner, field = get_args(annotation)
        return _values(inner, field.metadata)
    if get_origin(annotation) is Literal:
        return " or ".join(f"`{value}`" for value in get_args(annotation))
    if get_origin(annotation) in (Union, types.UnionType):
        return " or ".join(
            "`null`" if part is type(None) else _values(part, []) for part in get_args(annotation)
        )
    if issubclass(annotation, config.Configuration):
        return f"see [{annotation.__name__}](#{annotation.__name__.lower()})"
    signs = (("gt", ">"), ("ge", "≥"), ("lt", "<"), ("le", "≤"))
    limits = [f"{sign} {getattr(m, key)}" for m in metadata for key, sign in signs if hasattr(m, key)]
    return ", ".join([annotation.__name__, *limits])


def _setting(default: Any) -> str:
    if default is PydanticUndefined:
        return "required"
    if not isinstance(default, config.Configuration):
        return "`null`" if default is None else f"`{default}`"
    changed = default.model_dump(exclude_defaults=True)
    return ", ".join(f"`{name}: {value}`" for name, value in changed.items()) or "as there"


def _describe_group(group: Any, context: Any, path: str) -> list[str]:
    lines: list[str] = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        if hasattr(command, "list_commands"):
            inner = command.make_context(name, [], parent=context, resilient_parsing=True)
            lines += _describe_group(command, inner, f"{path} {name}")
        else:
            lines += _describe(command, f"{path} {name}")
    return lines


def _describe(command: Any, path: str) -> list[str]:
    shown = [parameter for parameter in command.params if not getattr(parameter, "hidden", False)]
    arguments = [parameter for parameter in shown if parameter.param_type_name == "argument"]
    options = [parameter for parameter in shown if parameter.param_type_name == "option"]
    usage = " ".join(
        [path, *(_placeholder(argument) for argument in arguments), *(["[OPTIONS]"] if options else [])]
    )
    lines = [f"## `{path}`", "", _one_line(command.help), "", "```", usage, "```", ""]
    rows = [(_placeholder(argument), argument) for argument in arguments]
    rows += [(", ".join((*option.opts, *option.secondary_opts)), option) for option in options]
    if rows:
        lines += ["| | | default |", "| --- | --- | --- |"]
        lines += [
            f"| `{label}` | {_one_line(parameter.help)} | {_default(parameter)} |"
            for label, parameter in rows
        ]
        lines.append("")
    return lines


def _placeholder(argument: Any) -> str:
    name = (argument.metavar or argument.name).upper().strip("[]").removesuffix("...")
    name += "..." if argument.nargs == -1 else ""
    return name if argument.required else f"[{name}]"


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    if parameter.default is None or callable(parameter.default) or parameter.default in ((), [], ""):
        return ""
    if parameter.default is False:
        return "off"
    if parameter.default is True:
        return "on"
    return f"`{getattr(parameter.default, 'value', parameter.default)}`"


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split("\f")[0].split()).replace("|", "\\|")


def main() -> int:
    return write_or_check({DOCS / "cli.md": commands(), DOCS / "training.md": settings()}, source="the code")


if __name__ == "__main__":
    sys.exit(main())
