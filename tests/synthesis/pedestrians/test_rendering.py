from dataclasses import fields, replace

import numpy as np
import pytest

from crossreid.synthesis.pedestrians.attributes import Pedestrian, choices, draw_pedestrian
from crossreid.synthesis.pedestrians.rendering import render_infrared, render_rgb, render_sketch
from crossreid.synthesis.pedestrians.shot import Shot, draw_shot

RENDERERS = (render_rgb, render_infrared, render_sketch)
VIEWS = ("front", "back", "left", "right")

PLAIN = Pedestrian(
    gender="man", age="young", height="average", weight="average", skin_tone="light", hair_style="short",
    hair_colour="brown", beard="none", glasses="none", headwear="none", headwear_colour="red", upper="shirt",
    long_sleeves=False, upper_colour="sky blue", upper_second_colour="navy", upper_pattern="plain",
    upper_print="none", outer="none", outer_colour="olive", lower="trousers", lower_colour="grey",
    lower_second_colour="white", lower_pattern="plain", shoes="trainers", shoe_colour="red", bag="none",
    bag_colour="brown", neckwear="none", neckwear_colour="red", carried="none", carried_colour="yellow",
    gait="strolling", arms="hanging", right_handed=True,
)  # fmt: skip
# What else a person must wear for an attribute to be seen.
CONTEXT: dict[str, dict[str, str]] = {
    "headwear_colour": {"headwear": "cap"},
    "upper_second_colour": {"upper_pattern": "checks"},
    "outer_colour": {"outer": "open jacket"},
    "lower_second_colour": {"lower_pattern": "side stripe"},
    "bag_colour": {"bag": "crossbody bag"},
    "neckwear_colour": {"neckwear": "tie"},
    "carried_colour": {"carried": "bottle"},
}


def _changed_pixels(first: np.ndarray, second: np.ndarray) -> int:
    """Pixels that differ by more than 12 grey levels in some channel."""
    return int((np.abs(first.astype(int) - second.astype(int)).max(axis=2) > 12).sum())


def _pairs() -> list[tuple[str, str | bool, str | bool]]:
    """Every value of every attribute beside its neighbour in the declared order."""
    pairs = []
    for field in fields(Pedestrian):
        values = choices(field.name)
        pairs += [(field.name, value, values[index - 1]) for index, value in enumerate(values)]
    return pairs


@pytest.mark.parametrize(("attribute", "value", "neighbour"), _pairs())
def test_every_attribute_is_seen_from_some_side(attribute, value, neighbour):
    person = replace(PLAIN, **CONTEXT.get(attribute, {}))
    first, second = replace(person, **{attribute: value}), replace(person, **{attribute: neighbour})
    most = max(
        _changed_pixels(render_rgb(first, Shot(view=view)), render_rgb(second, Shot(view=view)))
        for view in VIEWS
    )
    assert most >= 25


@pytest.mark.parametrize("render", RENDERERS)
def test_the_same_person_and_shot_give_the_same_picture(render):
    rng = np.random.default_rng(3)
    others = [(draw_pedestrian(rng), draw_shot(rng, camera_id=camera)) for camera in range(4)]
    first = [render(person, shot) for person, shot in others]
    again = [render(person, shot) for person, shot in reversed(others)][::-1]
    for picture, repeated in zip(first, again, strict=True):
        np.testing.assert_array_equal(picture, repeated)


@pytest.mark.parametrize("render", RENDERERS)
@pytest.mark.parametrize(("height", "width"), [(280, 140), (168, 84), (256, 128), (400, 200)])
def test_pictures_have_the_size_that_was_asked_for(render, height, width):
    picture = render(PLAIN, draw_shot(np.random.default_rng(0)), height=height, width=width)
    assert picture.shape == (height, width, 3)
    assert picture.dtype == np.uint8


def test_infrared_has_no_colour():
    rng = np.random.default_rng(5)
    for camera in range(6):
        picture = render_infrared(draw_pedestrian(rng), draw_shot(rng, camera_id=camera))
        np.testing.assert_array_equal(picture[..., 0], picture[..., 1])
        np.testing.assert_array_equal(picture[..., 0], picture[..., 2])


