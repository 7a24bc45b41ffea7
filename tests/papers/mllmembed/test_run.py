"""Every table and figure from end to end, in small: one seed, then a second one for some."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crossreid.core.errors import ConfigurationError
from crossreid.models.folder import save_model
from crossreid.training.build import read_history
from papers.mllmembed.answers import QUESTIONS
from papers.mllmembed.claims import claims_of
from papers.mllmembed.results_page import results_page
from papers.mllmembed.run import Reproduction, chosen_items, reproduce
from papers.mllmembed.study import WORLD, Study, tiny_study
from papers.mllmembed.variants import ABLATION, ADAPTERS, RATIOS, TASK_ONLY, ZERO_STEPS
from papers.mllmembed.writing import ITEMS, PUBLISHED

HERE = [item for item in ITEMS if item not in ("errors", "leakage")]
"""The others need more people."""

METRICS = {"r1", "r5", "r10", "mean_ap", "mean_inp"}
SETTINGS = {
    "C2C", "E2E", "E2C", "C2E", "edge, task only", "cloud, untrained", "edge, untrained", "closed form, E2E",
    "closed form, E2C", "closed form, C2E",
}  # fmt: skip
RATES = 2
"""Learning rates of the edge model alone in the small study; of all others there is one."""


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
    of_all = len(ADAPTERS) + len({*ABLATION, *RATIOS} - {TASK_ONLY}) + RATES
    of_few = 2 + RATES  # the cloud model, the distillation and the edge model alone by two people's names
    assert len(trained) == len(set(trained)) == of_all + of_few + 2  # other components, and without names
    assert len([words for words in said if "fitting" in words]) == 3
    assert not any("made anew" in words for words in said)


def test_rows_are_those_of_the_paper_and_more(records: dict[str, Any]) -> None:
    first = records["table1"]["rows"]
    assert {row["setting"] for row in first} == SETTINGS
    assert len(first) == len(SETTINGS) * 3 * 2  # tasks, protocols
    assert {row["model"] for row in records["table2"]["rows"]} == {*ZERO_STEPS, *ABLATION}
    assert {(row["rank"], row["stride"]) for row in records["table3"]["rows"]} == {
        (one.rank, one.stride) for one in ADAPTERS
    }
    assert {row["model"] for row in records["table4"]["rows"]} == {*ZERO_STEPS, *RATIOS}
    in_all = {("E2E", 3), ("E2C", 3), ("C2E", 3)}  # tasks
    for model in (*ZERO_STEPS, *ABLATION):
        rows = [
            row for row in records["table2"]["rows"] if row["model"] == model and row["protocol"] == "all"
        ]
        found = {
            (one, sum(row["setting"] == one for row in rows)) for one in {row["setting"] for row in rows}
        }
        assert found == ({("E2E", 3)} if model in ("untrained", TASK_ONLY) else in_all)
    for row in first:
        assert set(row["values"]) == METRICS == set(row["intervals"])
        assert row["gallery"] == 10


def test_tables_share_the_distilled_model(records: dict[str, Any]) -> None:
    def values(table: str, **keys: str) -> list[Any]:
        return [row["values"] for row in records[table]["rows"] if keys.items() <= row.items()]

    for setting in ("E2E", "E2C", "C2E"):
        both = {"model": "cosine + PCM + FR", "setting": setting}
        assert values("table2", **both) == values("table1", setting=setting) == values("table4", **both)
        start = {"model": "closed form", "setting": setting}
        assert values("table2", **start) == values("table1", setting=f"closed form, {setting}")
    assert values("table1", setting="C2C") == values("table3", model="rank 16, stride 2")


def test_strides_choose_different_blocks(records: dict[str, Any]) -> None:
    assert records["table3"]["adapted_blocks"] == {
        "1": {"vision": [0, 1], "language": [0, 1]},
        "2": {"vision": [1], "language": [1]},
        "4": {"vision": [1], "language": [1]},
    }


def test_differences_are_those_of_the_rows(records: dict[str, Any]) -> None:
    """The mean over the tasks of one model's mAP less that of the other."""
    rows = [
        row
        for row in records["table2"]["rows"]
        if (row["protocol"], row["setting"]) == ("source-excluded", "E2E")
    ]
    means = {
        model: sum(row["values"]["mean_ap"][0] for row in rows if row["model"] == model) / 3
        for model in (*ZERO_STEPS, *ABLATION)
    }
    (answer,) = [a for a in records["table2"]["answers"] if a["claim"] == "PCM beats cosine"]
    assert answer["estimate"]["mean"] == pytest.approx(means["cosine + PCM"] - means["cosine"])
    assert answer["estimate"]["low"] <= answer["estimate"]["mean"] <= answer["estimate"]["high"]
    assert answer["estimate"]["over"] == "people"
    assert answer["printed"] == 3.83
    best = max(ZERO_STEPS, key=means.__getitem__)
    over = {name: floor["mean"] for name, floor in answer["floors"].items()}
    expected = {"the edge model trained alone (task only)": means["cosine + PCM"] - means["task only"]}
    if means[best] != means["cosine"]:  # a training that only harms keeps its start, which is no second floor
        expected[f"no step ({best})"] = means["cosine + PCM"] - means[best]
    assert over == pytest.approx(expected, abs=1e-9)
    (alone,) = [a for a in records["table2"]["answers"] if a["worse"] == "task only"]
    assert list(alone["floors"]) == [f"no step ({best})"], "what it is compared with is no floor too"
    arms = records["table2"]["arms"]
    assert arms["E2E"] == [pytest.approx(means["cosine + PCM + FR"])]
    assert arms["edge, task only"] == [pytest.approx(means["task only"])]


