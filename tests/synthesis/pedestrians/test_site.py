import json
from dataclasses import astuple, fields, replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from crossreid.data import load_dataset
from crossreid.synthesis.pedestrians.attributes import Pedestrian, choices, draw_pedestrian
from crossreid.synthesis.pedestrians.dataset import write_world
from crossreid.synthesis.pedestrians.palette import luminance
from crossreid.synthesis.pedestrians.shot import Shot
from crossreid.synthesis.pedestrians.site.palette import DYES, SKIN, near_infrared
from crossreid.synthesis.pedestrians.site.projection import HAND, lens_of
from crossreid.synthesis.pedestrians.site.rendering import render_charcoal, render_near_infrared, render_photo
from crossreid.synthesis.pedestrians.world import CAMERAS, SPLITS, World, split_of

RENDERERS = (render_photo, render_near_infrared, render_charcoal)
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
# Shapes and patterns that near infrared and a drawing have to show, without any colour.
OUTLINES = (
    "hair_style",
    "headwear",
    "upper_pattern",
    "outer",
    "lower",
    "bag",
    "carried",
    "neckwear",
    "weight",
)


def _changed_pixels(first: np.ndarray, second: np.ndarray, *, by: int = 12) -> int:
    return int((np.abs(first.astype(int) - second.astype(int)).max(axis=2) > by).sum())


def _neighbours(names: tuple[str, ...]) -> list[tuple[str, str | bool, str | bool]]:
    """Every value of the attributes beside its neighbour in the declared order."""
    return [
        (name, value, choices(name)[index - 1]) for name in names for index, value in enumerate(choices(name))
    ]


def _is_seen(render, name: str, value: str | bool, neighbour: str | bool, *, least: int) -> bool:
    """Whether at least so many pixels differ from some side."""
    person = replace(PLAIN, **CONTEXT.get(name, {}))
    first, second = replace(person, **{name: value}), replace(person, **{name: neighbour})
    return any(
        _changed_pixels(render(first, Shot(view=view)), render(second, Shot(view=view))) >= least
        for view in VIEWS
    )


@pytest.mark.parametrize(
    ("attribute", "value", "neighbour"), _neighbours(tuple(field.name for field in fields(Pedestrian)))
)
def test_every_attribute_is_seen_from_some_side(attribute, value, neighbour):
    assert _is_seen(render_photo, attribute, value, neighbour, least=25)


@pytest.mark.parametrize(("attribute", "value", "neighbour"), _neighbours(OUTLINES))
def test_shapes_and_patterns_are_seen_without_colour(attribute, value, neighbour):
    assert _is_seen(render_near_infrared, attribute, value, neighbour, least=60)
    assert _is_seen(render_charcoal, attribute, value, neighbour, least=60)


def test_the_site_has_the_same_people_in_other_encounters():
    day, site = World(4), World(4, "site")
    for person in range(10):
        first, second = day.group("train", person, 0), site.group("train", person, 0)
        assert first.person == second.person
        assert first.caption != second.caption
        assert astuple(first.shot) != astuple(second.shot)
    groups = [site.group("train", person, number) for person in range(40) for number in range(2)]
    assert {group.camera_id for group in groups} == set(range(CAMERAS))
    assert {group.shot.view for group in groups} == set(VIEWS)
    assert all(group.shot.camera_id == group.camera_id for group in groups)


def test_people_of_the_site_are_of_one_split():
    site = World(9, "site")
    people = {split: {site.person(split, index) for index in range(60)} for split in SPLITS}
    assert all(split_of(person) == split for split, members in people.items() for person in members)
    assert len(set.union(*people.values())) == 60 * len(SPLITS)


@pytest.mark.parametrize("kind", ["rgb", "infrared", "sketch"])
def test_the_same_numbers_give_the_same_pixels_in_any_order(kind):
    def picture(person: int) -> np.ndarray:
        return getattr(World(2, "site").group("demo", person, 1), kind)(height=168, width=84)

    forwards = [picture(person) for person in range(5)]
    backwards = [picture(person) for person in reversed(range(5))][::-1]
    for first, again in zip(forwards, backwards, strict=True):
        np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize("kind", ["rgb", "infrared", "sketch"])
def test_the_site_looks_like_another_place(kind):
    for person in range(6):
        by_day, at_site = (
            getattr(World(6, style).group("train", person, 0), kind)() for style in ("day", "site")
        )
        assert at_site.shape == by_day.shape == (280, 140, 3)
        assert at_site.dtype == np.uint8
        assert np.abs(by_day.astype(int) - at_site).mean() > 15


@pytest.mark.parametrize("render", RENDERERS)
@pytest.mark.parametrize(("height", "width"), [(280, 140), (112, 56), (256, 128), (400, 200)])
def test_pictures_have_the_size_that_was_asked_for(render, height, width):
    picture = render(PLAIN, World(1, "site").group("test", 0, 0).shot, height=height, width=width)
    assert picture.shape == (height, width, 3)
    assert picture.dtype == np.uint8
    # The same picture, smaller: not another one.
    large = cv2.resize(render(PLAIN, Shot()), (width, height), interpolation=cv2.INTER_AREA)
    small = render(PLAIN, Shot(), height=height, width=width)
    assert np.corrcoef(large.ravel(), small.ravel())[0, 1] > 0.8


