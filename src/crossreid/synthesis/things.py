"""Line drawings of everyday things with captions: what a corpus from the web knows of drawing."""

from dataclasses import dataclass

import cv2
import numpy as np

Point = tuple[float | int, float | int]


def _circle(x: float, y: float, radius: float, tall: float = 1.0) -> list[Point]:
    angles = np.linspace(0.0, 2.0 * np.pi, 25)
    return [(x + radius * float(np.cos(a)), y + tall * radius * float(np.sin(a))) for a in angles]


def _box(left: float, top: float, right: float, bottom: float) -> list[Point]:
    return [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]


def _star(points: int, inner: float) -> list[Point]:
    angles = np.linspace(-np.pi / 2, 1.5 * np.pi, 2 * points + 1)
    radii = [1.0 if turn % 2 == 0 else inner for turn in range(2 * points + 1)]
    return [(r * float(np.cos(a)), r * float(np.sin(a))) for r, a in zip(radii, angles, strict=True)]


THINGS: dict[str, tuple[list[Point], ...]] = {
    "ball": (_circle(0.0, 0.0, 0.8), [(-0.8, 0), (0, 0.25), (0.8, 0)]),
    "star": (_star(5, 0.4),),
    "sun": (
        _circle(0.0, 0.0, 0.4),
        *([(0.55 * x, 0.55 * y), (0.95 * x, 0.95 * y)] for x, y in _star(4, 1.0)[:8]),
    ),
    "house": (
        _box(-0.7, -0.1, 0.7, 0.9),
        [(-0.85, -0.1), (0, -0.9), (0.85, -0.1)],
        _box(-0.15, 0.3, 0.2, 0.9),
    ),
    "tree": (_box(-0.12, 0.3, 0.12, 0.95), _circle(0.0, -0.25, 0.6)),
    "fir tree": (_box(-0.1, 0.7, 0.1, 0.95), [(-0.6, 0.7), (0, -0.9), (0.6, 0.7), (-0.6, 0.7)]),
    "flower": (
        _circle(0.0, -0.4, 0.2),
        _circle(0.0, -0.4, 0.5),
        [(0, 0.1), (0, 0.95)],
        [(0, 0.6), (0.4, 0.3)],
    ),
    "car": (
        _box(-0.9, 0.0, 0.9, 0.45),
        [(-0.5, 0), (-0.3, -0.4), (0.35, -0.4), (0.55, 0)],
        _circle(-0.5, 0.45, 0.2),
        _circle(0.5, 0.45, 0.2),
    ),
    "bicycle": (
        _circle(-0.5, 0.3, 0.38),
        _circle(0.5, 0.3, 0.38),
        [(-0.5, 0.3), (-0.1, -0.3), (0.4, -0.3), (0, 0.3), (-0.5, 0.3)],
        [(0.5, 0.3), (0.35, -0.5)],
    ),
    "boat": (
        [(-0.8, 0.3), (0.8, 0.3), (0.5, 0.7), (-0.5, 0.7), (-0.8, 0.3)],
        [(0, 0.3), (0, -0.9), (0.6, 0.1), (0, 0.1)],
    ),
    "cup": ([(-0.5, -0.5), (-0.4, 0.6), (0.3, 0.6), (0.4, -0.5), (-0.5, -0.5)], _circle(0.5, 0.0, 0.25)),
    "bottle": (
        [
            (-0.12, -0.9),
            (-0.12, -0.5),
            (-0.3, -0.2),
            (-0.3, 0.9),
            (0.3, 0.9),
            (0.3, -0.2),
            (0.12, -0.5),
            (0.12, -0.9),
            (-0.12, -0.9),
        ],
    ),
    "umbrella": (
        [(-0.8, 0), (-0.55, -0.5), (0, -0.75), (0.55, -0.5), (0.8, 0), (-0.8, 0)],
        [(0, 0), (0, 0.8), (0.2, 0.9), (0.3, 0.7)],
    ),
    "hat": (
        [(-0.9, 0.3), (0.9, 0.3)],
        [(-0.5, 0.3), (-0.4, -0.5), (0.4, -0.5), (0.5, 0.3)],
        [(-0.5, 0.1), (0.5, 0.1)],
    ),
    "bag": (_box(-0.6, -0.2, 0.6, 0.8), [(-0.3, -0.2), (-0.25, -0.7), (0.25, -0.7), (0.3, -0.2)]),
    "suitcase": (
        _box(-0.8, -0.4, 0.8, 0.7),
        _box(-0.25, -0.6, 0.25, -0.4),
        [(-0.4, -0.4), (-0.4, 0.7)],
        [(0.4, -0.4), (0.4, 0.7)],
    ),
    "shoe": (
        [(-0.8, -0.3), (-0.2, -0.3), (0.1, 0.1), (0.7, 0.2), (0.85, 0.5), (-0.8, 0.5), (-0.8, -0.3)],
        [(-0.8, 0.35), (0.85, 0.35)],
    ),
    "boot": ([(-0.4, -0.9), (0.2, -0.9), (0.2, 0.2), (0.8, 0.4), (0.8, 0.7), (-0.4, 0.7), (-0.4, -0.9)],),
    "shirt": (
        [
            (-0.3, -0.7),
            (-0.9, -0.4),
            (-0.7, 0),
            (-0.45, -0.15),
            (-0.45, 0.8),
            (0.45, 0.8),
            (0.45, -0.15),
            (0.7, 0),
            (0.9, -0.4),
            (0.3, -0.7),
            (0, -0.5),
            (-0.3, -0.7),
        ],
    ),
    "pair of trousers": (
        [
            (-0.5, -0.9),
            (0.5, -0.9),
            (0.6, 0.9),
            (0.2, 0.9),
            (0, -0.2),
            (-0.2, 0.9),
            (-0.6, 0.9),
            (-0.5, -0.9),
        ],
    ),
    "skirt": (
        [(-0.3, -0.6), (0.3, -0.6), (0.8, 0.7), (-0.8, 0.7), (-0.3, -0.6)],
        [(-0.3, -0.4), (0.3, -0.4)],
    ),
    "dress": (
        [
            (-0.3, -0.9),
            (-0.2, -0.1),
            (-0.6, 0.9),
            (0.6, 0.9),
            (0.2, -0.1),
            (0.3, -0.9),
            (0, -0.7),
            (-0.3, -0.9),
        ],
    ),
    "tie": (
        [
            (-0.15, -0.9),
            (0.15, -0.9),
            (0.08, -0.6),
            (0.25, 0.5),
            (0, 0.9),
            (-0.25, 0.5),
            (-0.08, -0.6),
            (-0.15, -0.9),
        ],
    ),
    "pair of glasses": (_circle(-0.45, 0.0, 0.35), _circle(0.45, 0.0, 0.35), [(-0.1, 0), (0.1, 0)]),
    "book": (
        _box(-0.7, -0.6, 0.7, 0.6),
        [(0, -0.6), (0, 0.6)],
        [(0.15, -0.3), (0.55, -0.3)],
        [(0.15, 0), (0.55, 0)],
    ),
    "chair": (
        [(-0.4, -0.9), (-0.4, 0.9)],
        [(-0.4, 0.1), (0.4, 0.1), (0.4, 0.9)],
        [(-0.4, -0.5), (0.0, -0.5)],
    ),
    "table": ([(-0.8, -0.2), (0.8, -0.2)], [(-0.7, -0.2), (-0.7, 0.7)], [(0.7, -0.2), (0.7, 0.7)]),
    "clock": (_circle(0.0, 0.0, 0.8), [(0, 0), (0, -0.6)], [(0, 0), (0.4, 0.1)]),
    "key": (
        _circle(-0.5, 0.0, 0.3),
        [(-0.2, 0), (0.8, 0)],
        [(0.6, 0), (0.6, 0.25)],
        [(0.75, 0), (0.75, 0.25)],
    ),
    "ladder": (
        [(-0.35, -0.9), (-0.35, 0.9)],
        [(0.35, -0.9), (0.35, 0.9)],
        *([(-0.35, y), (0.35, y)] for y in (-0.6, -0.2, 0.2, 0.6)),
    ),
    "fish": (
        _circle(-0.1, 0.0, 0.6, 0.55),
        [(0.45, 0), (0.9, -0.4), (0.9, 0.4), (0.45, 0)],
        _circle(-0.4, -0.08, 0.06),
    ),
    "face": (
        _circle(0.0, 0.0, 0.8, 1.15),
        _circle(-0.3, -0.2, 0.1),
        _circle(0.3, -0.2, 0.1),
        [(-0.3, 0.4), (0, 0.5), (0.3, 0.4)],
    ),
}
"""Outlines in a square from -1 to 1, y downwards."""

