"""Verbs that are imported when they are called, so that `--help` lists them without loading any."""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from crossreid.cli.failures import reported_failures


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
    """A group of lazy verbs, whose failures are reported."""

    verbs: dict[str, tuple[str, str]]
    """Verb -> ("module:name", one line of help), in the order of the list."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        for name, (target, summary) in self.verbs.items():
            self.add_command(LazyVerb(name, target=target, summary=summary))

    def invoke(self, ctx: Any) -> Any:
        """Run the verb."""
        with reported_failures(ctx):
            return super().invoke(ctx)