def test_validation_people_choose_rates_and_checkpoints(records: dict[str, Any], home: Path) -> None:
    (choice,) = records["table2"]["choices"]["edge, task only"]
    assert set(choice["tried"]) == {"0.001", "0.003"}
    assert choice["learning_rate"] == float(max(choice["tried"], key=choice["tried"].__getitem__))
    history = home / "0" / "edge-task-only" / f"rate-{choice['learning_rate']:g}" / "history.jsonl"
    validations = dict(read_history(history, "validation_map"))
    assert choice["validation_map"] == choice["tried"][f"{choice['learning_rate']:g}"]
    assert choice["validation_map"] == max(validations.values())
    assert validations[choice["kept_step"]] == choice["validation_map"]
    (start,) = records["table2"]["choices"]["edge, closed form"]
    assert set(start["tried"]) == {"rotation", "least squares"}
    assert (start["kept_step"], start["validation_map"]) == (0, max(start["tried"].values()))
    (teacher,) = records["table3"]["choices"]["cloud, rank 8, stride 1"]
    assert (teacher["learning_rate"], teacher["tried"]) == (0.001, {})
    assert teacher["kept_step"] is not None


def test_labelled_people_are_counted(records: dict[str, Any], home: Path) -> None:
    found = {(row["model"], row["people"]): row["mean_ap"] for row in records["labels"]["rows"]}
    assert {people for _, people in found} == {0, 2, 6}
    assert len(found) == 4 * 2 + 2
    arms = records["table2"]["arms"]
    assert found["cloud, adapted (C2C)", 6] == arms["C2C"]
    assert found["edge, distilled (E2E)", 6] == arms["E2E"]
    assert found["edge, task only (E2E)", 6] == arms["edge, task only"]
    assert found["edge, untrained (E2E)", 0] == arms["edge, untrained"]
    few = json.loads((home / "0" / "edge-task-only-2-people" / "rate-0.003" / "run.json").read_text())
    assert few["trained_on"]["people"] == few["configuration"]["batch"]["people"] == 2


def test_crops_without_names_are_learnt_from(records: dict[str, Any], home: Path) -> None:
    record = records["scarce"]
    settings = {(row["model"], row["setting"]) for row in record["rows"]}
    unlabelled = "distilled over all crops without names"
    assert {setting for model, setting in settings if model == unlabelled} == {"E2E", "E2C", "C2E"}
    assert {("task only", "E2E"), ("untrained", "E2E"), ("cloud model of the labelled", "C2C")} <= settings
    assert (record["labelled_people"], record["all_people"]) == (2, 6)
    (answer,) = record["answers"]
    assert (answer["better"], answer["worse"]) == (unlabelled, "task only")
    run = json.loads((home / "0" / "edge-unlabelled-2-people" / "rate-0.001" / "run.json").read_text())
    assert run["trained_on"]["people"] == 12, "encounters of six people"
    assert run["configuration"]["distillation"]["task"] == 0
    few = json.loads((home / "0" / "cloud-rank-16-stride-2-2-people" / "rate-0.001" / "run.json").read_text())
    assert few["trained_on"]["people"] == few["configuration"]["batch"]["people"] == 2


def test_components_are_shares_of_the_width(records: dict[str, Any]) -> None:
    record = records["components"]
    assert set(record["over_cosine"]) == {
        "cosine + PCM, k = 4 (12 % of 32)", "cosine + PCM, k = 16 (50 % of 32)",
    }  # fmt: skip
    chosen = [row["values"] for row in record["rows"] if row["model"].startswith("cosine + PCM, k = 4 ")]
    assert chosen == [row["values"] for row in records["table2"]["rows"] if row["model"] == "cosine + PCM"]


def test_every_question_has_its_claims(records: dict[str, Any]) -> None:
    claims = claims_of(records)
    assert {claim for names in QUESTIONS.values() for claim in names} == set(claims)


def test_convergence_is_the_shared_loss(records: dict[str, Any], home: Path) -> None:
    history = home / "0" / "edge-cosine-pcm" / "rate-0.001" / "history.jsonl"
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
        assert record["configuration"]["world"]["style"] == "site"
        assert record["configuration"]["arms"]["scarce_people"] == 2
        assert record["configuration"]["teacher"]["lora"]["dense"] == 1
        assert {"commit", "versions", "hardware", "seeds"} <= set(record)


def test_pages_hold_every_number_and_picture(done: Reproduction, records: dict[str, Any]) -> None:
    text, page = done.document.read_text(), done.page.read_text()
    drawn = [name for record in records.values() for name in record["pictures"]]
    assert len(drawn) == 13
    for name in drawn:
        assert (done.results / f"{name}.png").exists()
        assert (done.page.parent / "figures" / f"{name}.svg").exists()
        assert f"{name}.png" in text
    assert page.count("data:image/png;base64,") == len(drawn)
    assert 'src="http' not in page
    row = next(row for row in records["table1"]["rows"] if row["setting"] == "E2C")
    assert f"**{row['values']['mean_ap'][0]:.1f}**" in text
    assert "Not run yet" not in text
    assert len(done.answers) == len(QUESTIONS) + 1, "the gate comes first"
    assert done.answers[0].startswith("Can this place test a distillation?")
    assert done.edge is not None
    assert (done.edge / "config.json").is_file()


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
    assert len(anew) == 3
    assert "fitting edge, closed form" in anew[0]
    assert "training edge, cosine + PCM + FR" in anew[1]
    assert "timing" in anew[2]
    assert not any("cloud" in words for words in said)
