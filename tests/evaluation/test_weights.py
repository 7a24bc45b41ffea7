import numpy as np
import pytest

from crossreid.core.embeddings import Embeddings
from crossreid.core.modality import Modality
from crossreid.evaluation import evaluate
from crossreid.evaluation.protocols import find_protocol
from crossreid.evaluation.weights import _loss, learn_weights, weights_of

ALL = find_protocol("all")


def crowd(*, spreads: dict[str, float], people: int = 40, seed: int = 0) -> Embeddings:
    """One encounter a person: a photograph, and evidence so far from the person's direction."""
    random = np.random.default_rng(seed)
    rows = [(person, kind) for person in range(people) for kind in ("rgb", *spreads)]
    centres = random.normal(size=(people, 12))
    spread = {"rgb": 0.3} | spreads
    return Embeddings(
        vectors=np.stack([centres[person] + spread[kind] * random.normal(size=12) for person, kind in rows]),
        modalities=np.array([kind for _, kind in rows]),
        person_ids=np.array([person for person, _ in rows]),
        camera_ids=np.full(len(rows), -1),
        source_ids=np.array([str(person) for person, _ in rows]),
        item_ids=np.array([f"{person}-{kind}" for person, kind in rows]),
        fingerprint="model",
    )


def test_the_slope_is_that_of_the_loss() -> None:
    random = np.random.default_rng(0)
    cosines = random.uniform(-1, 1, size=(5, 7, 3))
    right = np.zeros((5, 7), dtype=bool)
    right[np.arange(5), np.arange(5)] = right[0, 6] = True
    kept = np.ones((5, 7), dtype=bool)
    kept[1, 3] = False
    logs = np.array([0.5, 1.0, -0.3])
    _, slope, bend = _loss(logs, cosines, right, kept)
    for place in range(3):
        step = np.eye(3)[place] * 1e-5
        ends = [_loss(logs + sign * step, cosines, right, kept)[0] for sign in (1, -1)]
        assert slope[place] == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-5)
    assert np.linalg.eigvalsh(bend).min() > 0


def test_an_even_choice_costs_its_logarithm() -> None:
    cosines, right = np.zeros((1, 8, 1)), np.arange(8)[None] < 2
    kept = np.arange(8)[None] < 4
    loss, *_ = _loss(np.log([20.0]), cosines, right, kept)
    assert loss == pytest.approx(np.log(4))


def test_noise_hardly_counts() -> None:
    people = crowd(spreads={"ir": 50.0, "sketch": 1.0})
    weights = learn_weights(people.of("ir", "sketch"), people.of("rgb"), rule=ALL)
    assert list(weights) == [Modality.IR, Modality.SKETCH]
    assert np.mean(list(weights.values())) == pytest.approx(1)
    assert weights[Modality.SKETCH] > 5 * weights[Modality.IR]


def test_learnt_weights_find_other_people_better() -> None:
    spreads = {"ir": 3.0, "sketch": 0.8}
    people, others = crowd(spreads=spreads), crowd(spreads=spreads, people=80, seed=1)
    weights = learn_weights(people.of("ir", "sketch"), people.of("rgb"), rule=ALL)
    plain = evaluate(others, tasks=["IR+S->R"], protocol="all").row("IR+S->R")
    weighted = evaluate(others, tasks=["IR+S->R", "S->R"], protocol="all", weights=weights)
    assert weighted.row("IR+S->R").mean_ap > plain.mean_ap + 2
    assert weighted.row("IR+S->R").weights == {str(kind): weight for kind, weight in weights.items()}
    assert weighted.row("S->R").weights == {}
    assert any(note.startswith("Weights: ir 0.") for note in weighted.notes)


def test_kinds_that_are_the_same_count_the_same() -> None:
    people = crowd(spreads={"ir": 1.0, "sketch": 1.0})
    vectors = people.vectors.copy()
    vectors[people.modalities == "ir"] = vectors[people.modalities == "sketch"]
    twins = Embeddings(
        **{
            name: getattr(people, name)
            for name in ("modalities", "person_ids", "camera_ids", "source_ids", "item_ids", "fingerprint")
        },
        vectors=vectors,
    )
    weights = learn_weights(twins.of("ir", "sketch"), twins.of("rgb"), rule=ALL)
    assert weights[Modality.IR] == pytest.approx(1, abs=1e-3)


def test_perfect_evidence_gives_finite_weights(people: Embeddings) -> None:
    weights = learn_weights(people, people.of("rgb"), rule=ALL)
    assert list(weights) == list(Modality)
    assert all(0 < weight < 4 for weight in weights.values())


@pytest.mark.parametrize("kinds", [("ir",), ("ir", "sketch")])
def test_without_common_encounters_all_count_the_same(people: Embeddings, kinds: tuple[str, ...]) -> None:
    apart = people.of(*kinds).select(
        [row for row, kind in enumerate(people.of(*kinds).modalities) if (kind == "ir") == (row < 4)]
    )
    assert set(learn_weights(apart, people.of("rgb"), rule=ALL).values()) == {1.0}


def test_the_weight_of_each_piece() -> None:
    kinds = np.array(["text", "ir", "text"])
    assert weights_of(kinds, {Modality.IR: 0.5, Modality.TEXT: 2.0}) == [2, 0.5, 2]
    assert weights_of(kinds, {Modality.TEXT: 2.0}) == weights_of(kinds, None) == [1, 1, 1]
