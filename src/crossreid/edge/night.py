"""The hours in which a camera takes infrared."""

from dataclasses import dataclass
from datetime import datetime, time

from crossreid.core.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Night:
    """From `begins` on, until before `ends`, by the device's own clock; it may pass midnight."""

    begins: time
    ends: time

    @classmethod
    def parse(cls, written: str) -> "Night":
        """Read `19:30-06:30`.

        Raises:
            ConfigurationError: it is something else, or of no length.
        """
        begins, _, ends = written.partition("-")
        try:
            night = cls(time.fromisoformat(begins.strip()), time.fromisoformat(ends.strip()))
        except ValueError:
            night = None
        if night is None or night.begins == night.ends or night.begins.tzinfo or night.ends.tzinfo:
            raise ConfigurationError(
                f"the hours {written!r}", expected="two times of day, such as 19:30-06:30"
            )
        return night

    def covers(self, moment: datetime) -> bool:
        """Whether a moment, given with its time zone, lies in these hours."""
        now = moment.astimezone().time()
        if self.begins < self.ends:
            return self.begins <= now < self.ends
        return now >= self.begins or now < self.ends
