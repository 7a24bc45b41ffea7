"""Failures of a command: what a user can act on is one line on standard error and an exit status."""

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

from crossreid.cli.extras import extra_of, installation_of
from crossreid.core.errors import CrossReIDError, TrainingInterrupted

FAILED, INTERRUPTED = 2, 130


@contextmanager
def reported_failures(context: Any) -> Iterator[None]:
    """Report the failures of a command in place of a traceback.

    Args:
        context: click's context of the program, or of the command within it.

    Raises:
        typer.Exit: the command failed in a way that a user can act on, or was interrupted.
    """
    try:
        yield
    except CrossReIDError as error:
        message = " ".join(str(error).split())
        print(f"crossreid: {message}".encode(errors="backslashreplace").decode(), file=sys.stderr)
        raise typer.Exit(FAILED) from error
    except ModuleNotFoundError as error:
        extra = extra_of(error.name)
        if extra is None:
            raise
        command = context.invoked_subcommand or context.info_name
        print(f"crossreid: {command} needs {error.name}; {installation_of(extra)}", file=sys.stderr)
        raise typer.Exit(FAILED) from error
    except TrainingInterrupted as stopped:
        if os.environ.get("RANK", "0") == "0":
            print(f"crossreid: {stopped}\nTo go on: {_same_again(context)}", file=sys.stderr)
        raise typer.Exit(stopped.status) from stopped
    except KeyboardInterrupt as error:
        print("crossreid: interrupted", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from error


def _same_again(context: Any) -> str:
    """Return the command that was called."""
    command = f"{context.find_root().info_name} {shlex.join(sys.argv[1:])}"
    several = int(os.environ.get("WORLD_SIZE", "1")) > 1
    return f"the same accelerate launch of {command}" if several else command
