from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossreid.synthesis.pedestrians.attributes import (
    SMALL_DETAILS,
    Pedestrian,
    choices,
    draw_look_alike,
    draw_pedestrian,
    hides_lower,
)

NAMES = [field.name for field in fields(Pedestrian)]
seeds = st.integers(0, 2**32)


def test_choices_are_the_values_of_the_annotation():
    assert choices("gender") == ("man", "woman")
    assert choices("long_sleeves") == (False, True)
    assert len(choices("upper_colour")) == 17


def test_garments_alone_have_a_billion_combinations_that_show():
    # Kinds x colours of tops (x sleeves), outer garments, lower garments, shoes and bags.
    assert 7 * 17 * 2 * 5 * 17 * 6 * 17 * 5 * 17 * 5 * 17 >= 10**9


def test_common_values_come_about_as_often_as_their_weights_say():
    rng = np.random.default_rng(0)
    bags = [draw_pedestrian(rng).bag for _ in range(4000)]
    assert bags.count("none") / 4000 == pytest.approx(4 / 14, abs=0.03)
    assert bags.count("suitcase") / 4000 == pytest.approx(1 / 14, abs=0.02)


def test_every_value_of_every_attribute_occurs():
    rng = np.random.default_rng(1)
    people = [draw_pedestrian(rng) for _ in range(4000)]
    for name in NAMES:
        assert {getattr(person, name) for person in people} == set(choices(name)), name


@given(seeds)
def test_people_are_dressed_plausibly(seed):
    person = draw_pedestrian(np.random.default_rng(seed))
    for name in NAMES:
        assert getattr(person, name) in choices(name)
    if person.gender == "man":
        assert person.upper != "dress"
        assert "skirt" not in person.lower
    else:
        assert person.beard == "none"
        assert person.neckwear != "tie"
    assert not (person.upper == "tank top" and person.long_sleeves)
    assert person.upper_colour != person.upper_second_colour
    assert person.lower_colour != person.lower_second_colour


@given(seeds)
def test_what_is_not_shown_has_one_value(seed):
    person = draw_pedestrian(np.random.default_rng(seed))
    for thing in ("headwear", "outer", "bag", "neckwear", "carried"):
        if getattr(person, thing) == "none":
            assert getattr(person, f"{thing}_colour") == "black"
    if person.outer in ("closed jacket", "long coat"):
        assert (person.upper_pattern, person.upper_print) == ("plain", "none")
        assert person.neckwear != "tie"
    if hides_lower(person):
        assert (person.lower, person.lower_colour) == ("shorts", "black")


def test_a_long_coat_hides_shorts_and_not_jeans():
    person = draw_pedestrian(np.random.default_rng(0))
    assert hides_lower(replace(person, outer="long coat", lower="shorts"))
    assert not hides_lower(replace(person, outer="long coat", lower="jeans"))
    assert not hides_lower(replace(person, outer="none", upper="shirt", lower="shorts"))


@given(seeds)
def test_look_alikes_differ_in_one_to_three_small_details(seed):
    rng = np.random.default_rng(seed)
    person = draw_pedestrian(rng)
    other = draw_look_alike(person, rng)
    different = {name for name in NAMES if getattr(person, name) != getattr(other, name)}
    assert different
    # A colour that goes with a thing put on or taken off is mended along with it.
    mended = {f"{thing}_colour" for thing in ("neckwear", "carried") if thing in different} | (
        {"upper_second_colour"} if "upper_print" in different else set()
    )
    assert different <= set(SMALL_DETAILS) | mended
    assert len(different - mended) <= 3
