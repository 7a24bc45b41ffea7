"""The figure of what labelled people are worth."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from crossreid.analysis.figures import FAINT, caption, curve_styles, refuse_nothing, title_axes

_MARKERS = ("o", "s", "^", "D", "v", "P")


def labels_figure(
    people: Sequence[int],
    curves: Mapping[str, Sequence[Sequence[float]]],
    constants: Mapping[str, Sequence[float]],
    *,
    data: str,
) -> Figure:
    """Draw the mean mAP against the number of labelled people.

    Args:
        people: numbers of labelled people, ascending.
        curves: by model, for each of these numbers the values of all seeds, percent; drawn as their mean, with the
            sample deviation as a bar.
        constants: by model that needs no labels, the values of all seeds; drawn as a horizontal line.
        data: what was searched, in words.

    Raises:
        DataError: there is no curve.
    """
    refuse_nothing(curves, "curves")
    figure = Figure(figsize=(7.5, 4.8), layout="constrained")
    axes = figure.subplots()
    styles = curve_styles(len(curves) + len(constants))
    handles: list[Any] = []
    for (name, values), marker, style in zip(curves.items(), _MARKERS, styles, strict=False):
        means = [float(np.mean(of_seeds)) for of_seeds in values]
        spreads = [float(np.std(of_seeds, ddof=1)) if len(of_seeds) > 1 else 0.0 for of_seeds in values]
        shape: dict[str, Any] = {"marker": marker, "markersize": 5, "capsize": 3, "linewidth": 1.8}
        handles.append(axes.errorbar(people, means, yerr=spreads, label=name, **shape, **style))
    for (name, of_seeds), style in zip(constants.items(), styles[len(curves) :], strict=True):
        handles.append(axes.axhline(float(np.mean(of_seeds)), label=name, linewidth=1.2, **style))
    axes.set_xscale("log")
    axes.set_xticks(list(people), labels=[f"{count:,}" for count in people])
    axes.set_xticks([], minor=True)
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", color=FAINT, linewidth=0.8)
    title_axes(
        axes, "How many labelled people does a site need?", x="labelled people", y="mean mAP of the tasks, %"
    )
    figure.legend(
        handles=handles, loc="outside upper center", ncols=2, frameon=False, fontsize=9, handlelength=3
    )
    seeds = len(next(iter(curves.values()))[0])
    bars = f"Mean of {seeds} seeds; bars: sample deviation." if seeds > 1 else "One seed."
    caption(figure, f"{data}. {bars}")
    return figure
