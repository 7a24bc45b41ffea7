"""Refusals of tensors that do not belong together."""

from torch import Tensor

from crossreid.core.errors import ConfigurationError


def check_same_rows(**tensors: Tensor) -> None:
    """Refuse tensors (by name) whose numbers of rows differ or are zero.

    Raises:
        ConfigurationError: says the number of rows of each.
    """
    counts = {name: tensor.shape[0] for name, tensor in tensors.items()}
    if len(set(counts.values())) > 1 or not all(counts.values()):
        raise ConfigurationError(f"rows {_listed(counts)}", expected="one number of rows, at least 1")


def check_same_width(**tensors: Tensor) -> None:
    """Refuse tensors (by name) whose last dimensions differ.

    Raises:
        ConfigurationError: says the width of each.
    """
    widths = {name: tensor.shape[-1] for name, tensor in tensors.items()}
    if len(set(widths.values())) > 1:
        raise ConfigurationError(f"widths {_listed(widths)}", expected="one width")


def check_positive(**values: float) -> None:
    """Refuse numbers (by name) that are zero or less.

    Raises:
        ConfigurationError: says the value.
    """
    for name, value in values.items():
        if value <= 0:
            raise ConfigurationError(f"{name} {value}", expected="a number above 0")


def _listed(numbers: dict[str, int]) -> str:
    return ", ".join(f"{number} of {name}" for name, number in numbers.items())
