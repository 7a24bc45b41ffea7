import re
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossreid.synthesis.pedestrians.attributes import Colour, Pedestrian, choices, draw_pedestrian
from crossreid.synthesis.pedestrians.captions import write_caption
from crossreid.synthesis.pedestrians.site import vocabulary as words
from crossreid.synthesis.pedestrians.site.notes import write_note

VIEWS = ("front", "back", "left", "right")
seeds, views = st.integers(0, 2**32), st.sampled_from(VIEWS)

PLAIN = Pedestrian(
    gender="man", age="young", height="average", weight="average", skin_tone="light",
    hair_style="short", hair_colour="brown", beard="none", glasses="none", headwear="none",
    headwear_colour="black", upper="shirt", long_sleeves=True, upper_colour="red", upper_second_colour="white",
    upper_pattern="plain", upper_print="none", outer="none", outer_colour="black",
    lower="trousers", lower_colour="grey", lower_second_colour="white", lower_pattern="plain",
    shoes="sandals", shoe_colour="black", bag="none", bag_colour="black", neckwear="none",
    neckwear_colour="black", carried="none", carried_colour="black", gait="strolling", arms="hanging",
    right_handed=True,
)  # fmt: skip


def notes(person: Pedestrian, view: str, count: int = 400) -> list[str]:
    rng = np.random.default_rng(0)
    return [write_note(person, view, rng) for _ in range(count)]


def share(texts: list[str], pattern: str) -> float:
    return sum(bool(re.search(pattern, text)) for text in texts) / len(texts)


def colour(name: str) -> str:
    return "|".join(map(re.escape, words.COLOURS[name]))


@given(seeds, views)
def test_the_same_state_gives_the_same_words(seed, view):
    person = draw_pedestrian(np.random.default_rng(seed))
    first, again = (write_note(person, view, np.random.default_rng(seed)) for _ in range(2))
    assert first == again
    assert first == first.strip()
    assert 3 <= len(first.split()) <= 60
    assert not re.search(r"[{}]|  |None", first)


@pytest.mark.parametrize("name", get_args(Colour))
def test_a_garments_colour_is_nearly_always_told(name):
    texts = notes(replace(PLAIN, upper_colour=name), "front")
    assert share(texts, f"({colour(name)}) (shirt|button shirt|collar shirt)") > 0.7


def test_words_of_the_first_writer_are_common_but_not_the_rule():
    rng = np.random.default_rng(5)
    people = [draw_pedestrian(rng) for _ in range(300)]
    first = {
        word
        for person in people
        for word in re.findall(r"[a-z]+", write_caption(person, "front", rng).lower())
    }
    told = [re.findall(r"[a-z]+", write_note(person, "front", rng).lower()) for person in people]
    known = np.mean([np.mean([word in first for word in text]) for text in told])
    assert 0.4 < known < 0.75
    assert np.mean([len(text) for text in told]) < 24


def test_a_third_of_the_notes_are_sentences():
    texts = notes(PLAIN, "front", 1000)
    assert share(texts, r"^(Cam|No|The|St|On)\w+ .*\.$") == pytest.approx(0.35, abs=0.06)


def test_some_colours_are_wrong_and_some_words_misspelt():
    texts = notes(PLAIN, "front", 2000)
    wrong = share(texts, f"({colour('orange')}) (shirt|button shirt|collar shirt)")
    assert 0.01 < wrong < 0.08
    # A fifth of the notes have a slip, one in ten of those in this word.
    assert 0.01 < 1.0 - share(texts, "shirt") < 0.05


@given(seeds)
def test_nothing_on_the_chest_or_face_is_told_from_the_back(seed):
    rng = np.random.default_rng(seed)
    person = replace(
        draw_pedestrian(rng),
        upper_print="star",
        glasses="sunglasses",
        beard="beard",
        neckwear="tie",
        gender="man",
    )
    text = write_note(person, "back", rng)
    assert not re.search(r"\b(star|tie|beard|bearded|whiskers|shades|sunnies)\b", text)


def test_a_bag_is_on_the_persons_own_side():
    right = notes(replace(PLAIN, bag="handbag"), "right", 1000)
    left = notes(replace(PLAIN, bag="handbag", right_handed=False), "left", 1000)
    assert share(right, "R side|on rt") > 8 * share(right, "L side|on left")
    assert share(left, "L side|on left") > 8 * share(left, "R side|on rt")


@pytest.mark.parametrize(
    ("table", "attribute"),
    [
        (words.AGES, "age"), (words.HEIGHTS, "height"), (words.WEIGHTS, "weight"), (words.SKINS, "skin_tone"),
        (words.HAIR, "hair_style"), (words.HAIR_COLOURS, "hair_colour"), (words.GLASSES, "glasses"),
        (words.HEADWEAR, "headwear"), (words.UPPERS, "upper"), (words.PRINTS, "upper_print"),
        (words.PATTERNS, "upper_pattern"), (words.OUTERS, "outer"), (words.LOWERS, "lower"),
        (words.LOWER_PATTERNS, "lower_pattern"), (words.SHOES, "shoes"), (words.BAGS, "bag"),
        (words.CARRIED, "carried"), (words.NECKWEAR, "neckwear"), (words.GAITS, "gait"),
        (words.GENDERS, "gender"), (words.COLOURS, "upper_colour"), (words.CONFUSED, "upper_colour"),
    ],
)  # fmt: skip
def test_every_value_has_words(table, attribute):
    assert set(table) == set(choices(attribute)) - {"none", "plain"}
