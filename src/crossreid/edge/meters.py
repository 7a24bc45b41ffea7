"""What a device has done since it was started."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(slots=True)
class Meters:
    """Each number is written by one thread, and may be read by others.

    Args:
        frames: looked at.
        passed_over: of a live camera, frames that came while an earlier one was being looked at.
        embedded: crops.
        detecting_s: seconds spent on finding people.
        embedding_s: seconds spent on vectors.
        last_frame: when the last frame was taken; None before the first.
    """

    frames: int = 0
    passed_over: int = 0
    embedded: int = 0
    detecting_s: float = 0.0
    embedding_s: float = 0.0
    last_frame: datetime | None = None
