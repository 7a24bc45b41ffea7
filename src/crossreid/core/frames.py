"""Columns as a pandas table, where pandas is installed."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from crossreid.core.errors import MissingDependencyError

if TYPE_CHECKING:
    from pandas import DataFrame


def data_frame(
    columns: Mapping[str, np.ndarray | Sequence[Any]], *, attributes: Mapping[str, str]
) -> "DataFrame":
    """Return a table of the columns; the attributes go into `DataFrame.attrs`.

    Raises:
        MissingDependencyError: pandas is not installed.
    """
    try:
        from pandas import DataFrame
    except ImportError as error:
        raise MissingDependencyError(
            "pandas is not installed", expected="pandas for to_pandas()", remedy="pip install pandas"
        ) from error
    frame = DataFrame(dict(columns))
    frame.attrs.update(attributes)
    return frame