_FILLS: dict[str, tuple[int, int, int]] = {
    "black": (40, 40, 42), "grey": (140, 140, 142), "red": (200, 50, 45), "blue": (50, 90, 190),
    "green": (60, 140, 70), "yellow": (235, 205, 70), "brown": (120, 80, 50), "pink": (235, 150, 185),
}  # fmt: skip
_MEDIA = (
    "a drawing of {}",
    "a pencil drawing of {}",
    "a sketch of {}",
    "{}, drawn by hand",
    "line art: {}",
    "{}",
)


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawing of a thing.

    Args:
        pixels: uint8 RGB [height, width, 3].
        caption: says what it shows.
    """

    pixels: np.ndarray
    caption: str


def draw_thing(rng: np.random.Generator, *, height: int, width: int) -> Drawing:
    """Draw a random thing by an unsteady hand: plain, hatched or coloured in, one or two of it."""
    name = list(THINGS)[int(rng.integers(len(THINGS)))]
    twice = rng.random() < 0.2
    manner = ("plain", "plain", "hatched", "filled")[int(rng.integers(4))]
    fill = list(_FILLS)[int(rng.integers(len(_FILLS)))] if manner == "filled" else ""
    paper = np.array([250, 247, 240]) - rng.integers(0, 25)
    pixels = np.broadcast_to(paper.astype(np.uint8), (height, width, 3)).copy()
    for place in (0.29, 0.71) if twice else (0.5,):
        size = width * rng.uniform(0.28, 0.48)
        centre = np.array([width * 0.5, height * place]) + rng.normal(0.0, 3.0, 2)
        _draw_strokes(pixels, THINGS[name], rng, size=size, centre=centre, manner=manner, fill=fill)
    noun = f"{fill} {name}" if fill and not name.startswith("pair") else name
    article = "an" if noun[0] in "aeiou" else "a"
    phrase = f"{article} {noun} and another one" if twice else f"{article} {noun}"
    return Drawing(pixels, _MEDIA[int(rng.integers(len(_MEDIA)))].format(phrase))


def _draw_strokes(
    pixels: np.ndarray,
    strokes: tuple[list[Point], ...],
    rng: np.random.Generator,
    *,
    size: float,
    centre: np.ndarray,
    manner: str,
    fill: str,
) -> None:
    turn, stretch = rng.normal(0.0, 0.12), rng.uniform(0.85, 1.3)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    ink = int(rng.integers(20, 110))
    placed = [
        centre
        + size * (np.array(stroke) + rng.normal(0.0, 0.025, (len(stroke), 2))) @ rotation.T * [1.0, stretch]
        for stroke in strokes
    ]
    outline = np.round(placed[0] * 8).astype(np.int32)
    if manner == "filled":
        cv2.fillPoly(pixels, [outline], _FILLS[fill], cv2.LINE_AA, 3)
    elif manner == "hatched":
        _hatch(pixels, outline, spacing=int(rng.integers(3, 7)), ink=ink + 60)
    for stroke in placed:
        points = np.round(stroke * 8).astype(np.int32)
        cv2.polylines(pixels, [points], False, (ink, ink, ink), int(rng.integers(1, 3)), cv2.LINE_AA, 3)


def _hatch(pixels: np.ndarray, outline: np.ndarray, *, spacing: int, ink: int) -> None:
    height, width = pixels.shape[:2]
    inside = np.zeros((height, width), np.uint8)
    cv2.fillPoly(inside, [outline], 255, cv2.LINE_8, 3)
    rows, columns = np.nonzero(inside)
    lined = (rows + columns) % spacing == 0
    pixels[rows[lined], columns[lined]] = ink
