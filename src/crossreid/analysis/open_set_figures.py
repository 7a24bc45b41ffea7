"""Whether somebody is here at all: error rates over thresholds, and the scores behind them."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from crossreid.analysis.figures import CURVES, FAINT, caption, curve_styles, refuse_nothing, title_axes
from crossreid.evaluation.calibration import EvidenceCalibration
from crossreid.evaluation.open_set import open_set_curve
from crossreid.evaluation.reliability import Reliability

MARKED_FPIRS = (0.01, 0.001)
_BINS = 60
_LOWEST_LABEL = 0.06  # below it, words under a point would lie on the axis


def error_rates_figure(evidence: Mapping[str, EvidenceCalibration], *, data: str) -> Figure:
    """ROC and DET: what is found, and what is missed, over the share of false alarms.

    Args:
        evidence: by kind.
        data: where the scores come from, in words.

    Raises:
        DataError: there is none.
    """
    refuse_nothing(evidence, "calibrations")
    figure = Figure(figsize=(9, 4.6), layout="constrained")
    found, missed = figure.subplots(1, 2)
    floor = min(0.5 / len(item.non_mated) for item in evidence.values())
    for (name, item), style in zip(evidence.items(), curve_styles(len(evidence)), strict=True):
        curve = open_set_curve(item.mated, item.non_mated)
        rates = np.maximum(curve.false_positive_rates, floor)
        options = {"drawstyle": "steps-post", "linewidth": 1.7} | style
        found.plot(rates, 1 - curve.false_negative_rates, label=name.replace("+", " + "), **options)
        lowest = 0.5 / len(item.mated)
        missed.plot(rates, np.maximum(curve.false_negative_rates, lowest), **options)
    x = "searches for absent people that find somebody (FPIR)"
    title_axes(found, "ROC", x=x, y="people present that are found (1 − FNIR)")
    title_axes(missed, "DET", x=x, y="people present that are missed (FNIR)")
    missed.set_yscale("log")
    for axes in (found, missed):
        axes.set_xscale("log")
        axes.set_xlim(floor, 1)
        axes.xaxis.set_major_formatter(_percent)
        axes.yaxis.set_major_formatter(_percent)
        for rate in MARKED_FPIRS:
            axes.axvline(rate, color=FAINT, linewidth=0.8, zorder=0)
    found.set_ylim(0, 1.02)
    found.legend(frameon=False, fontsize=8, loc="best")
    sizes = next(iter(evidence.values()))
    caption(
        figure,
        f"Open-set identification on {data}: every query searches a gallery of about {sizes.candidates:.0f} pictures"
        " with and without its person. Thin lines: false alarms of 1 % and 0.1 %. A rate of zero is drawn at half"
        " of one search.",
    )
    return figure


def _percent(share: float, _: object = None) -> str:
    """With the digits that a tenth of a percent needs, and none that others do not."""
    return f"{100 * share:g}%"


def scores_figure(evidence: Mapping[str, EvidenceCalibration], *, data: str) -> Figure:
    """How the scores of both kinds of searches lie, one panel a kind of evidence.

    Args:
        evidence: by kind.
        data: where the scores come from, in words.

    Raises:
        DataError: there is none.
    """
    refuse_nothing(evidence, "calibrations")
    columns = min(len(evidence), 4)
    rows = -(-len(evidence) // columns)
    figure = Figure(figsize=(2.6 * columns + 0.6, 2.3 * rows + 1.1), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).flatten()
    everything = np.concatenate([np.r_[item.mated, item.non_mated] for item in evidence.values()])
    edges = np.linspace(everything.min(), max(everything.max(), everything.min() + 1e-6), _BINS + 1)
    for axes, (name, item) in zip(panels, evidence.items(), strict=False):
        for scores, words, (colour, dashes) in (
            (item.mated, "person is there", CURVES[0]),
            (item.non_mated, "person is not", CURVES[1]),
        ):
            shares = np.full(len(scores), 1 / len(scores))
            options = {"histtype": "stepfilled", "alpha": 0.25, "color": colour, "edgecolor": "none"}
            axes.hist(scores, edges, weights=shares, **options)
            outline = {"histtype": "step", "color": colour, "linestyle": dashes, "label": words}
            axes.hist(scores, edges, weights=shares, **outline)
        if len(item.non_mated) >= 100:
            axes.axvline(item.threshold(0.01, candidates=int(item.candidates)), color="black", linewidth=0.9)
        title_axes(axes, name.replace("+", " + "), x="highest cosine of a search", y="share of searches")
        axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    for axes in panels[len(evidence) :]:
        axes.set_axis_off()
    panels[0].legend(frameon=False, fontsize=7)
    caption(
        figure,
        f"Scores of searches on {data}: of the person's best picture where the person is there, of the best picture of"
        " all where not. Black line: the threshold for 1 % false alarms.",
    )
    return figure


def reliability_figure(measured: Reliability, *, data: str) -> Figure:
    """Whether candidates of a stated probability are right that often.

    Args:
        measured: on people whom the calibration has not seen.
        data: who they are, in words.
    """
    figure = Figure(figsize=(4.6, 4.8), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1, zorder=0)
    filled = measured.counts > 0
    colour, dashes = CURVES[0]
    axes.plot(measured.stated[filled], measured.observed[filled], color=colour, linestyle=dashes, marker="o")
    for x, y, count in zip(
        measured.stated[filled], measured.observed[filled], measured.counts[filled], strict=True
    ):
        below = -9 if y > _LOWEST_LABEL else 6
        axes.annotate(f"{count}", (x, y), textcoords="offset points", xytext=(5, below), fontsize=7)
    title_axes(axes, "Reliability", x="stated probability", y="share that is the person")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    caption(
        figure,
        f"Candidates of searches on {data}, calibrated on one half of the people and counted on the other, and the"
        f" reverse; beside each point the number of candidates. Mean distance from the diagonal:"
        f" {100 * measured.error:.1f} points.",
    )
    return figure
