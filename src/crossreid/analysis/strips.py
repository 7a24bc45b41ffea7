"""Searches as strips of pictures: what was asked, and what was found."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.textpath import TextPath

from crossreid.analysis.figures import FAINT, INK
from crossreid.core.errors import DataError

Evidence = np.ndarray | str
"""A picture, uint8 [height, width, 3], or a caption."""

RIGHT, WRONG = "#2e9e5b", "#cc3b3b"
_TILE_WIDTH, _TILE_HEIGHT, _TEXT_WIDTH, _GAP = 0.95, 1.9, 1.7, 0.35
_HEADING, _FOOTING = 0.34, 0.24
_POINTS = 72


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """One search.

    Args:
        evidence: one or several pieces that were searched with.
        results: pictures or captions, best first.
        scores: of the results.
        correct: which results are right, for a green or red frame; None where nobody knows.
        heading: above the strip.

    Raises:
        DataError: there is no evidence, a caption is empty, or scores or frames are not one a result.
    """

    evidence: Sequence[Evidence]
    results: Sequence[Evidence]
    scores: Sequence[float]
    correct: Sequence[bool] | None = None
    heading: str = ""

    def __post_init__(self) -> None:
        frames = len(self.results) if self.correct is None else len(self.correct)
        if any(
            isinstance(content, str) and not content.strip() for content in (*self.evidence, *self.results)
        ):
            raise DataError("an empty caption", expected="words")
        if not self.evidence or {len(self.scores), frames} != {len(self.results)}:
            raise DataError(
                f"{len(self.evidence)} pieces, {len(self.results)} results, {len(self.scores)} scores, {frames} frames",
                expected="at least one piece, and a score and a frame for each result",
            )


def cases_figure(strips: Sequence[Strip]) -> Figure:
    """Searches below each other, green frames around right results and red ones around wrong (figure 5).

    Raises:
        DataError: there is none.
    """
    if not strips:
        raise DataError("no searches", expected="at least one")
    row_height = _HEADING + _TILE_HEIGHT + _FOOTING
    width = max(_strip_width(strip) for strip in strips) + _GAP
    height = row_height * len(strips) + _GAP / 2
    figure = Figure(figsize=(width, height))
    for row, strip in enumerate(strips):
        _draw(figure, strip, bottom=height - (row + 1) * row_height)
    return figure


def search_strip_figure(
    evidence: Sequence[Evidence],
    results: Sequence[Evidence],
    scores: Sequence[float],
    *,
    correct: Sequence[bool] | None = None,
    heading: str = "",
) -> Figure:
    """One search: the pieces of the query, then the best results with their scores."""
    return cases_figure([Strip(evidence, results, scores, correct, heading)])


def _strip_width(strip: Strip) -> float:
    tiles = [*strip.evidence, *strip.results]
    return sum(map(_tile_width, tiles)) + _GAP * (len(tiles) + 1) / 2 + _GAP


def _tile_width(content: Evidence) -> float:
    return _TEXT_WIDTH if isinstance(content, str) else _TILE_WIDTH


def _draw(figure: Figure, strip: Strip, *, bottom: float) -> None:
    """Lay the tiles from left to right; all lengths are in inches."""
    left, base = _GAP / 2, bottom + _FOOTING
    if strip.heading:
        _write(figure, left, base + _TILE_HEIGHT + 0.1, strip.heading, size=10.0)
    for content in strip.evidence:
        _fill(_tile(figure, left, base, _tile_width(content)), content, frame=INK, line_width=1.2)
        left += _tile_width(content) + _GAP / 2
    middle = base + _TILE_HEIGHT / 2
    _write(figure, left + _GAP / 4, middle, "→", size=14.0, align="center")
    left += _GAP
    for place, (content, score) in enumerate(zip(strip.results, strip.scores, strict=True)):
        frame, mark = _verdict(strip.correct, place)
        _fill(_tile(figure, left, base, _tile_width(content)), content, frame=frame, line_width=3.0)
        centre = left + _tile_width(content) / 2
        _write(figure, centre, base - 0.17, f"{place + 1}.  {score:.2f}{mark}", size=8.0, align="center")
        left += _tile_width(content) + _GAP / 2


def _verdict(correct: Sequence[bool] | None, place: int) -> tuple[str, str]:
    """Colour of the frame, and a mark for readers who cannot tell red from green."""
    if correct is None:
        return FAINT, ""
    return (RIGHT, "  ✓") if correct[place] else (WRONG, "  ✗")


def _tile(figure: Figure, left: float, bottom: float, width: float) -> Axes:
    total_width, total_height = figure.get_size_inches()
    box = (left / total_width, bottom / total_height, width / total_width, _TILE_HEIGHT / total_height)
    axes = figure.add_axes(box)
    axes.set_axis_off()
    return axes


def _write(figure: Figure, x: float, y: float, text: str, *, size: float, align: str = "left") -> None:
    total_width, total_height = figure.get_size_inches()
    figure.text(x / total_width, y / total_height, text, fontsize=size, ha=align, color=INK, parse_math=False)


def _fill(axes: Axes, content: Evidence, *, frame: str, line_width: float) -> None:
    if isinstance(content, str):
        text, size = _fitted(content)
        # A dollar sign is a dollar sign, not the start of a formula.
        axes.text(
            0.06, 0.5, text, fontsize=size, va="center", color=INK, transform=axes.transAxes, parse_math=False
        )
    else:
        # Keeps its shape: the axes, and with them the frame, shrink to the picture.
        axes.imshow(content, interpolation="antialiased")
    border = Rectangle(
        (0, 0), 1, 1, transform=axes.transAxes, fill=False, edgecolor=frame, linewidth=line_width
    )
    border.set_clip_on(False)
    axes.add_patch(border)


def _fitted(caption: str) -> tuple[str, float]:
    """The caption wrapped into its tile at the largest size that fits; cut with an ellipsis when none does."""
    words = " ".join(caption.split())
    # Of this caption, in sizes: capitals are wide. A line is 1.2 sizes high.
    letter_width = TextPath((0, 0), words, size=10).get_extents().width / 10 / len(words)
    for size in (9.0, 8.0, 7.0, 6.0):
        columns = int(_TEXT_WIDTH * 0.82 * _POINTS / (letter_width * size))
        rows = int(_TILE_HEIGHT * 0.92 * _POINTS / (1.2 * size))
        lines = textwrap.wrap(words, columns, max_lines=rows, placeholder=" …")
        if not lines[-1].endswith("…"):
            break
    return "\n".join(lines), size
