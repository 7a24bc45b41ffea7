"""The procedural world: people without end, each of one split, each met by several cameras."""

from collections.abc import Callable
from dataclasses import astuple, dataclass
from hashlib import blake2b
from itertools import accumulate
from typing import Literal, get_args

import numpy as np

from crossreid.core.errors import ConfigurationError
from crossreid.synthesis.pedestrians.attributes import Pedestrian, draw_look_alike, draw_pedestrian
from crossreid.synthesis.pedestrians.captions import write_caption
from crossreid.synthesis.pedestrians.shot import Shot, draw_shot
from crossreid.synthesis.pedestrians.site.notes import write_note
from crossreid.synthesis.pedestrians.site.sighting import draw_site_shot
from crossreid.synthesis.pedestrians.style import STYLES, Style, restyle

Split = Literal["pretrain", "train", "validation", "test", "demo"]
SPLITS: tuple[Split, ...] = get_args(Split)
CAMERAS = 6

_SHARES = dict(zip(SPLITS, (60, 25, 5, 5, 5), strict=True))  # percent of all possible people
_LOOK_ALIKE_RATE = 0.1  # of the people with an odd index: 5 % of all
_FAVOURITE_CAMERA_RATE = 0.8
_SITE = 71  # makes what happens at the site independent of the other styles' encounters


def split_of(person: Pedestrian) -> Split:
    """The one split that this person can be in, in every world: decided by a hash of the attributes alone."""
    key = "|".join(map(str, astuple(person))).encode()
    bucket = int.from_bytes(blake2b(key, digest_size=8).digest(), "big") % 100
    edges = accumulate(_SHARES.values())
    return next(split for split, edge in zip(SPLITS, edges, strict=True) if bucket < edge)


@dataclass(frozen=True, slots=True)
class Group:
    """An encounter of a person and a camera: its photo, infrared picture, sketch and description.

    The drawing library loads when the first picture is asked for: people and captions need none.
    """

    person: Pedestrian
    shot: Shot
    camera_id: int
    caption: str
    person_index: int
    group_index: int
    style: Style = "day"

    def rgb(self, *, height: int = 280, width: int = 140) -> np.ndarray:
        """The photo, uint8 [height, width, 3]."""
        if self.style == "site":
            from crossreid.synthesis.pedestrians.site.rendering import render_photo as render
        else:
            from crossreid.synthesis.pedestrians.rendering import render_rgb as render
        return render(self.person, self.shot, height=height, width=width)

    def infrared(self, *, height: int = 280, width: int = 140) -> np.ndarray:
        """What an infrared camera in the same place sees, uint8 [height, width, 3]."""
        if self.style == "site":
            from crossreid.synthesis.pedestrians.site.rendering import render_near_infrared as render
        else:
            from crossreid.synthesis.pedestrians.rendering import render_infrared as render
        return render(self.person, self.shot, height=height, width=width)

    def sketch(self, *, height: int = 280, width: int = 140) -> np.ndarray:
        """What somebody draws of it by hand, uint8 [height, width, 3]."""
        if self.style == "site":
            from crossreid.synthesis.pedestrians.site.rendering import render_charcoal as render
        else:
            from crossreid.synthesis.pedestrians.rendering import render_sketch as render
        return render(self.person, self.shot, height=height, width=width)


@dataclass(frozen=True, slots=True)
class World:
    """People and encounters as functions of seed, split and index: nothing is stored.

    A person of one split is in no other split of this or of any other world.

    Args:
        seed: of everything that is drawn.
        style: how its pictures look. People do not depend on it; poses, cameras and captions are the same
            by day and in the evening and others at the site.

    Raises:
        ConfigurationError: the seed or an index is negative, or split or style are none of `SPLITS` and `STYLES`.
    """

    seed: int
    style: Style = "day"

    def __post_init__(self) -> None:
        if self.style not in STYLES:
            raise ConfigurationError(f"the style {self.style!r}", expected=f"one of {', '.join(STYLES)}")
        if self.seed < 0:
            raise ConfigurationError(f"the world's seed {self.seed}", expected="0 or more")

    def person(self, split: Split, index: int) -> Pedestrian:
        """Person number `index` of a split. One in twenty looks like the one before but for details."""
        rng = self._generator(split, index)
        if index % 2 == 0 or rng.random() >= _LOOK_ALIKE_RATE:
            return _draw_until(split, lambda: draw_pedestrian(rng))
        previous = self.person(split, index - 1)  # of an even index, so never a look-alike itself
        return _draw_until(split, lambda: draw_look_alike(previous, rng))

    def group(self, split: Split, person_index: int, group_index: int) -> Group:
        """Encounter number `group_index` of a person: mostly each with another camera until all are used."""
        person = self.person(split, person_index)
        order = self._generator(split, person_index, 0).permutation(CAMERAS)
        place = (_SITE,) if self.style == "site" else ()
        rng = self._generator(split, person_index, 1 + group_index, *place)
        favourite = rng.random() < _FAVOURITE_CAMERA_RATE
        camera_id = int(order[group_index % CAMERAS] if favourite else rng.integers(CAMERAS))
        if self.style == "site":
            shot = draw_site_shot(rng, camera_id=camera_id)
            caption = write_note(person, shot.view, rng)
        else:
            shot = draw_shot(rng, camera_id=camera_id)
            caption = write_caption(person, shot.view, rng)
            shot = restyle(shot, self.style)
        return Group(person, shot, camera_id, caption, person_index, group_index, self.style)

    def _generator(self, split: Split, *key: int) -> np.random.Generator:
        if split not in SPLITS:
            raise ConfigurationError(f"the split {split!r}", expected=f"one of {', '.join(SPLITS)}")
        if min(key) < 0:
            raise ConfigurationError(f"the index {min(key)}", expected="0 or more")
        # The length of the key is part of the entropy: a person's own generator is none of the encounters'.
        return np.random.default_rng([self.seed, SPLITS.index(split), len(key), *key])


def _draw_until(split: Split, draw: Callable[[], Pedestrian]) -> Pedestrian:
    person = draw()
    while split_of(person) != split:
        person = draw()
    return person
