"""Figures of what was counted: narrow galleries, errors by attribute, leakage, importance."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from crossreid.analysis.errors_by_attribute import SHOWN, ErrorReport, Slice
from crossreid.analysis.figures import (
    CURVES,
    FAINT,
    INK,
    caption,
    curve_styles,
    refuse_nothing,
    title_axes,
)
from crossreid.analysis.gallery_width import (
    ALLOWED_LOSS,
    MOST_RESCORED,
    RESCORED_SHARE,
    WidthRow,
    smallest_width,
)
from crossreid.analysis.importance import Importance
from crossreid.analysis.leakage import Leak
from crossreid.analysis.truth import BODY

_MARKERS = ("o", "s", "^", "D")
_THOUSANDS = 100_000


def width_figure(rows: Sequence[WidthRow], *, data: str, timed_items: int) -> Figure:
    """Quality, memory and time of a search over the coordinates that a gallery keeps.

    Args:
        rows: of `width_curve`.
        data: what was searched, in words.
        timed_items: how many items the timed searches went through.

    Raises:
        DataError: there are no rows.
    """
    refuse_nothing(rows, "widths")
    figure = Figure(figsize=(11, 4.4), layout="constrained")
    quality, memory, speed = figure.subplots(1, 3)
    names = list(dict.fromkeys(row.name for row in rows))
    for name, marker, style in zip(names, _MARKERS, curve_styles(len(names)), strict=False):
        chosen = [row for row in rows if row.name == name]
        options = style | {"marker": marker, "markersize": 4}
        widths = [row.width for row in chosen]
        smallest = smallest_width(rows, name)
        label = f"{name}: {'none' if smallest is None else f'k = {smallest}'}"
        quality.plot(widths, [row.mean for row in chosen], label=label, **options)
        if not chosen[0].rescored:
            memory.plot(widths, [row.bytes_per_item * _THOUSANDS / 2**20 for row in chosen], **options)
        speed.plot(widths, [row.search_ms for row in chosen], **options)
    full = next(row.mean for row in rows[::-1] if row.name == "float32")
    quality.axhline(full - ALLOWED_LOSS, color=FAINT, linewidth=0.9, zorder=0)
    for axes, title, y in (
        (quality, "Quality", "mean mAP, %"),
        (memory, "Memory of the search", f"MiB for {_THOUSANDS:,} items"),
        (speed, "Time", f"ms a search of {timed_items:,} items"),
    ):
        title_axes(axes, title, x="principal coordinates kept (k)", y=y)
        axes.set_xscale("log", base=2)
        axes.xaxis.set_major_formatter("{x:.0f}")
    memory.set_ylim(bottom=0)
    speed.set_ylim(bottom=0)
    handles, labels = quality.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=4, frameon=False, fontsize=8)
    caption(
        figure,
        f"{data}. In the legend the smallest k from which on no more than {ALLOWED_LOSS} points of mAP are lost (grey"
        f" line). Re-scored: the first {MOST_RESCORED} candidates, or {RESCORED_SHARE:.0%} of the gallery, are ordered"
        " anew by all coordinates, which lie beside the short ones and are not counted in the memory. Time: the fastest"
        " of several searches by numpy.",
    )
    return figure


def errors_figure(reports: Sequence[ErrorReport], *, data: str) -> Figure:
    """The mAP of slices of the queries, with intervals; one panel a task.

    Args:
        reports: of `errors_by_attribute`.
        data: what was searched, in words.

    Raises:
        DataError: there is none.
    """
    refuse_nothing(reports, "tasks")
    keys = [
        (attribute, value)
        for attribute in SHOWN
        for value in dict.fromkeys(
            piece.value for report in reports for piece in report.slices if piece.attribute == attribute
        )
    ]
    figure = Figure(
        figsize=(2.6 + 2.6 * len(reports), 1.6 + 0.17 * (len(keys) + len(SHOWN))), layout="constrained"
    )
    panels = figure.subplots(1, len(reports), sharey=True, squeeze=False)[0]
    places, names, place = {}, [], 0.0
    for before, key in zip([None, *keys], keys, strict=False):
        place -= 1.0 if before is None or before[0] == key[0] else 1.6
        places[key] = place
        names.append(f"{key[0].replace('_', ' ')}: {key[1]}")
    for axes, report in zip(panels, reports, strict=True):
        axes.axvline(report.overall.mean_ap, color=INK, linewidth=0.8)
        for piece in report.slices:
            if (piece.attribute, piece.value) in places:
                _draw_slice(axes, piece, places[piece.attribute, piece.value])
        title_axes(axes, report.task, x="mAP, %")
        axes.set_xlim(0, 100)
        axes.set_ylim(place - 1, 0)
        axes.grid(axis="x", color=FAINT, linewidth=0.5)
        axes.set_axisbelow(True)
    panels[0].set_yticks(list(places.values()), names, fontsize=7)
    caption(
        figure,
        f"Where searches go wrong: {data}, by what is on the query. Dots: mAP of the queries with that property;"
        " lines: 95 % under resampling of their people; vertical line: all queries. Slices of fewer than five people"
        " are left out.",
    )
    return figure


def _draw_slice(axes, piece: Slice, place: float) -> None:
    low, high = piece.interval or (piece.mean_ap, piece.mean_ap)
    axes.plot([low, high], [place, place], color=CURVES[0][0], linewidth=1.2)
    axes.plot(piece.mean_ap, place, color=CURVES[0][0], marker="o", markersize=3.5)


def agreement_figure(reports: Sequence[ErrorReport], *, data: str) -> Figure:
    """What wrong first answers share with the person searched for, beside what anybody shares; one panel a task.

    Args:
        reports: of `errors_by_attribute`.
        data: what was searched, in words.

    Raises:
        DataError: there is none with a wrong first answer.
    """
    reports = [report for report in reports if report.agreements]
    refuse_nothing(reports, "wrong first answers")
    gains = {
        agreement.attribute: np.mean([_gain(report, agreement.attribute) for report in reports])
        for agreement in reports[0].agreements
    }
    names = sorted(gains, key=lambda name: float(gains[name]))
    figure = Figure(figsize=(2.2 + 2.4 * len(reports), 1.6 + 0.17 * len(names)), layout="constrained")
    panels = figure.subplots(1, len(reports), sharey=True, squeeze=False)[0]
    for axes, report in zip(panels, reports, strict=True):
        known = {agreement.attribute: agreement for agreement in report.agreements}
        for place, name in enumerate(names):
            shares = known[name].chance, known[name].wrong_first
            axes.plot(shares, [place, place], color=FAINT, linewidth=1.5, zorder=0)
        rows = np.arange(len(names))
        wrong = [known[name].wrong_first for name in names]
        chance = [known[name].chance for name in names]
        axes.plot(
            wrong,
            rows,
            color=CURVES[1][0],
            marker="o",
            linestyle="",
            markersize=4,
            label="wrong first answer",
        )
        axes.plot(chance, rows, color=INK, marker="|", linestyle="", markersize=7, label="anybody else")
        title_axes(axes, report.task, x=f"share that agrees ({report.agreements[0].searches} errors)")
        axes.set_xlim(0, 1)
        axes.xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    panels[0].set_yticks(range(len(names)), [name.replace("_", " ") for name in names], fontsize=7)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2, frameon=False, fontsize=8)
    caption(
        figure,
        f"What a wrong first answer has right: {data}. The farther the dot is right of the mark, the more the encoder"
        " goes by that attribute; where they meet it does not see it.",
    )
    return figure


def _gain(report: ErrorReport, attribute: str) -> float:
    found = next(item for item in report.agreements if item.attribute == attribute)
    return found.wrong_first - found.chance


def leakage_figure(leaks: Mapping[str, Sequence[Leak]], *, data: str) -> Figure:
    """How well attributes are read from embeddings of unseen people, beside chance.

    Args:
        leaks: by name of the embeddings.
        data: who was read, in words.

    Raises:
        DataError: there is nothing.
    """
    refuse_nothing(leaks, "probes")
    first = next(iter(leaks.values()))
    names = [leak.attribute for leak in first][::-1]
    figure = Figure(figsize=(6.4, 1.8 + 0.19 * len(names)), layout="constrained")
    axes = figure.subplots()
    styles = zip(leaks.items(), CURVES, _MARKERS, strict=False)
    for number, ((label, found), (colour, _), marker) in enumerate(styles):
        known = {leak.attribute: leak for leak in found}
        rows = [place for place, name in enumerate(names) if name in known]
        shares = [known[names[place]].balanced_accuracy for place in rows]
        spread = [known[names[place]].deviation for place in rows]
        places = [place + 0.16 * number for place in rows]
        options = {"color": colour, "marker": marker, "linestyle": "", "markersize": 4, "elinewidth": 0.9}
        axes.errorbar(shares, places, xerr=spread, label=label, **options)
    chances = [leak.chance for leak in first][::-1]
    axes.plot(chances, range(len(names)), color=INK, marker="|", linestyle="", markersize=8, label="chance")
    labels = [f"{name.replace('_', ' ')}{' *' if name in BODY else ''}" for name in names]
    axes.set_yticks(range(len(names)), labels, fontsize=7)
    title_axes(axes, "What an embedding gives away", x="balanced accuracy of a linear probe, people held out")
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes.grid(axis="x", color=FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.legend(frameon=False, fontsize=8, loc="lower right")
    caption(
        figure,
        f"{data}. Five-fold over people; bars: deviation over the folds. Sorted by how much of the way from chance to"
        " certainty is read. *: attributes of the body rather than of clothes and picture.",
    )
    return figure


def importance_figure(measured: Mapping[str, Importance], *, data: str) -> Figure:
    """The long tail of the importance of dimensions, over random halves of the items.

    Args:
        measured: by name of the embeddings.
        data: what they are of, in words.

    Raises:
        DataError: there is none.
    """
    refuse_nothing(measured, "embeddings")
    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    axes = figure.subplots()
    for (name, found), style in zip(measured.items(), curve_styles(len(measured)), strict=True):
        ordered = np.sort(found.trials, axis=1)[:, ::-1]
        dimensions = np.arange(1, ordered.shape[1] + 1)
        axes.fill_between(
            dimensions, ordered.min(axis=0), ordered.max(axis=0), color=style["color"], alpha=0.2
        )
        label = f"{name}: effective rank {np.mean(found.effective_ranks):.1f}"
        axes.plot(dimensions, ordered.mean(axis=0), label=label, **style)
    title_axes(axes, "Importance of the dimensions", x="dimension, most important first", y="importance")
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:.0f}")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, fontsize=8)
    shares = "; ".join(
        f"{name} {100 * found.top_share:.0f} % (two halves share {100 * found.overlap:.0f} % of them)"
        for name, found in measured.items()
    )
    caption(
        figure,
        f"Sum over components of |V| times explained variance, {data}; bands: the range over random halves. The first"
        f" tenth of the dimensions carries: {shares}.",
    )
    return figure