def test_skin_is_the_hottest_and_of_colour_only_its_brightness_shows_in_infrared():
    shot = Shot(view="front")
    other = replace(PLAIN, upper_colour="maroon")
    warm, dyed = (render_infrared(person, shot)[..., 0].astype(int) for person in (PLAIN, other))
    pale, red = (render_rgb(person, shot).astype(int) for person in (PLAIN, other))
    assert np.abs(warm - dyed).max() > 20
    assert np.abs(pale - red).max() > 100
    hues = [replace(PLAIN, upper_colour=colour) for colour in ("red", "blue")]
    first, second = (render_infrared(person, shot)[..., 0].astype(int) for person in hues)
    seen, other_seen = (render_rgb(person, shot).astype(int) for person in hues)
    assert np.abs(first - second).max() < 12
    assert np.abs(seen - other_seen).max() > 100
    face, chest, wall = warm[48:56, 66:74].mean(), warm[105:115, 60:66].mean(), warm[20:60, 5:25].mean()
    assert face > chest + 20
    assert chest > wall + 40


@pytest.mark.parametrize("render", RENDERERS)
def test_views_differ(render):
    pictures = [render(PLAIN, Shot(view=view)) for view in VIEWS]
    for index, picture in enumerate(pictures):
        assert _changed_pixels(picture, pictures[index - 1]) > 300


@pytest.mark.parametrize("render", RENDERERS)
def test_different_shots_differ(render):
    rng = np.random.default_rng(8)
    pictures = [render(PLAIN, draw_shot(rng, camera_id=1)) for _ in range(6)]
    for index, picture in enumerate(pictures):
        assert _changed_pixels(picture, pictures[index - 1]) > 500


@pytest.mark.parametrize("occluder", ["pole", "railing", "bush", "passer-by"])
def test_an_occluder_hides_a_third_at_most(occluder):
    shares = []
    for seed in range(12):
        shot = Shot(view="front", seed=seed)
        hidden = _changed_pixels(render_rgb(PLAIN, shot), render_rgb(PLAIN, replace(shot, occluder=occluder)))
        shares.append(hidden / (280 * 140))
    assert max(shares) <= 1 / 3
    assert max(shares) > 0.01


def test_sketchers_leave_out_different_details():
    busy = replace(PLAIN, upper="shirt", glasses="glasses", outer="vest")
    first, second = (render_sketch(busy, Shot(seed=seed)) for seed in (1, 2))
    assert _changed_pixels(first, second) > 300


def test_a_dark_garment_is_hatched_more_densely():
    dark = render_sketch(replace(PLAIN, upper_colour="black"), Shot(seed=4))
    pale = render_sketch(replace(PLAIN, upper_colour="white"), Shot(seed=4))
    assert dark[80:140, 50:90].mean() < pale[80:140, 50:90].mean() - 30


def test_draw_shot_is_deterministic_and_a_camera_keeps_its_habits():
    first, again = (draw_shot(np.random.default_rng(4), camera_id=9) for _ in range(2))
    assert first == again
    rng = np.random.default_rng(6)
    shots = [draw_shot(rng, camera_id=9) for _ in range(60)]
    assert len({shot.white_balance for shot in shots}) == 1
    assert len({shot.scene for shot in shots}) == 2
    assert {shot.view for shot in shots} == set(VIEWS)
    assert draw_shot(np.random.default_rng(4), camera_id=10).white_balance != first.white_balance


def test_about_one_shot_in_seven_is_occluded_and_one_in_ten_is_bad():
    rng = np.random.default_rng(12)
    shots = [draw_shot(rng, camera_id=int(camera)) for camera in rng.integers(0, 20, 4000)]
    occluded = np.mean([shot.occluder != "none" for shot in shots])
    bad = np.mean([shot.coarseness > 1.5 for shot in shots])
    assert 0.13 < occluded < 0.17
    assert 0.08 < bad < 0.12
