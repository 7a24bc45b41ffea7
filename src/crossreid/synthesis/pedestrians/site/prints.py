"""Shapes printed on a chest, as which part of a square they cover."""

import math
from collections.abc import Callable


def _square(u: float, v: float) -> bool:
    return max(abs(u), abs(v)) < 0.82


def _ring(u: float, v: float) -> bool:
    return 0.50 < math.hypot(u, v) < 1.0


def _band(u: float, v: float) -> bool:
    return True


_DIGITS = ("110111", "010001", "010111", "010001", "111111")  # 13, three columns a digit


def _number(u: float, v: float) -> bool:
    column, row = int((u + 1.0) * 3.5), int((1.0 - v) * 2.5)
    if column == 3 or not 0 <= row < 5 or not 0 <= column < 7:
        return False
    return _DIGITS[row][column - (column > 3)] == "1"


def _star(u: float, v: float) -> bool:
    angle, radius = math.atan2(u, v), math.hypot(u, v)
    within = abs((angle + math.pi / 5.0) % (2.0 * math.pi / 5.0) - math.pi / 5.0)
    return radius < 0.40 / math.cos(0.66 - within) if within < 0.66 else radius < 0.40


PRINTS: dict[str, Callable[[float, float], bool]] = {
    "square logo": _square,
    "round logo": _ring,
    "chest band": _band,
    "number": _number,
    "star": _star,
}
