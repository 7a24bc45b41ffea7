"""Every table and figure from end to end, in small: one seed, then a second one for some."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crossreid.core.errors import ConfigurationError
from crossreid.models.folder import save_model
from crossreid.reproduction.answers import QUESTIONS
from crossreid.reproduction.results_page import results_page
from crossreid.reproduction.run import Reproduction, chosen_items, reproduce
from crossreid.reproduction.study import WORLD, Study, tiny_study
from crossreid.reproduction.variants import ABLATION, ADAPTERS, RATIOS
from crossreid.reproduction.writing import ITEMS, PUBLISHED, claims_of
from crossreid.training.build import read_history

HERE = [item for item in ITEMS if item not in ("errors", "leakage")]
"""The others need more people."""

METRICS = {"r1", "r5", "r10", "mean_ap", "mean_inp"}
SETTINGS = {"C2C", "E2E", "E2C", "C2E", "edge, task only", "cloud, untrained", "edge, untrained"}


@pytest.fixture(scope="module")
def study(small: list[str]) -> Study:
    return replace(tiny_study(small), precision="fp32", timing_seconds=0.0)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reproduction")


@pytest.fixture(scope="module")
def said() -> list[str]:
    return []


@pytest.fixture(scope="module")
def done(study: Study, home: Path, said: list[str]) -> Reproduction:
    return reproduce(HERE, study, seeds=1, folder=home, results=home / "results", say=said.append)


@pytest.fixture(scope="module")
def records(done: Reproduction) -> dict[str, Any]:
    return {item: json.loads((done.results / f"{item}.json").read_text()) for item in HERE}


def test_every_training_is_made_once(done: Reproduction, said: list[str]) -> None:
    trained = [words for words in said if "training" in words]
    assert len(trained) == len(set(trained)) == len(ADAPTERS) + len({*ABLATION, *RATIOS})
    assert not any("made anew" in words for words in said)


def test_rows_are_those_of_the_paper_and_more(records: dict[str, Any]) -> None:
    first = records["table1"]["rows"]
    assert {row["setting"] for row in first} == SETTINGS
    assert len(first) == len(SETTINGS) * 3 * 2  # tasks, protocols
    assert {row["model"] for row in records["table2"]["rows"]} == set(ABLATION)
    assert {(row["rank"], row["stride"]) for row in records["table3"]["rows"]} == {
        (one.rank, one.stride) for one in ADAPTERS
    }
    assert {row["model"] for row in records["table4"]["rows"]} == set(RATIOS)
    for row in first:
        assert set(row["values"]) == METRICS == set(row["intervals"])
        assert row["gallery"] == 10


def test_tables_share_the_distilled_model(records: dict[str, Any]) -> None:
    def values(table: str, **keys: str) -> list[Any]:
        return [row["values"] for row in records[table]["rows"] if keys.items() <= row.items()]

    both = values("table2", model="cosine + PCM + FR")
    assert both == values("table1", setting="E2E") == values("table4", model="cosine + PCM + FR")
    assert values("table1", setting="C2C") == values("table3", model="rank 16, stride 2")


def test_strides_choose_different_blocks(records: dict[str, Any]) -> None:
    assert records["table3"]["adapted_blocks"] == {
        "1": {"vision": [0, 1], "language": [0, 1]},
        "2": {"vision": [1], "language": [1]},
        "4": {"vision": [1], "language": [1]},
    }


def test_differences_are_those_of_the_rows(records: dict[str, Any]) -> None:
    """The mean over the tasks of one model's mAP less that of the other."""
    rows = [row for row in records["table2"]["rows"] if row["protocol"] == "source-excluded"]
    means = {
        model: sum(row["values"]["mean_ap"][0] for row in rows if row["model"] == model) / 3
        for model in ABLATION
    }
    (answer,) = [a for a in records["table2"]["answers"] if a["claim"] == "PCM beats cosine"]
    assert answer["estimate"]["mean"] == pytest.approx(means["cosine + PCM"] - means["cosine"])
    assert answer["estimate"]["low"] <= answer["estimate"]["mean"] <= answer["estimate"]["high"]
    assert answer["estimate"]["over"] == "people"
    assert answer["printed"] == 3.83


