import subprocess
import sys
from io import BytesIO

import numpy as np
import pytest
from matplotlib.colors import to_hex
from PIL import Image

from crossreid.analysis import low_rank_spectrum
from crossreid.analysis.figures import COLOURS, convergence_figure, render, spectrum_figure, tsne_figure
from crossreid.core.errors import DataError

SPECTRA = {"teacher": low_rank_spectrum(np.diag([3.0, 1.0])), "student": low_rank_spectrum(np.eye(4))}


def heights(line):
    return np.asarray(line.get_ydata())


def test_files_are_pictures_and_the_same_each_time():
    figure = spectrum_figure(SPECTRA)
    png, svg = render(figure, dots_per_inch=50), render(figure, kind="svg")
    assert Image.open(BytesIO(png)).size == (550, 180)
    assert svg.startswith(b"<?xml")
    again = spectrum_figure(SPECTRA)
    assert (render(again, dots_per_inch=50), render(again, kind="svg")) == (png, svg)


def test_spectra_are_drawn_as_they_are():
    figure = spectrum_figure(SPECTRA)
    explained, cumulative, importance = figure.axes
    np.testing.assert_allclose(heights(explained.lines[0]), [0.9, 0.1])
    np.testing.assert_allclose(heights(cumulative.lines[1]), [0.25, 0.5, 0.75, 1])
    np.testing.assert_allclose(heights(importance.lines[0]), [0.9, 0.1])
    assert explained.get_xscale() == cumulative.get_xscale() == "log"
    assert "teacher: 1 / 2 / 2" in cumulative.texts[0].get_text()
    assert "student: 4 / 4 / 4" in cumulative.texts[0].get_text()
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["teacher (effective rank 1.4)", "student (effective rank 4.0)"]


def test_trials_are_a_band_from_the_smallest_to_the_largest():
    halves = [low_rank_spectrum(np.eye(4)), low_rank_spectrum(np.diag([3.0, 1.0, 0, 0])[:2])]
    trials = dict.fromkeys(SPECTRA, halves)
    explained = spectrum_figure(SPECTRA, trials=trials).axes[0]
    (path,) = explained.collections[0].get_paths()
    found = {(round(x), round(y, 6)) for x, y in np.asarray(path.vertices).tolist()}
    assert found == {(1, 0.25), (1, 0.9), (2, 0.1), (2, 0.25)}, "as many components as every trial has"
    assert not spectrum_figure(SPECTRA).axes[0].collections


def test_shape_is_modality_and_colour_is_person():
    points = np.arange(12.0).reshape(6, 2)
    people = np.array([5, 5, 9, 9, 5, 9])
    modalities = np.array(["rgb", "ir", "rgb", "text", "rgb", "ir"])
    figure = tsne_figure(points, people, modalities)
    rgb, infrared, sketch, _ = figure.axes[0].collections
    np.testing.assert_array_equal(rgb.get_offsets(), points[[0, 2, 4]])
    np.testing.assert_array_equal(infrared.get_offsets(), points[[1, 5]])
    assert np.size(sketch.get_offsets()) == 0
    assert [to_hex(colour) for colour in np.asarray(rgb.get_facecolor())] == [
        COLOURS[0],
        COLOURS[1],
        COLOURS[0],
    ]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["RGB", "infrared", "text"]
    render(figure, dots_per_inch=40)


def test_short_curves_are_drawn_as_measured():
    figure = convergence_figure({"all": [(0, 3.0), (10, 1.0)], "one": [(5, 2.0)]}, quantity="mAP, %")
    (axes,) = figure.axes
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), [[0, 3], [10, 1]])
    assert axes.get_ylabel() == "mAP, %"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["all", "one"]
    render(figure, dots_per_inch=40)


def test_long_curves_are_smoothed_with_the_measured_ones_behind():
    values = np.tile([0.0, 2.0], 100)
    figure = convergence_figure({"all": list(zip(range(200), values.tolist(), strict=True))})
    measured, smooth = figure.axes[0].lines
    np.testing.assert_array_equal(heights(measured), values)
    drawn = heights(smooth)
    assert drawn[100] == pytest.approx(np.mean(values[98:103]))
    assert drawn[0] == pytest.approx(np.mean(values[:3]))
    assert drawn[-1] == pytest.approx(np.mean(values[-3:]))


def test_nothing_to_draw_is_refused():
    with pytest.raises(DataError, match=r"no spectra"):
        spectrum_figure({})
    with pytest.raises(DataError, match=r"no curves"):
        convergence_figure({})
    with pytest.raises(DataError, match=r"no points in curve 'a'"):
        convergence_figure({"a": []})
    with pytest.raises(DataError, match=r"points \(3, 2\), 2 people"):
        tsne_figure(np.zeros((3, 2)), np.zeros(2, dtype=int), np.array(["rgb"] * 3))


def test_no_window_system_is_touched():
    code = "import sys, crossreid.analysis.strips; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
