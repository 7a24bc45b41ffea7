from io import BytesIO

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle
from PIL import Image

from crossreid.analysis.figures import render
from crossreid.analysis.strips import RIGHT, WRONG, Strip, cases_figure, search_strip_figure
from crossreid.core.errors import DataError

RED, BLUE = (np.full((28, 14, 3), colour, dtype=np.uint8) for colour in ((250, 0, 0), (0, 0, 250)))
CAPTION = "A tall woman in a red coat carries a green shopping bag."


def frames(figure):
    return [
        to_hex(p.get_edgecolor()) for axes in figure.axes for p in axes.patches if isinstance(p, Rectangle)
    ]


def texts_in_tiles(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_right_results_have_green_frames_and_wrong_ones_red():
    strip = Strip([RED], [RED, BLUE, RED], [0.9, 0.5, 0.25], correct=[True, False, True], heading="found")
    figure = cases_figure([strip])
    assert frames(figure)[1:] == [RIGHT, WRONG, RIGHT]
    texts = [text.get_text() for text in figure.texts]
    assert texts == ["found", "→", "1.  0.90  ✓", "2.  0.50  ✗", "3.  0.25  ✓"]


def test_the_pictures_are_in_the_file():
    figure = search_strip_figure([BLUE], [RED], [0.5])
    pixels = np.asarray(Image.open(BytesIO(render(figure, dots_per_inch=50))).convert("RGB"))
    red = np.argwhere((pixels == (250, 0, 0)).all(axis=2))
    blue = np.argwhere((pixels == (0, 0, 250)).all(axis=2))
    assert len(red) > 500
    assert len(blue) > 500
    assert blue[:, 1].max() < red[:, 1].min(), "the query is on the left"


def test_nothing_is_said_about_right_and_wrong_where_nobody_knows():
    figure = search_strip_figure([RED], [RED, BLUE], [0.9, 0.5])
    assert not {RIGHT, WRONG} & set(frames(figure))
    assert [text.get_text() for text in figure.texts] == ["→", "1.  0.90", "2.  0.50"]


def test_a_wide_picture_keeps_its_shape():
    figure = search_strip_figure([RED.transpose(1, 0, 2)], [RED], [0.5])
    figure.draw_without_rendering()
    wide, tall = (axes.get_window_extent() for axes in figure.axes)
    assert wide.width / wide.height == pytest.approx(2)
    assert tall.width / tall.height == pytest.approx(1 / 2)


@pytest.mark.parametrize(
    "caption",
    [CAPTION, CAPTION * 3, CAPTION * 40, CAPTION.upper() * 2, "W" * 500, "ill " * 90, "a hat for $5, not $6"],
)
def test_words_stay_inside_their_tile(caption):
    figure = search_strip_figure([caption], [RED], [0.5])
    figure.draw_without_rendering()
    tile = figure.axes[0].get_window_extent()
    words = figure.axes[0].texts[0].get_window_extent()
    assert tile.x0 <= words.x0
    assert words.x1 <= tile.x1
    assert tile.y0 <= words.y0
    assert words.y1 <= tile.y1


def test_short_captions_are_whole_and_long_ones_say_that_they_go_on():
    whole = texts_in_tiles(search_strip_figure([CAPTION], [RED], [0.5]))[0]
    assert whole.split() == CAPTION.split()
    assert texts_in_tiles(search_strip_figure([CAPTION * 40], [RED], [0.5]))[0].endswith("…")


def test_captions_can_be_results():
    assert len(texts_in_tiles(search_strip_figure([RED], [CAPTION, "a man"], [0.5, 0.4]))) == 2


def test_strips_are_below_each_other():
    strips = [
        Strip([RED], [RED] * 5, [0.5] * 5, heading="first"),
        Strip([RED], [RED], [0.5], heading="second"),
    ]
    figure = cases_figure(strips)
    first, second = (text for text in figure.texts if text.get_text() in ("first", "second"))
    assert first.get_position()[1] > second.get_position()[1]
    assert len(figure.axes) == 8


@pytest.mark.parametrize(
    "arguments",
    [
        ([], [RED], [0.5], None),
        ([RED], [RED], [], None),
        ([RED], [RED], [0.5], [True, False]),
    ],
)
def test_what_does_not_fit_is_refused(arguments):
    with pytest.raises(DataError, match=r"at least one piece, and a score and a frame for each result"):
        Strip(*arguments)


def test_an_empty_caption_is_refused():
    with pytest.raises(DataError, match=r"an empty caption"):
        Strip([" "], [RED], [0.5])


def test_no_searches_are_refused():
    with pytest.raises(DataError, match=r"no searches"):
        cases_figure([])
