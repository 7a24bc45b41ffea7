import re
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossreid.synthesis.pedestrians import words
from crossreid.synthesis.pedestrians.attributes import (
    Colour,
    Pedestrian,
    choices,
    draw_pedestrian,
)
from crossreid.synthesis.pedestrians.captions import write_caption

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


def captions(person, view, count=400):
    rng = np.random.default_rng(0)
    return [write_caption(person, view, rng) for _ in range(count)]


def share(texts, pattern):
    return sum(bool(re.search(pattern, text)) for text in texts) / len(texts)


@given(seeds, views)
def test_captions_are_well_formed(seed, view):
    rng = np.random.default_rng(seed)
    text = write_caption(draw_pedestrian(rng), view, rng)
    assert text == text.strip()
    assert text[0].isupper()
    assert text.endswith(".")
    assert 1 <= text.count(".") <= 3
    assert re.fullmatch(r"[A-Za-z,. -]+", text), text
    assert not re.search(r"  | [,.]|,,|\.\.", text)
    assert not re.search(r"\b[Aa] (?=[aeiou])|\b[Aa]n (?![aeiou])", text)
    assert not re.search(r"\b(\w+) \1\b", text)
    assert not re.search(
        r"\ba (\S+ )?(trousers|jeans|shorts|leggings|trainers|sneakers|sandals|boots)\b", text
    )


@given(seeds, views)
def test_captions_are_as_long_as_a_witness_talks(seed, view):
    rng = np.random.default_rng(seed)
    assert 10 <= len(write_caption(draw_pedestrian(rng), view, rng).split()) <= 45


@given(seeds, views)
def test_the_same_state_gives_the_same_words(seed, view):
    person = draw_pedestrian(np.random.default_rng(seed))
    texts = {write_caption(person, view, np.random.default_rng(seed)) for _ in range(2)}
    assert len(texts) == 1


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
    text = write_caption(person, "back", rng)
    assert not re.search(
        r"\b(chest|front|star|tie|necktie|beard|facial|glasses|sunglasses|spectacles)\b", text
    )


def test_print_and_tie_and_face_are_told_from_the_front():
    person = replace(PLAIN, upper_print="star", glasses="sunglasses", beard="beard", neckwear="tie")
    texts = captions(person, "front")
    for told in ("star", "tie", "beard|facial hair", "glasses"):
        assert 0.3 < share(texts, told) < 0.9, told


def test_a_number_is_on_the_back_too():
    texts = captions(replace(PLAIN, upper_print="number"), "back")
    assert 0.4 < share(texts, "number on the back") < 0.9


@pytest.mark.parametrize(("view", "low", "high"), [("front", 0.7, 1.0), ("back", 0.0, 0.0)])
def test_the_shirt_below_an_open_jacket_is_seen_from_the_front(view, low, high):
    texts = captions(replace(PLAIN, outer="open jacket"), view)
    assert low <= share(texts, "shirt|top") <= high


def test_main_garments_are_nearly_always_told_and_rightly():
    texts = captions(PLAIN, "front", 2000)
    assert 0.85 < share(texts, "red.* (shirt|top)") < 0.97
    assert 0.85 < share(texts, "(grey|gray).* (trousers|pants|slacks)") < 0.97


def test_few_captions_hold_a_mistake():
    texts = captions(PLAIN, "front", 4000)
    top = r"(orange|bright orange|maroon|dark red|burgundy) (button-up |collared )?(shirt|top)"
    rest = r"(black|white) (trousers|pants|slacks)|(navy|blue|grey|gray) sandals"
    wrong = share(texts, f"{top}|{rest}")
    assert 0.01 < wrong < 0.05


def test_the_side_is_the_persons_own():
    right = captions(replace(PLAIN, bag="handbag"), "right")
    left = captions(replace(PLAIN, bag="handbag", right_handed=False), "left")
    assert share(right, "right hand") > 10 * share(right, "left hand") >= 0
    assert share(left, "left hand") > 10 * share(left, "right hand") >= 0


def test_a_garment_that_is_covered_is_not_told():
    dressed = replace(PLAIN, gender="woman", upper="dress", lower="shorts")
    assert share(captions(dressed, "front"), r"\bshorts\b") == 0.0
    assert share(captions(dressed, "front"), "bare legs") > 0.1


def test_captions_tell_people_apart_in_varied_but_few_words():
    rng = np.random.default_rng(7)
    texts = [write_caption(draw_pedestrian(rng), VIEWS[i % 4], rng) for i in range(3000)]
    assert len(set(texts)) == 3000
    assert 200 < len({word for text in texts for word in re.findall(r"[a-z-]+", text.lower())}) < 400
    assert 25 < np.mean([len(text.split()) for text in texts]) < 36
    assert len(set(captions(PLAIN, "front", 300))) > 250


def test_every_colour_has_words_and_two_neighbours():
    assert set(words.COLOURS) == set(words.NEIGHBOURS) == set(get_args(Colour))
    assert all(
        len(near) == 2 and {*near} <= {*words.COLOURS} - {own} for own, near in words.NEIGHBOURS.items()
    )


@pytest.mark.parametrize(
    ("table", "attribute"),
    [
        (words.AGES, "age"), (words.SKIN, "skin_tone"), (words.HAIR, "hair_style"),
        (words.HAIR_COLOURS, "hair_colour"), (words.GLASSES, "glasses"), (words.HEADWEAR, "headwear"),
        (words.UPPERS, "upper"), (words.PRINTS, "upper_print"), (words.PATTERNS, "upper_pattern"),
        (words.OUTERS, "outer"), (words.LOWERS, "lower"), (words.LOWER_PATTERNS, "lower_pattern"),
        (words.SHOES, "shoes"), (words.BAGS, "bag"), (words.BAG_PLACES, "bag"), (words.CARRIED, "carried"),
        (words.NECKWEAR, "neckwear"), (words.GAITS, "gait"), (words.ARMS, "arms"),
    ],
)  # fmt: skip
def test_every_value_has_words(table, attribute):
    assert set(table) == set(choices(attribute)) - {"none", "plain"}
