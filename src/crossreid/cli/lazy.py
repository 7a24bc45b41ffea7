"""Verbs that are imported when they are called, so that `--help` lists them without loading any."""

import os
import shlex
import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from crossreid.core.errors import CrossReIDError, TrainingInterrupted

FAILED, INTERRUPTED = 2, 130

_EXTRAS = {
    "models": ("accelerate", "peft", "torch", "transformers"),
    "serve": (
        "anyio",
        "cryptography",
        "fastapi",
        "jwt",
        "prometheus_client",
        "sqlalchemy",
        "starlette",
        "uvicorn",
    ),
}
"""Libraries of the extras that an installation may do without."""


class LazyVerb(TyperCommand):
    """Stands for a verb until somebody calls it, or asks for its options.

    Args:
        name: of the verb.
        target: "module:name" of a function or of a typer application.
        summary: one line for the list of verbs.
    """

    def __init__(self, name: str, *, target: str, summary: str) -> None:
        self._target = target
        self._loaded: Any = None
        super().__init__(name, short_help=summary)

    def load(self) -> Any:
        """The verb itself."""
        if self._loaded is None:
            module, _, attribute = self._target.partition(":")
            verb = getattr(import_module(module), attribute)
            if not isinstance(verb, typer.Typer):
                function, verb = verb, typer.Typer(add_completion=False)
                verb.command(self.name)(function)
            self._loaded = typer.main.get_command(verb)
            self._loaded.name = self.name
        return self._loaded

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """The context of the verb itself, which click then invokes."""
        return self.load().make_context(*arguments, **options)

    def __getattribute__(self, name: str) -> Any:
        # What describes the verb in full comes from itself; the list of verbs asks for none of these.
        if name in ("params", "help") and "_loaded" in self.__dict__ and "short_help" in self.__dict__:
            return getattr(self.load(), name)
        return super().__getattribute__(name)

    def __getattr__(self, name: str) -> Any:
        # A verb may be a group of verbs, which has methods that a single one lacks.
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.load(), name)


class LazyVerbs(TyperGroup):
    """A group of lazy verbs. Errors that a user can act on become one line on standard error and status 2."""

    verbs: dict[str, tuple[str, str]]
    """Verb -> ("module:name", one line of help), in the order of the list."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        for name, (target, summary) in self.verbs.items():
            self.add_command(LazyVerb(name, target=target, summary=summary))

    def invoke(self, ctx: Any) -> Any:
        """Run the verb."""
        try:
            return super().invoke(ctx)
        except CrossReIDError as error:
            message = " ".join(str(error).split())
            print(f"crossreid: {message}".encode(errors="backslashreplace").decode(), file=sys.stderr)
            raise typer.Exit(FAILED) from error
        except ModuleNotFoundError as error:
            extras = [extra for extra, names in _EXTRAS.items() if error.name in names]
            if not extras:
                raise
            print(
                f"crossreid: {ctx.invoked_subcommand} needs {error.name}; pip install 'crossreid[{extras[0]}]'",
                file=sys.stderr,
            )
            raise typer.Exit(FAILED) from error
        except TrainingInterrupted as stopped:
            if os.environ.get("RANK", "0") == "0":
                print(f"crossreid: {stopped}\nTo go on: {_same_again()}", file=sys.stderr)
            raise typer.Exit(stopped.status) from stopped
        except KeyboardInterrupt as error:
            print("crossreid: interrupted", file=sys.stderr)
            raise typer.Exit(INTERRUPTED) from error


def _same_again() -> str:
    """The command that was called."""
    command = shlex.join(["crossreid", *sys.argv[1:]])
    several = int(os.environ.get("WORLD_SIZE", "1")) > 1
    return f"the same accelerate launch of {command}" if several else command
