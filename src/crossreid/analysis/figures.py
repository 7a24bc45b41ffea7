"""The paper's curves and maps, as figures for a report."""

import textwrap
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter, StrMethodFormatter

from crossreid.analysis.low_rank import Spectrum
from crossreid.core.errors import DataError
from crossreid.core.modality import Modality

INK, FAINT, PAPER = "#1f2933", "#d5dbe1", "#ffffff"
CURVES = tuple(
    zip(
        ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#000000", "#56b4e9", "#e69f00"),
        ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)), (0, (8, 2))),
        strict=True,
    )
)
"""Colour and dashes of curves, told apart in print and by the colour-blind (Okabe and Ito, 2008)."""
COLOURS = (
    "#2f6db5", "#e07b39", "#3a9a6e", "#8e5fb0", "#c8433f", "#2a9fb0",
    "#c9a227", "#6b7785", "#d76a9b", "#7a5c43", "#7fae2f", "#3b3f8f",
)  # fmt: skip
SHAPES = {Modality.RGB: "o", Modality.IR: "^", Modality.SKETCH: "s", Modality.TEXT: "P"}
LABELS = {Modality.RGB: "RGB", Modality.IR: "infrared", Modality.SKETCH: "sketch", Modality.TEXT: "text"}


def render(figure: Figure, *, kind: Literal["png", "svg"] = "png", dots_per_inch: int = 150) -> bytes:
    """The figure as the bytes of a file; the same figure gives the same bytes."""
    buffer = BytesIO()
    metadata = {"Date": None} if kind == "svg" else {"Software": None}
    with mpl.rc_context({"svg.hashsalt": "crossreid"}):
        figure.savefig(buffer, format=kind, dpi=dots_per_inch, facecolor=PAPER, metadata=metadata)
    return buffer.getvalue()


def spectrum_figure(
    spectra: Mapping[str, Spectrum], *, trials: Mapping[str, Sequence[Spectrum]] | None = None
) -> Figure:
    """Explained variance, its cumulative sum and the importance of the dimensions (figures 3 and 7).

    Args:
        spectra: by name of model, data set or trial.
        trials: spectra of random parts by the same names; from their smallest to their largest value a band is drawn.

    Raises:
        DataError: there is none.
    """
    refuse_nothing(spectra, "spectra")
    figure = Figure(figsize=(11, 3.6), layout="constrained")
    explained, cumulative, importance = figure.subplots(1, 3)
    for (name, spectrum), style in zip(spectra.items(), curve_styles(len(spectra)), strict=True):
        components = np.arange(1, len(spectrum.cumulative) + 1)
        label = f"{name} (effective rank {spectrum.effective_rank:.1f})"
        explained.plot(components, spectrum.explained_variance, label=label, **style)
        cumulative.plot(components, spectrum.cumulative, **style)
        dimensions = np.arange(1, len(spectrum.importance) + 1)
        importance.plot(dimensions, np.sort(spectrum.importance)[::-1], **style)
        if trials:
            for axes, values in zip(figure.axes, _values_of(trials[name]), strict=True):
                places = np.arange(1, values.shape[1] + 1)
                low, high = values.min(axis=0), values.max(axis=0)
                axes.fill_between(places, low, high, color=style["color"], alpha=0.25, linewidth=0)
    title_axes(explained, "Variance of each component", x="component", y="share of the variance")
    title_axes(cumulative, "Variance of the first components", x="components")
    title_axes(
        importance, "Importance of the dimensions", x="dimension, most important first", y="importance"
    )
    for axes in (explained, cumulative):
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:.0f}"))
        axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    cumulative.set_ylim(0, 1.03)
    importance.set_ylim(bottom=0)
    _mark_shares(cumulative, spectra)
    handles, labels = explained.get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside upper center", ncols=min(3, len(labels)), frameon=False, fontsize=9
    )
    return figure


def tsne_figure(points: np.ndarray, person_ids: np.ndarray, modalities: np.ndarray) -> Figure:
    """A map of embeddings: the shape says the modality, the colour the person (figure 4).

    Args:
        points: [n, 2], from `project`.
        person_ids: int [n]; a dozen people have colours of their own, more share them.
        modalities: str [n].

    Raises:
        DataError: the arrays do not fit each other.
    """
    if points.shape != (len(person_ids), 2) or len(modalities) != len(person_ids):
        raise DataError(
            f"points {points.shape}, {len(person_ids)} people, {len(modalities)} modalities",
            expected="[n, 2] and n of each",
        )
    figure = Figure(figsize=(6.4, 6), layout="constrained")
    axes = figure.subplots()
    people = np.unique(person_ids)
    places = np.searchsorted(people, person_ids)
    colours = np.array(COLOURS)[places % len(COLOURS)]
    for modality, shape in SHAPES.items():
        rows = np.asarray(modalities) == modality
        axes.scatter(
            *points[rows].T,
            c=colours[rows].tolist(),
            marker=shape,
            s=46,
            alpha=0.9,
            linewidths=0.6,
            edgecolors=PAPER,
        )
    present = [modality for modality in SHAPES if (np.asarray(modalities) == modality).any()]
    handles = [
        Line2D([], [], color=INK, marker=SHAPES[modality], linestyle="", label=LABELS[modality])
        for modality in present
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=4, frameon=False, fontsize=9)
    title_axes(axes, f"{len(points)} items of {len(people)} people: one colour a person")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(True)
    return figure


