"""Bars from 0 to 100 percent, as a picture and for a terminal."""

import html
from collections.abc import Sequence

from crossreid.demonstration.story import Bar

_WIDTH, _ROW, _BAR = 360, 52, 20
_COLOURS = ("#8a94a0", "#2f6db5", "#2e8b57")
_STYLE = (
    "text{font:14px system-ui,sans-serif;fill:#1d2530}.track{fill:#8a94a0;fill-opacity:.18}"
    "@media(prefers-color-scheme:dark){text{fill:#e4e8ee}}"
)


def bars_svg(bars: Sequence[Bar], *, title: str) -> str:
    """Draw the bars as an SVG without a background, readable on light and dark pages.

    Args:
        bars: from top to bottom.
        title: what the values are, for those who cannot see the picture.
    """
    values = "; ".join(f"{bar.model}: {bar.value:.1f} %" for bar in bars)
    rows = "".join(_row(bar, place) for place, bar in enumerate(bars))
    height = _ROW * len(bars)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH * 1.5:.0f}"'
        f' height="{height * 1.5:.0f}" role="img">'
        f"<title>{html.escape(f'{title}. {values}')}</title><style>{_STYLE}</style>{rows}</svg>\n"
    )


def _row(bar: Bar, place: int) -> str:
    """A label with its value above the bar, so that it can be read on a phone."""
    top, colour = _ROW * place, _COLOURS[place % len(_COLOURS)]
    return (
        f'<text x="0" y="{top + 16}">{html.escape(bar.model)}</text>'
        f'<text x="{_WIDTH}" y="{top + 16}" text-anchor="end">{bar.value:.1f} %</text>'
        f'<rect class="track" x="0" y="{top + 22}" width="{_WIDTH}" height="{_BAR}" rx="3"/>'
        f'<rect x="0" y="{top + 22}" width="{_WIDTH * bar.value / 100:.1f}" height="{_BAR}" rx="3" fill="{colour}"/>'
    )


def bars_text(bars: Sequence[Bar], *, width: int = 40) -> list[str]:
    """One line a bar: the model, `width` columns for 100 percent, and the value."""
    longest = max(len(bar.model) for bar in bars)
    return [
        f"{bar.model:{longest}}  {'█' * round(width * bar.value / 100):{width}} {bar.value:5.1f} %"
        for bar in bars
    ]
