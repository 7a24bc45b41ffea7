from dataclasses import replace

import numpy as np
import pytest

from crossreid.evaluation.evidence import join_evidence


def test_two_pieces_by_hand(people):
    sketches, words = people.of("sketch").select([0, 2]), people.of("text").select([2, 0])
    # Person 1's and person 0's first encounters, the words turned to the fourth axis.
    words = replace(words, vectors=np.array([[0, 0, 0, 2, 0], [0, 0, 0, 2, 0]]))
    joined = join_evidence([sketches, words])
    np.testing.assert_allclose(joined.vectors[0], np.array([1, 0, 0, 1, 0]) / 2**0.5, rtol=1e-6)
    assert joined.item_ids.tolist() == ["0-0-sketch", "1-0-sketch"]
    assert joined.person_ids.tolist() == [0, 1]


def test_the_most_numerous_kind_sets_the_number_and_others_take_turns(people):
    sketches, words = people.of("sketch").select([0]), people.of("text").select([0, 0, 0])
    captions = replace(words, item_ids=np.array(["a", "b", "c"]))
    assert join_evidence([captions, sketches]).item_ids.tolist() == ["a", "b", "c"]
    assert join_evidence([sketches, captions]).item_ids.tolist() == ["0-0-sketch"] * 3


@pytest.mark.parametrize("change", [{"source_ids": np.full(8, "")}, {"person_ids": np.arange(8) + 9}])
def test_pieces_without_a_common_encounter_give_no_query(people, change):
    assert len(join_evidence([people.of("ir"), replace(people.of("text"), **change)])) == 0