def test_every_question_has_its_claims(records: dict[str, Any]) -> None:
    claims = claims_of(records)
    assert {claim for names in QUESTIONS.values() for claim in names} == set(claims)


def test_convergence_is_the_shared_loss(records: dict[str, Any], home: Path) -> None:
    history = home / "0" / "edge-cosine-pcm" / "history.jsonl"
    task, cosine = dict(read_history(history, "task")), dict(read_history(history, "cosine"))
    expected = sum(task[step] + cosine[step] for step in (1, 2)) / 2
    assert records["figure6"]["shared_loss"]["cosine + PCM"] == [pytest.approx(expected)]


def test_spectra_are_measured_with_and_without_the_mean(records: dict[str, Any]) -> None:
    found = records["figure3"]
    assert (found["width"], found["items"], len(found["trials"]["effective_rank"])) == (32, 40, 4)
    assert found["centred"]["components_for"] != found["uncentred"]["components_for"]
    assert set(records["figure7"]["spectra"]) == {
        WORLD, "training people", "rgb alone", "ir alone", "sketch alone", "text alone",
    }  # fmt: skip


def test_both_models_are_asked_the_same(records: dict[str, Any]) -> None:
    found = records["figure5"]["right_first"]
    assert len(found["cloud"]) == len(found["edge"]) > 0


def test_every_combination_of_evidence_is_asked(records: dict[str, Any]) -> None:
    found = records["evidence"]
    ways = {(row["model"], row["joining"]): set() for row in found["rows"]}
    for row in found["rows"]:
        ways[row["model"], row["joining"]].add(row["task"])
    assert {way: len(tasks) for way, tasks in ways.items()} == {
        ("cloud", "summed evenly"): 15,
        ("cloud", "learnt weights"): 15,
        ("cloud", "read together"): 11,
        ("edge", "summed evenly"): 15,
        ("edge", "learnt weights"): 15,
    }
    assert set(found["learnt_weights"]["edge"]) == {"rgb", "ir", "sketch", "text"}
    values = {(row["model"], row["task"], row["joining"]): row["mean_ap"][0] for row in found["rows"]}
    best = max(values["edge", f"{kind}->R", "summed evenly"] for kind in ("S", "T"))
    gain = values["edge", "S+T->R", "learnt weights"] - best
    (answer,) = [
        a for a in found["answers"] if a["claim"].startswith("sketch and words") and "edge" in a["claim"]
    ]
    assert answer["estimate"]["values"] == [pytest.approx(gain)]


def test_galleries_of_the_full_width_lose_nothing(records: dict[str, Any]) -> None:
    found = records["galleries"]
    assert {row["width"] for row in found["rows"]} == {8, 16, 24, 32}
    assert set(found["smallest_width"]) == {
        "float32", "float32, re-scored", "int8", "int8, re-scored",
    }  # fmt: skip
    full = [row["mean_ap"] for row in found["rows"] if row["width"] == 32 and row["name"] == "float32"]
    cloud = [
        row["values"]["mean_ap"][0]
        for row in records["table1"]["rows"]
        if row["setting"] == "C2C" and row["protocol"] == "source-excluded"
    ]
    assert full == [[pytest.approx(sum(cloud) / 3)]]


def test_the_record_says_what_made_the_numbers(records: dict[str, Any]) -> None:
    for record in records.values():
        assert set(record["weights"]) == {"cloud", "edge"}
        assert record["configuration"]["world"]["train_people"] == 6
        assert record["configuration"]["teacher"]["lora"]["dense"] == 1
        assert {"commit", "versions", "hardware", "seeds"} <= set(record)


