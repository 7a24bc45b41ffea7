import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from crossreid.evaluation.trials import draw_gallery


def test_one_item_of_each_person_and_camera():
    people, cameras = np.array([1, 1, 1, 2, 2]), np.array([0, 0, 1, 0, 0])
    drawn = {
        tuple(draw_gallery(people, cameras, shots=1, random=np.random.default_rng(seed)).tolist())
        for seed in range(50)
    }
    assert drawn == {(0, 2, 3), (0, 2, 4), (1, 2, 3), (1, 2, 4)}


@given(
    st.lists(st.tuples(st.integers(-1, 2), st.integers(-1, 2)), min_size=1, max_size=40), st.integers(1, 3)
)
def test_every_pair_gives_as_many_as_it_can(pairs, shots):
    people, cameras = np.array(pairs).T
    drawn = draw_gallery(people, cameras, shots=shots, random=np.random.default_rng(0))
    assert (np.diff(drawn) > 0).all()
    kept = [pairs[item] for item in drawn]
    assert {pair: kept.count(pair) for pair in pairs} == {
        pair: min(shots, pairs.count(pair)) for pair in pairs
    }
