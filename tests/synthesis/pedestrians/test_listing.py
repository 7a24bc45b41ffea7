from dataclasses import fields, replace
from typing import get_args

import numpy as np
import pytest

from crossreid.synthesis.pedestrians.attributes import Pedestrian, choices, draw_pedestrian, hides_lower
from crossreid.synthesis.pedestrians.listing import HIDDEN, list_attributes
from crossreid.synthesis.pedestrians.shot import View

PLAIN = Pedestrian(
    gender="woman",
    age="young",
    height="tall",
    weight="slim",
    skin_tone="tan",
    hair_style="bun",
    hair_colour="red",
    beard="none",
    glasses="glasses",
    headwear="cap",
    headwear_colour="pink",
    upper="shirt",
    long_sleeves=True,
    upper_colour="blue",
    upper_second_colour="white",
    upper_pattern="checks",
    upper_print="star",
    outer="none",
    outer_colour="black",
    lower="jeans",
    lower_colour="navy",
    lower_second_colour="grey",
    lower_pattern="plain",
    shoes="sandals",
    shoe_colour="brown",
    bag="handbag",
    bag_colour="olive",
    neckwear="scarf",
    neckwear_colour="teal",
    carried="none",
    carried_colour="black",
    gait="striding",
    arms="swinging",
    right_handed=True,
)


def test_a_person_from_the_front() -> None:
    assert list_attributes(PLAIN, "front") == (
        "none; blue shirt, long sleeves, checks white, star; navy jeans; brown sandals; olive handbag; pink cap; "
        "red bun; none; teal scarf; glasses, none; woman, young, tall, slim, tan; striding, swinging, front."
    )


def test_from_behind_the_face_the_neck_and_the_print_are_hidden() -> None:
    assert list_attributes(PLAIN, "back") == (
        "none; blue shirt, long sleeves, checks white, hidden; navy jeans; brown sandals; olive handbag; pink cap; "
        "red bun; none; hidden; hidden; woman, young, tall, slim, tan; striding, swinging, back."
    )


@pytest.mark.parametrize("outer", ["closed jacket", "long coat"])
def test_a_closed_garment_hides_what_is_under_it(outer: str) -> None:
    covered = replace(PLAIN, outer=outer, outer_colour="beige")
    parts = list_attributes(covered, "left").split("; ")
    assert parts[:3] == [f"beige {outer}", HIDDEN, "navy jeans"]


def test_a_dress_hides_shorts() -> None:
    dressed = replace(PLAIN, upper="dress", lower="shorts")
    assert hides_lower(dressed)
    assert list_attributes(dressed, "right").split("; ")[2] == HIDDEN


def test_the_list_always_has_the_same_parts() -> None:
    rng = np.random.default_rng(1)
    for number in range(200):
        view = get_args(View)[number % 4]
        text = list_attributes(draw_pedestrian(rng), view)
        assert text.endswith(f", {view}.")
        assert len(text.split("; ")) == 12


@pytest.mark.parametrize(
    "attribute", [field.name for field in fields(Pedestrian) if field.name != "right_handed"]
)
def test_every_value_is_said(attribute: str) -> None:
    said = {
        list_attributes(_wearing(attribute, replace(PLAIN, **{attribute: value})), "front")
        for value in choices(attribute)
    }
    assert len(said) == len(choices(attribute))


def _wearing(attribute: str, person: Pedestrian) -> Pedestrian:
    """With the thing whose colour is looked at."""
    worn = {
        "outer_colour": {"outer": "vest"},
        "carried_colour": {"carried": "cup"},
        "lower_second_colour": {"lower_pattern": "checks"},
    }
    return replace(person, **worn.get(attribute, {}))
