import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from crossreid.analysis.errors_by_attribute import errors_by_attribute
from crossreid.analysis.truth import Truth, read_truth
from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import DataError
from crossreid.evaluation.protocols import find_protocol
from crossreid.evaluation.tasks import RetrievalTask
from crossreid.synthesis.pedestrians.world import World

WORLD = World(0)
PEOPLE = 12
TASK = RetrievalTask.parse("S->R")


@pytest.fixture(scope="module")
def truth() -> dict[str, Truth]:
    """Two encounters of each person; those of an even number carry a backpack, the others nothing."""
    known = {}
    for person in range(PEOPLE):
        for group in range(2):
            met = WORLD.group("test", person, group)
            bag = "none" if person % 2 else "backpack"
            worn = replace(met.person, bag=bag, skin_tone="light", gender="man" if person < 6 else "woman")
            known[f"{person}-{group}"] = Truth(worn, met.shot)
    return known


@pytest.fixture
def crowd() -> Embeddings:
    """A photograph and a sketch of each encounter, on the person's own axis."""
    rows = [(p, g, kind) for p in range(PEOPLE) for g in range(2) for kind in ("rgb", "sketch")]
    return Embeddings(
        vectors=np.array([np.eye(PEOPLE)[person] for person, *_ in rows]),
        modalities=np.array([kind for *_, kind in rows]),
        person_ids=np.array([person for person, *_ in rows]),
        camera_ids=np.full(len(rows), -1),
        source_ids=np.array([f"{person}-{group}" for person, group, _ in rows]),
        item_ids=np.arange(len(rows)).astype(np.str_),
        fingerprint="model",
    )


def report(crowd: Embeddings, truth: dict[str, Truth], protocol: str = "source-excluded"):
    return errors_by_attribute(TASK, find_protocol(protocol), crowd.of("sketch"), crowd.of("rgb"), truth)


def test_perfect_searches_have_no_errors(crowd: Embeddings, truth: dict[str, Truth]) -> None:
    found = report(crowd, truth)
    assert (found.task, found.overall.mean_ap, found.overall.queries, found.overall.people) == (
        "S->R",
        100,
        24,
        12,
    )
    bags = {piece.value: piece.queries for piece in found.slices if piece.attribute == "bag"}
    assert bags == {"backpack": 12, "none": 12}
    assert found.agreements == ()


def test_the_slice_that_fails_is_named(crowd: Embeddings, truth: dict[str, Truth]) -> None:
    """The sketches of people without a bag look like the next person with one, of the same gender."""
    vectors = crowd.vectors.copy()
    odd = (crowd.modalities == "sketch") & (crowd.person_ids % 2 == 1)
    vectors[odd] = np.eye(PEOPLE)[crowd.person_ids[odd] - 1]
    found = report(replace(crowd, vectors=vectors), truth, "all")
    bags = {piece.value: piece for piece in found.slices if piece.attribute == "bag"}
    assert (bags["backpack"].r1, bags["backpack"].mean_ap) == (100, 100)
    assert bags["none"].r1 == 0
    assert found.overall.r1 == 50
    assert bags["none"].interval is not None
    shared = {item.attribute: item for item in found.agreements}
    assert (shared["bag"].searches, shared["bag"].wrong_first) == (12, 0)
    # Of the 11 others of an odd person 5 have no bag either; of the 11 others 5 are of the same gender.
    assert shared["bag"].chance == pytest.approx(5 / 11)
    assert (shared["gender"].wrong_first, shared["gender"].chance) == (1, pytest.approx(5 / 11))
    assert (shared["skin_tone"].wrong_first, shared["skin_tone"].chance) == (1, 1)


def test_small_slices_are_left_out(crowd: Embeddings, truth: dict[str, Truth]) -> None:
    assert all(piece.people >= 5 for piece in report(crowd, truth).slices)


def test_the_source_is_no_right_view(crowd: Embeddings, truth: dict[str, Truth]) -> None:
    views = {
        name: replace(known, shot=replace(known.shot, view="front" if name.endswith("0") else "back"))
        for name, known in truth.items()
    }
    for protocol, expected in (("source-excluded", "other"), ("all", "same")):
        found = report(crowd, views, protocol)
        values = {piece.value for piece in found.slices if piece.attribute == "view of a right answer"}
        assert values == {expected}


def test_a_look_alike_differs_in_small_details_only(truth: dict[str, Truth]) -> None:
    known = truth["0-0"]
    other_shoes = "sandals" if known.person.shoes != "sandals" else "trainers"
    alike = replace(known, person=replace(known.person, shoes=other_shoes))
    assert known.looks_like(alike)
    assert not known.looks_like(known)
    assert not known.looks_like(replace(alike, person=replace(alike.person, gender="woman")))


def test_unknown_truth_and_searches_without_answers_are_refused(
    crowd: Embeddings, truth: dict[str, Truth]
) -> None:
    with pytest.raises(DataError, match="2 items whose truth is unknown"):
        report(crowd, {name: known for name, known in truth.items() if not name.startswith("0-")})
    with pytest.raises(DataError, match="no query of S->R with a right answer"):
        report(replace(crowd, person_ids=np.arange(len(crowd))), truth)


@pytest.fixture
def drawn(tmp_path: Path) -> Path:
    """What a world's folder says about its people, without the pictures."""
    group = WORLD.group("test", 1, 2)
    attributes = json.dumps(asdict(group.person) | {"view": group.shot.view}).replace('"', '""')
    (tmp_path / "world.json").write_text('{"seed": 0}')
    (tmp_path / "manifest.csv").write_text(f'source,attributes\ntest/00001_c3_02,"{attributes}"\n')
    return tmp_path


def test_the_truth_is_drawn_anew(drawn: Path) -> None:
    known = read_truth(drawn, ["test/00001_c3_02"] * 2)["test/00001_c3_02"]
    group = WORLD.group("test", 1, 2)
    assert (known.person, known.shot) == (group.person, group.shot)
    properties = known.properties()
    assert (properties["view"], properties["in front"]) == (group.shot.view, group.shot.occluder)
    assert properties["bag"] == group.person.bag
    assert replace(known, shot=replace(known.shot, coarseness=2.0)).properties()["picture"] == "bad"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda folder: (folder / "world.json").unlink(), "no drawn world in"),
        (lambda folder: (folder / "world.json").write_text('{"seed": 1}'), "somebody else by now"),
        (lambda folder: (folder / "manifest.csv").write_text("source,attributes\ntest/00001_c3_02,x\n"), "JSON object"),
        (lambda folder: (folder / "manifest.csv").write_text("source,attributes\n"), "the source 'test/00001_c3_02'"),
    ],
)  # fmt: skip
def test_other_worlds_are_refused(drawn: Path, change, message: str) -> None:
    change(drawn)
    with pytest.raises(DataError, match=message):
        read_truth(drawn, ["test/00001_c3_02"])
