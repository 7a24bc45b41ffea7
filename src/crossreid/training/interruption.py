"""Ctrl-C and SIGTERM during a training: the first is answered after the current step, the second at once."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from crossreid.training.gathering import largest_of_all

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_ONE_S = 1.0
"""A launcher passes on what its processes received from the terminal too: within this time it is the same signal."""


class Interruption:
    """Remembers the first signal."""

    def __init__(self) -> None:
        self._number, self._since = 0, 0.0

    def receive(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal.

        Raises:
            KeyboardInterrupt: it is the second one, SIGINT.
            SystemExit: it is the second one, SIGTERM.
        """
        del frame
        if not self._number:
            self._number, self._since = number, time.monotonic()
        elif time.monotonic() - self._since > _ONE_S:
            raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)

    def signal(self) -> int:
        """Return the signal that any process has received, the same in all of them; 0 for none. All have to call."""
        return int(largest_of_all(self._number))


@contextmanager
def signals_remembered() -> Iterator[Interruption]:
    """Within, SIGINT and SIGTERM do not end the process; only the main thread of a process can promise that."""
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption
        return
    before = {number: signal.signal(number, interruption.receive) for number in _SIGNALS}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def leave_signals_to_the_training(worker: int) -> None:
    """For processes that make batches: the training that receives the same signals still needs them."""
    del worker
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