def convergence_figure(
    curves: Mapping[str, Sequence[tuple[int, float]]], *, title: str = "Convergence", quantity: str = "loss"
) -> Figure:
    """Curves over training steps (figure 6); long ones are smoothed, with what was measured faint behind.

    Args:
        curves: (step, value) pairs by name.
        title: above the figure.
        quantity: what the values are, with its unit.

    Raises:
        DataError: there is no curve, or one is empty.
    """
    refuse_nothing(curves, "curves")
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for (name, pairs), style in zip(curves.items(), curve_styles(len(curves)), strict=True):
        refuse_nothing(pairs, f"points in curve {name!r}")
        steps, values = np.array(pairs, dtype=np.float64).T
        smooth = _smoothed(values)
        if smooth is not values:
            axes.plot(steps, values, color=style["color"], alpha=0.22, linewidth=0.8)
        axes.plot(steps, smooth, label=name, linewidth=1.8, marker="o" if len(steps) == 1 else "", **style)
    title_axes(axes, title, x="step", y=quantity)
    columns = min(3, len(curves))
    figure.legend(loc="outside upper center", ncols=columns, frameon=False, fontsize=9, handlelength=3)
    return figure


def _smoothed(values: np.ndarray) -> np.ndarray:
    """A running mean over a fiftieth of the curve, with shorter windows at its ends; short curves as they are."""
    half = len(values) // 100
    if half == 0:
        return values
    sums = np.concatenate([[0], np.cumsum(values)])
    starts = np.maximum(np.arange(len(values)) - half, 0)
    ends = np.minimum(np.arange(len(values)) + half + 1, len(values))
    return (sums[ends] - sums[starts]) / (ends - starts)


def _values_of(trials: Sequence[Spectrum]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What the three panels draw, [trials, components or dimensions] each; trials of fewer items have fewer."""
    least = min(len(one.cumulative) for one in trials)
    return (
        np.stack([one.explained_variance[:least] for one in trials]),
        np.stack([one.cumulative[:least] for one in trials]),
        np.stack([np.sort(one.importance)[::-1] for one in trials]),
    )


def _mark_shares(axes: Axes, spectra: Mapping[str, Spectrum]) -> None:
    for share in (0.9, 0.95, 0.99):
        axes.axhline(share, color=FAINT, linewidth=0.8, zorder=0)
    lines = [
        f"{name}: " + " / ".join(str(spectrum.components_for(share)) for share in (0.9, 0.95, 0.99))
        for name, spectrum in spectra.items()
    ]
    text = "components for\n90 / 95 / 99 %\n" + "\n".join(lines)
    axes.text(0.97, 0.05, text, transform=axes.transAxes, ha="right", va="bottom", fontsize=8, color=INK)


def title_axes(axes: Axes, title: str, *, x: str = "", y: str = "") -> None:
    """Words above the axes and along them, in the manner of all figures."""
    axes.set_title(title, loc="left", fontsize=11, color=INK)
    axes.set_xlabel(x, fontsize=9, color=INK)
    axes.set_ylabel(y, fontsize=9, color=INK)
    axes.tick_params(labelsize=8, colors=INK, which="both")
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[:].set_color("#9aa5b1")


def caption(figure: Figure, words: str) -> None:
    """A paragraph below the figure that says what is seen, on what, and how it was counted."""
    columns = int(figure.get_size_inches()[0] * 15)
    figure.supxlabel(textwrap.fill(words, columns), x=0.01, ha="left", fontsize=8, color=INK)


def curve_styles(count: int) -> list[dict[str, Any]]:
    """Colour and dashes of so many curves, as `Axes.plot` takes them."""
    chosen = [CURVES[place % len(CURVES)] for place in range(count)]
    return [{"color": colour, "linestyle": dashes} for colour, dashes in chosen]


def refuse_nothing(values: Mapping[str, object] | Sequence[object], what: str) -> None:
    """Refuse to draw an empty figure."""
    if not len(values):
        raise DataError(f"no {what}", expected="at least one")
