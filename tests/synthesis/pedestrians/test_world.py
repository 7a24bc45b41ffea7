from collections import Counter
from dataclasses import astuple
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossreid.core.errors import ConfigurationError
from crossreid.synthesis.pedestrians.attributes import Pedestrian, choices, draw_pedestrian
from crossreid.synthesis.pedestrians.world import CAMERAS, SPLITS, World, split_of

seeds = st.integers(0, 2**40)


@given(seeds, st.sampled_from(SPLITS), st.integers(0, 10**6))
def test_a_person_of_a_split_hashes_into_it_in_every_world(seed, split, index):
    # split_of is a function of the attributes alone, so no world can have the person in another split.
    assert split_of(World(seed).person(split, index)) == split


def test_the_split_of_a_person_does_not_change_between_versions():
    # blake2b of "man|young|...": were it another, people of the tests could have been in the pretraining.
    attributes = [choices(name)[0] for name in Pedestrian.__dataclass_fields__]
    assert split_of(Pedestrian(*attributes)) == "test"  # type: ignore[arg-type]


def test_splits_have_their_shares_of_all_people():
    people = [draw_pedestrian(np.random.default_rng(seed)) for seed in range(2000)]
    shares = Counter(map(split_of, people))
    for split, percent in zip(SPLITS, (60, 25, 5, 5, 5), strict=True):
        assert shares[split] / 20 == pytest.approx(percent, abs=2.5)


@settings(max_examples=20)
@given(seeds, st.sampled_from(SPLITS), st.integers(0, 1000), st.integers(0, 20))
def test_the_same_numbers_give_the_same_encounter_in_any_order(seed, split, person, group):
    first = World(seed).group(split, person, group)
    World(seed).group(split, person + 1, group)
    assert World(seed).group(split, person, group) == first
    assert first.person == World(seed).person(split, person)
    assert (first.person_index, first.group_index, first.shot.camera_id) == (person, group, first.camera_id)


def test_worlds_of_other_seeds_have_other_people():
    ours, theirs = World(1), World(2)
    assert not {ours.person("train", i) for i in range(50)} & {theirs.person("train", i) for i in range(50)}


@pytest.mark.parametrize(
    ("seed", "split", "count"),
    [(1, "train", 1000), pytest.param(0, "pretrain", 20_000, marks=pytest.mark.slow)],
)
def test_nobody_comes_twice(seed, split, count):
    world = World(seed)
    assert len({world.person(split, index) for index in range(count)}) == count


def test_one_in_twenty_looks_like_the_one_before():
    world = World(3)
    people = [astuple(world.person("train", index)) for index in range(1000)]
    differences = [sum(a != b for a, b in zip(*pair, strict=True)) for pair in pairwise(people)]
    # Three details, each of which may take a colour along, against some 20 of 34 between strangers.
    alike = [index + 1 for index, count in enumerate(differences) if count <= 6]
    assert len(alike) / 1000 == pytest.approx(0.05, abs=0.015)
    assert all(index % 2 == 1 for index in alike)


def test_encounters_of_a_person_use_different_cameras():
    world = World(0)
    seen = [
        {world.group("train", person, group).camera_id for group in range(CAMERAS)} for person in range(50)
    ]
    assert set().union(*seen) == set(range(CAMERAS))
    # Six cameras drawn at random would show 3.99 different ones.
    assert np.mean([len(cameras) for cameras in seen]) > 4.6
    favourites = Counter(world.group("train", person, 0).camera_id for person in range(100))
    assert len(favourites) == CAMERAS


def test_pictures_are_of_the_contracted_shape():
    group = World(0).group("demo", 0, 0)
    for picture in (group.rgb(), group.infrared(), group.sketch()):
        assert (picture.shape, picture.dtype) == ((280, 140, 3), np.uint8)
    assert group.rgb(height=112, width=56).shape == (112, 56, 3)


def test_impossible_requests_are_refused():
    with pytest.raises(ConfigurationError, match="seed -1"):
        World(-1)
    with pytest.raises(ConfigurationError, match="index -2"):
        World(0).person("train", -2)
