"""What is wrong with settings, in words; a setting is named by the path that `--set` takes."""

from collections.abc import Sequence

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from crossreid.training.overrides import nearest_setting


def describe_problem(
    problem: ErrorDetails, place: Sequence[str | int], settings: type[BaseModel], *, group: str = ""
) -> str:
    """One problem of a validation: where, what, and for an unknown key which one may be meant.

    Args:
        problem: as pydantic has it.
        place: the keys that lead to it.
        settings: that were validated.
        group: what `--set` puts before their paths, as `teacher` of a study.
    """
    path = ".".join(key for key in place if isinstance(key, str))
    named = ".".join(filter(None, (group, path)))
    message = problem["msg"].removeprefix("Value error, ")
    text = f"{named}: {message}" if named else message
    nearest = nearest_setting(settings, path) if problem["type"] == "extra_forbidden" else ""
    return f"{text}, did you mean {'.'.join(filter(None, (group, nearest)))}?" if nearest else text
