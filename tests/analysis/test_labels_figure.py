import pytest

from crossreid.analysis.figures import render
from crossreid.analysis.labels_figure import labels_figure
from crossreid.core.errors import DataError

CURVES = {"cloud": [[30.0, 32.0], [50.0, 54.0]], "edge": [[20.0, 20.0], [44.0, 46.0]]}


def test_means_and_deviations_of_the_seeds_are_drawn() -> None:
    """Means 31 and 52; sample deviations sqrt 2 and 2 sqrt 2."""
    figure = labels_figure([50, 2000], CURVES, {"untrained": [10.0, 12.0]}, data="Mean mAP")
    (axes,) = figure.axes
    cloud, edge = axes.containers
    assert cloud[0].get_ydata().tolist() == [31.0, 52.0]
    assert edge[0].get_ydata().tolist() == [20.0, 45.0]
    ends = [segment[:, 1].tolist() for segment in cloud[2][0].get_segments()]
    assert ends == [pytest.approx([31 - 2**0.5, 31 + 2**0.5]), pytest.approx([52 - 8**0.5, 52 + 8**0.5])]
    assert [words.get_text() for words in figure.legends[0].get_texts()] == ["cloud", "edge", "untrained"]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["50", "2,000"]
    assert render(figure).startswith(b"\x89PNG")


def test_no_curves_are_refused() -> None:
    with pytest.raises(DataError, match="no curves"):
        labels_figure([50], {}, {}, data="Mean mAP")
