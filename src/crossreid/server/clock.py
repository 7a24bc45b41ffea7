"""Whether the wall clock can be believed when something is to be thrown away for its age."""

import logging
import time
from collections.abc import Callable

_log = logging.getLogger(__name__)


class SteadyClock:
    """Compares the wall clock with one that nobody sets.

    Args:
        tolerance_s: by how much they may drift apart between two looks.
        settle_s: for how long after a jump the wall clock has to run evenly before it is believed again.
        wall: seconds, as people set them.
        monotonic: seconds, as they pass.
    """

    def __init__(
        self,
        *,
        tolerance_s: float,
        settle_s: float,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tolerance_s, self._settle_s, self._wall, self._monotonic = (
            tolerance_s, settle_s, wall, monotonic,
        )  # fmt: skip
        self._last = wall(), monotonic()
        self._doubtful_until = self._last[1]

    def believed(self) -> bool:
        """Look at both clocks. False from a jump on until the wall clock has run evenly for long enough."""
        wall, monotonic = self._wall(), self._monotonic()
        jump_s = (wall - self._last[0]) - (monotonic - self._last[1])
        self._last = wall, monotonic
        if abs(jump_s) > self._tolerance_s:
            self._doubtful_until = monotonic + self._settle_s
            _log.warning("the clock jumped by %.0f s: nothing expires for %.0f s", jump_s, self._settle_s)
        return monotonic >= self._doubtful_until
