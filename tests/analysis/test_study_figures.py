from typing import Any

import numpy as np
import pytest

from crossreid.analysis.errors_by_attribute import Agreement, ErrorReport, Slice
from crossreid.analysis.figures import CURVES, render
from crossreid.analysis.gallery_width import WidthRow
from crossreid.analysis.importance import measure_importance
from crossreid.analysis.leakage import Leak
from crossreid.analysis.open_set_figures import error_rates_figure, scores_figure
from crossreid.analysis.study_figures import (
    agreement_figure,
    errors_figure,
    importance_figure,
    leakage_figure,
    width_figure,
)
from crossreid.core.errors import DataError
from crossreid.evaluation.calibration import EvidenceCalibration
from crossreid.evaluation.open_set import ScoreCalibration

KNOWN = EvidenceCalibration(
    mated=np.array([0.5, 0.9]),
    non_mated=np.array([0.1, 0.2, 0.3, 0.6]),
    candidates=4.0,
    curve=ScoreCalibration(1.0, 0.0),
    prior=0.5,
)


def caption_of(figure: Any) -> str:
    """The caption, on one line; drawing it must not fail."""
    render(figure, dots_per_inch=40)
    return " ".join(figure.get_supxlabel().split())


def label_of(axes: Any) -> str:
    return axes.get_title(loc="left")


def test_roc_and_det_are_the_two_error_rates() -> None:
    figure = error_rates_figure({"sketch+text": KNOWN}, data="people")
    found, missed = figure.axes
    assert (label_of(found), label_of(missed)) == ("ROC", "DET")
    # Above every score, then at 0.9 (no false alarm, drawn at half of one of four searches), at 0.6, at 0.5, ...
    rates, hits = map(np.asarray, found.lines[0].get_data())
    assert rates.tolist() == [1 / 8, 1 / 8, 1 / 4, 1 / 4, 2 / 4, 3 / 4, 1]
    assert hits.tolist() == [0, 1 / 2, 1 / 2, 1, 1, 1, 1]
    assert np.asarray(missed.lines[0].get_ydata())[0] == 1
    for axis in (found.xaxis, missed.xaxis, missed.yaxis):
        assert [axis.get_major_formatter()(share) for share in (0.001, 0.01, 1.0)] == ["0.1%", "1%", "100%"]
    assert "about 4 pictures" in caption_of(figure)


def test_scores_have_a_panel_a_kind() -> None:
    figure = scores_figure(dict.fromkeys(("rgb", "ir", "sketch", "text", "rgb+ir"), KNOWN), data="people")
    assert [label_of(axes) for axes in figure.axes[:5]] == ["rgb", "ir", "sketch", "text", "rgb + ir"]
    assert "Scores of searches on people" in caption_of(figure)


def test_the_smallest_width_is_in_the_legend() -> None:
    rows = [
        WidthRow(width, "float32", rescored, {"S->R": mean}, 4 * width, width / 8)
        for width, mean in ((8, 50.0), (16, 59.8), (32, 60.0))
        for rescored in (False, True)
    ]
    figure = width_figure(rows, data="a gallery", timed_items=1000)
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["float32: k = 16", "float32, re-scored: k = 16"]
    quality, memory, speed = figure.axes
    np.testing.assert_array_equal(quality.lines[0].get_xydata(), [[8, 50], [16, 59.8], [32, 60]])
    np.testing.assert_allclose(np.asarray(memory.lines[0].get_ydata())[-1], 128 * 100_000 / 2**20)
    np.testing.assert_array_equal(speed.lines[0].get_ydata(), [1, 2, 4])
    assert caption_of(figure).startswith("a gallery.")


def piece(attribute: str, value: str, mean_ap: float) -> Slice:
    return Slice(attribute, value, 10, 5, 50.0, mean_ap, (mean_ap - 5, mean_ap + 5))


def test_slices_and_agreements_are_drawn() -> None:
    report = ErrorReport(
        "S->R",
        piece("all queries", "", 60.0),
        (piece("bag", "none", 40.0), piece("bag", "backpack", 70.0), piece("shoe_colour", "red", 1.0)),
        (Agreement("bag", 0.5, 0.2, 7), Agreement("gender", 0.5, 0.5, 7)),
    )
    figure = errors_figure([report], data="people")
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.get_yticklabels()] == ["bag: none", "bag: backpack"]
    dots = [line.get_xdata() for line in axes.lines if line.get_marker() == "o"]
    assert np.concatenate(dots).tolist() == [40, 70]
    assert "fewer than five people" in caption_of(figure)
    shared = agreement_figure([report], data="people")
    assert [text.get_text() for text in shared.axes[0].get_yticklabels()] == ["gender", "bag"]
    assert shared.axes[0].get_xlabel() == "share that agrees (7 errors)"
    assert "What a wrong first answer has right" in caption_of(shared)


def test_leaks_stand_beside_chance() -> None:
    leaks = [Leak("gender", 0.9, 0.1, 0.5, 2, 40), Leak("upper_colour", 0.3, 0.1, 0.1, 10, 40)]
    figure = leakage_figure({"edge": leaks, "cloud": leaks[:1]}, data="people")
    (axes,) = figure.axes
    # The most readable is at the top; the body's attributes carry a star.
    assert [text.get_text() for text in axes.get_yticklabels()] == ["upper colour", "gender *"]
    chance = next(line for line in axes.lines if line.get_label() == "chance")
    np.testing.assert_array_equal(chance.get_xdata(), [0.1, 0.5])
    assert caption_of(figure).startswith("people.")


def test_importance_is_drawn_in_falling_order() -> None:
    measured = {"edge": measure_importance(np.random.default_rng(0).normal(size=(50, 12)))}
    figure = importance_figure(measured, data="50 items")
    heights = np.asarray(figure.axes[0].lines[0].get_ydata())
    assert (np.diff(heights) <= 0).all()
    assert "The first tenth of the dimensions carries: edge" in caption_of(figure)


def test_curves_differ_in_colour_and_in_dashes() -> None:
    colours, dashes = zip(*CURVES, strict=True)
    assert len(set(colours)) == len(set(dashes)) == len(CURVES)


@pytest.mark.parametrize(
    "draw",
    [
        lambda: error_rates_figure({}, data=""),
        lambda: scores_figure({}, data=""),
        lambda: width_figure([], data="", timed_items=1),
        lambda: errors_figure([], data=""),
        lambda: agreement_figure([], data=""),
        lambda: leakage_figure({}, data=""),
        lambda: importance_figure({}, data=""),
    ],
)
def test_nothing_to_draw_is_refused(draw: Any) -> None:
    with pytest.raises(DataError, match="expected at least one"):
        draw()