def test_pages_hold_every_number_and_picture(done: Reproduction, records: dict[str, Any]) -> None:
    text, page = done.document.read_text(), done.page.read_text()
    drawn = [name for record in records.values() for name in record["pictures"]]
    assert len(drawn) == 10
    for name in drawn:
        assert (done.results / f"{name}.png").exists()
        assert (done.page.parent / "figures" / f"{name}.svg").exists()
        assert f"{name}.png" in text
    assert page.count("data:image/png;base64,") == len(drawn)
    assert 'src="http' not in page
    row = next(row for row in records["table1"]["rows"] if row["setting"] == "E2C")
    assert f"**{row['values']['mean_ap'][0]:.1f}**" in text
    assert "Not run yet" not in text
    assert len(done.answers) == len(QUESTIONS)


def test_the_page_of_the_repository_says_when_weights_have_changed(
    done: Reproduction, records: dict[str, Any], home: Path
) -> None:
    weights = records["table1"]["weights"]
    assert "Of earlier weights" not in results_page(done.results, related=home, link="x", weights=weights)
    assert "Of earlier weights" in results_page(
        done.results, related=home, link="x", weights=weights | {"edge": "other"}
    )


def test_a_second_seed_is_added_to_the_first(done: Reproduction, study: Study, home: Path) -> None:
    said: list[str] = []
    again = reproduce(["figure3"], study, seeds=2, folder=home, results=home / "two", say=said.append)
    assert {words.partition(":")[0] for words in said} == {"figure3", "seed 1"}
    record = json.loads((home / "two" / "figure3.json").read_text())
    (answer,) = record["answers"]
    assert (len(answer["estimate"]["values"]), answer["estimate"]["over"]) == (2, "seeds")
    assert record["seeds"] == [0, 1]
    assert again.page.name == "figure3.html"
    assert [line.partition("?")[0] for line in again.answers] == ["Is the spectrum low-rank"]


def test_errors_and_leaks_are_of_people_whose_attributes_are_known(small: list[str], tmp_path: Path) -> None:
    crowd = replace(tiny_study([*small, "world.gallery_people=24"]), precision="fp32")
    items, results = ["errors", "leakage"], tmp_path / "results"
    done = reproduce(items, crowd, seeds=1, folder=tmp_path, results=results, say=lambda words: None)
    errors, leaks = (json.loads((results / f"{item}.json").read_text())["rows"] for item in items)
    assert {row["task"] for row in errors} == {"S->R", "IR->R", "T->R"}
    assert {row["queries"][0] for row in errors if row["attribute"] == "all queries"} == {48}
    views = [row for row in errors if row["attribute"] == "view" and row["task"] == "T->R"]
    assert 1 < len(views) <= 4
    assert {row["model"] for row in leaks} == {"cloud", "edge"}
    assert all(0 <= row["balanced_accuracy"][0] <= 1 and 0 < row["chance"][0] <= 0.5 for row in leaks)
    text = done.document.read_text()
    for words in ("## Where searches go wrong", "## What vectors give away", "leakage.png", "errors.png"):
        assert words in text


def test_what_is_known_of_drawn_people_is_not_asked_of_others() -> None:
    assert chosen_items(["all"], drawn=True) == tuple(ITEMS)
    assert chosen_items(["all"], drawn=False) == tuple(PUBLISHED)
    assert chosen_items(["leakage", "table2"], drawn=True) == ("table2", "leakage")
    with pytest.raises(ConfigurationError, match="leakage of your own data"):
        chosen_items(["leakage"], drawn=False)


def test_other_weights_make_anew_what_began_with_them(
    done: Reproduction, study: Study, home: Path, backbones: dict[str, Path], tiny: Any
) -> None:
    said: list[str] = []
    try:
        save_model(tiny.student(seed=1), backbones["edge"])
        reproduce(["table5"], study, seeds=1, folder=home, results=home / "new", say=said.append)
    finally:
        save_model(tiny.student(), backbones["edge"])
    anew = [words for words in said if "made anew" in words]
    assert len(anew) == 2
    assert "training edge, cosine + PCM + FR" in anew[0]
    assert "timing" in anew[1]
    assert not any("cloud" in words for words in said)
