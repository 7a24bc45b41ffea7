"""The energy that a machine says it has used."""

import contextlib
from pathlib import Path

_ZONES = Path("/sys/class/powercap")
_WHOLE = "psys"
"""A zone that contains the packages."""


class EnergyMeter:
    """Sums up the processor packages of Linux's powercap (RAPL), whose counters wrap around.

    Args:
        zones: folder of the zones; many virtual machines have none, and some systems show them to root alone.
    """

    def __init__(self, zones: Path = _ZONES) -> None:
        self._spans: dict[Path, int] = {}
        for zone in sorted(zones.glob("*-rapl:*")):
            with contextlib.suppress(OSError, ValueError):
                named = (zone / "name").read_text().strip()
                if zone.name.count(":") == 1 and "mmio" not in zone.name and not named.startswith(_WHOLE):
                    _read(zone)
                    self._spans[zone] = int((zone / "max_energy_range_uj").read_text())
        self._last = {zone: _read(zone) for zone in self._spans}
        self._used = 0

    def joules(self) -> float | None:
        """Since the meter was made; None where the machine does not tell. To be asked more often than it wraps."""
        if not self._spans:
            return None
        for zone, span in self._spans.items():
            now = _read(zone)
            self._used += (now - self._last[zone]) % (span + 1)
            self._last[zone] = now
        return self._used / 1e6


def _read(zone: Path) -> int:
    return int((zone / "energy_uj").read_text())
