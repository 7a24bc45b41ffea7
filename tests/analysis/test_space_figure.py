import numpy as np
import pytest

from crossreid.analysis.figures import COLOURS, render
from crossreid.analysis.space_figure import Space, space_figure
from crossreid.core.errors import DataError


def space(modalities: list[str]) -> Space:
    count = len(modalities)
    points = np.arange(3.0 * count).reshape(count, 3)
    return Space(points, np.array([0.5, 0.3, 0.1]), np.array([7, 9] * (count // 2)), np.array(modalities))


def test_spaces_stand_side_by_side_with_their_shares() -> None:
    figure = space_figure({"before": space(["rgb", "text"]), "after": space(["rgb", "rgb", "text", "text"])})
    assert render(figure, dots_per_inch=40).startswith(b"\x89PNG")  # colours are sorted as it is drawn
    before, after = figure.axes
    assert (before.get_title(), after.get_title()) == (
        "before: 2 items of 2 people",
        "after: 4 items of 2 people",
    )
    assert before.get_xlabel() == "50% of the variance"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["RGB", "text"]
    counts = [len(np.asarray(shapes.get_offsets())) for shapes in after.collections]
    assert counts == [2, 0, 0, 2], "a shape for each kind of evidence"
    colours = np.atleast_2d(np.asarray(after.collections[0].get_facecolor()))
    assert len(np.unique(colours, axis=0)) == 2, "a colour for each person"
    assert len(COLOURS) > 2


def test_nothing_is_not_drawn() -> None:
    with pytest.raises(DataError, match="no spaces"):
        space_figure({})