def test_near_infrared_has_no_colour():
    for person in range(6):
        picture = World(8, "site").group("train", person, 0).infrared()
        np.testing.assert_array_equal(picture[..., 0], picture[..., 1])
        np.testing.assert_array_equal(picture[..., 0], picture[..., 2])


def test_dyes_are_nearly_transparent_in_near_infrared():
    black, white = DYES["black"], DYES["white"]
    assert luminance(white) - luminance(black) == pytest.approx(0.666, abs=0.01)
    for cloth, most in (("cotton", 0.40), ("denim", 0.40), ("wool", 0.50), ("coated", 0.60)):
        seen = near_infrared(cloth, white) - near_infrared(cloth, black)
        assert abs(seen) < most, cloth
    # Black cotton is paler than white leather is dark, and all skins are alike and pale.
    assert near_infrared("cotton", black) > 0.4
    skins = [near_infrared("skin", colour) for colour in SKIN.values()]
    assert min(skins) > 0.6
    assert max(skins) - min(skins) < 0.12


def test_a_black_and_a_white_shirt_are_nearer_in_near_infrared_than_in_the_photo():
    black, white = (replace(PLAIN, upper_colour=colour, long_sleeves=True) for colour in ("black", "white"))
    chest = slice(95, 125), slice(55, 85)
    photo = [render_photo(person, Shot())[chest].mean() for person in (black, white)]
    night = [render_near_infrared(person, Shot())[chest].mean() for person in (black, white)]
    assert photo[1] - photo[0] > 70
    assert abs(night[1] - night[0]) < 0.6 * (photo[1] - photo[0])


def test_a_garment_reflects_the_same_at_every_encounter_and_another_cloth_does_not():
    assert near_infrared("cotton", DYES["red"]) == near_infrared("cotton", DYES["red"])
    assert len({near_infrared(cloth, DYES["red"]) for cloth in ("cotton", "wool", "coated", "leather")}) == 4


def test_the_camera_looks_down_and_who_draws_does_not():
    tilts = [lens_of(camera, spot).tilt for camera in range(CAMERAS) for spot in range(4)]
    assert np.rad2deg(min(tilts)) > 25
    assert np.rad2deg(HAND.tilt) < 20
    # A head is 1.7 m up and a foot on the ground: from above the near one looks larger.
    lens = lens_of(0, 0)
    head = lens.see(np.array([[-0.1, 0.0, 1.7], [0.1, 0.0, 1.7]]))
    foot = lens.see(np.array([[-0.1, 0.0, 0.0], [0.1, 0.0, 0.0]]))
    assert np.ptp(head[:, 0]) > 1.25 * np.ptp(foot[:, 0])


def test_what_the_lens_sees_of_the_floor_is_where_the_floor_is():
    lens = lens_of(3, 1)
    floor = np.array([[0.0, 0.0, 0.0], [0.3, 0.2, 0.0], [-0.4, -0.6, 0.0]])
    right, towards = lens.meet_floor(lens.see(floor))
    np.testing.assert_allclose(right, floor[:, 0], atol=0.01)
    np.testing.assert_allclose(towards, floor[:, 1], atol=0.01)


def test_a_dark_garment_gets_more_charcoal():
    dark, pale = (
        render_charcoal(replace(PLAIN, upper_colour=colour), Shot()) for colour in ("black", "white")
    )
    assert dark[90:130, 55:85].mean() < pale[90:130, 55:85].mean() - 40


def test_hands_leave_out_different_details_and_tremble():
    first, second = (render_charcoal(PLAIN, Shot(seed=seed)) for seed in (1, 2))
    assert _changed_pixels(first, second) > 500


def test_a_site_on_disk_is_read_like_any_data_set(tmp_path: Path):
    write_world(
        tmp_path / "site",
        seed=3,
        people={"demo": 2},
        groups_per_person=2,
        style="site",
        workers=1,
        progress=False,
    )
    assert json.loads((tmp_path / "site" / "world.json").read_text())["style"] == "site"
    found = load_dataset("pedestrians", tmp_path / "site", split="demo")
    assert len(found) == 2 * 2 * 4
    groups = [World(3, "site").group("demo", person, number) for person in range(2) for number in range(2)]
    assert [sample.caption for sample in found.of("text").samples] == [group.caption for group in groups]
    write_world(
        tmp_path / "again",
        seed=3,
        people={"demo": 2},
        groups_per_person=2,
        style="site",
        workers=2,
        progress=False,
    )
    for path in (tmp_path / "site").rglob("*.*"):
        assert (tmp_path / "again" / path.relative_to(tmp_path / "site")).read_bytes() == path.read_bytes()


def test_cloth_of_two_colours_shows_its_pattern_in_near_infrared():
    rng = np.random.default_rng(3)
    for _ in range(12):
        person = replace(draw_pedestrian(rng), upper_pattern="horizontal stripes", outer="none", bag="none")
        striped = render_near_infrared(person, Shot(view="back"))
        plain = render_near_infrared(replace(person, upper_pattern="plain"), Shot(view="back"))
        assert _changed_pixels(striped, plain, by=6) > 150
