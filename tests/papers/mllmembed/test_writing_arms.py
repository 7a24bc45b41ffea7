"""Records of the arms -> what the page says of them."""

from typing import Any

import pytest

from papers.mllmembed.claims import judge
from papers.mllmembed.variants import (
    ABLATION,
    BOTH,
    CLOSED_FORM,
    COSINE,
    PRINCIPAL,
    RELATION,
    UNTRAINED,
)
from papers.mllmembed.writing import write_section

MADE = {
    "pictures": [],
    "seeds": [0, 1],
    "weights": {},
    "configuration": {"preset": "paper"},
    "commit": "",
    "hardware": {"cores": 2},
    "versions": {"torch": "2"},
}
ARMS = {
    "cloud, untrained": [20.0, 22.0],
    "C2C": [60.0, 62.0],
    "edge, untrained": [24.0, 26.0],
    "edge, task only": [54.0, 54.0],
    "E2E": [55.0, 56.0],
}


def row(model: str, setting: str, values: list[float], protocol: str = "source-excluded") -> dict[str, Any]:
    metrics = dict.fromkeys(("r1", "r5", "r10", "mean_ap", "mean_inp"), values)
    keys = {"model": model, "setting": setting, "protocol": protocol}
    return keys | {"task": "T->R", "data": "site", "values": metrics}


@pytest.fixture
def table_2() -> dict[str, Any]:
    heights = {BOTH: 55.0, PRINCIPAL: 53.0, RELATION: 54.0, COSINE: 52.0, CLOSED_FORM: 40.0}
    rows = [row(UNTRAINED, "E2E", [25.0, 27.0]), row("task only", "E2E", [50.0, 52.0])]
    for model, height in heights.items():
        for place, setting in enumerate(("E2E", "E2C", "C2E")):
            rows.append(row(model, setting, [height + place, height + place + 2]))
    rows.append(row(BOTH, "E2E", [99.0, 99.0], "all"))
    return MADE | {"item": "table2", "rows": rows, "arms": ARMS}


def test_every_row_has_its_three_settings(table_2: dict[str, Any]) -> None:
    grid = write_section("table2", table_2, {}).grids[0]
    found = {cells[0]: cells[1:] for cells in grid.rows}
    assert set(found) == {UNTRAINED, CLOSED_FORM, *ABLATION}
    assert found[UNTRAINED] == ("26.00 ± 1.41", "-", "-", "-")
    assert found[BOTH] == ("56.00 ± 1.41", "57.00 ± 1.41", "58.00 ± 1.41", "76.02")
    assert grid.header == ("distillation", "E2E", "E2C", "C2E", "paper, E2E (CUHK-PEDES)")


def test_gate_and_aims_stand_with_their_numbers(table_2: dict[str, Any]) -> None:
    """C2C - untrained = 40, C2C - task only = 7; E2E - task only = 1 and 2, below the aim of 3."""
    (grid,) = [grid for grid in write_section("table2", table_2, {}).grids if grid.title == "Gate and aims"]
    assert [(cells[0], cells[-1]) for cells in grid.rows] == [
        ("gate", "passed"), ("gate", "passed"), ("gate", "passed"), ("aim", "missed"), ("aim", "met"), ("aim", "met"),
    ]  # fmt: skip
    assert grid.rows[1][2] == "40.00 (40.00 to 40.00)"
    assert grid.rows[3][2].startswith("1.50 (-4.85 to 7.85)"), "t of 1 degree of freedom is 12.71, times 0.5"


def test_the_page_says_when_the_papers_order_does_not_come_out(table_2: dict[str, Any]) -> None:
    (words,) = [words for words in write_section("table2", table_2, {}).paragraphs if "order" in words]
    assert f"does not come out: here it is {BOTH} > {RELATION} > {PRINCIPAL} > {COSINE}" in words
    assert f"order by mean mAP, {PRINCIPAL} > {RELATION} > {BOTH} > {COSINE}, does not" in words
    better = {PRINCIPAL: 58.0, RELATION: 57.0}
    for one in table_2["rows"]:
        if one["model"] in better:
            one["values"] = {metric: [better[one["model"]]] * 2 for metric in one["values"]}
    (words,) = [words for words in write_section("table2", table_2, {}).paragraphs if "order" in words]
    assert "comes out here too" in words


def test_choices_name_rates_and_kept_steps() -> None:
    chosen = {
        "learning_rate": 0.003,
        "validation_map": 41.0,
        "kept_step": 0,
        "tried": {"0.001": 40.0, "0.003": 41.0},
    }
    later = {"learning_rate": 0.003, "validation_map": 43.0, "kept_step": 80, "tried": {}}
    unvalidated = {"learning_rate": 1e-5, "validation_map": None, "kept_step": None, "tried": {}}
    record = MADE | {"item": "figure4", "choices": {"edge, cosine": [chosen, later], "cloud": [unvalidated]}}
    (grid,) = write_section("figure4", record, {}).grids
    assert grid.rows == (("edge, cosine", "0.003", "0.001: 40.0; 0.003: 41.0", "0, 80", "42.0 ± 1.4"),)


def test_labels_are_columns() -> None:
    rows = [
        {"model": "edge, distilled (E2E)", "people": people, "mean_ap": [value, value + 2]}
        for people, value in ((50, 30.0), (2000, 50.0))
    ]
    rows.append({"model": "edge, untrained (E2E)", "people": 0, "mean_ap": [20.0, 20.0]})
    record = MADE | {"item": "labels", "rows": rows, "pictures": ["labels"]}
    section = write_section("labels", record, {})
    assert section.grids[0].header == ("model", "none", "50 people", "2,000 people")
    assert section.grids[0].rows == (
        ("edge, distilled (E2E)", "-", "31.00 ± 1.41", "51.00 ± 1.41"),
        ("edge, untrained (E2E)", "20.00 ± 0.00", "-", "-"),
    )
    assert [picture.name for picture in section.pictures] == ["labels"]


def test_scarce_labels_have_a_claim_with_a_floor() -> None:
    name = "distilled over all crops without names"
    rows = [row("cloud model of the labelled", "C2C", [45.0, 46.0]), row("task only", "E2E", [40.0, 41.0])]
    rows += [row(name, setting, [47.0, 48.0]) for setting in ("E2E", "E2C", "C2E")]
    estimate = {"values": [7.0, 7.1, 6.9], "mean": 7.0, "low": 6.75, "high": 7.25, "over": "seeds"}
    answer = {
        "claim": "distillation over unlabelled people beats the student trained alone on the labelled",
        "unit": "points of mean mAP", "estimate": estimate, "floors": {"no step (untrained)": estimate},
    }  # fmt: skip
    record = MADE | {
        "item": "scarce",
        "rows": rows,
        "labelled_people": 200,
        "all_people": 2000,
        "answers": [answer],
    }
    section = write_section("scarce", record, judge({answer["claim"]: answer}))
    assert section.grids[0].title == "Mean mAP of the tasks, 200 of 2,000 people with names"
    assert section.grids[0].rows == (
        ("cloud model of the labelled", "45.50 ± 0.71", "-", "-", "-"),
        ("task only", "-", "40.50 ± 0.71", "-", "-"),
        (name, "-", "47.50 ± 0.71", "47.50 ± 0.71", "47.50 ± 0.71"),
    )
    (said,) = section.answers
    assert said.verdict == "holds"
    assert "over no step (untrained): +7.00" in said.words


def test_components_stand_beside_cosine() -> None:
    name = "cosine + PCM, k = 16 (5 % of 320)"
    rows = [row(COSINE, "E2E", [50.0, 51.0]), row(name, "E2E", [51.0, 52.0])]
    gain = {"values": [1.0, 1.0], "mean": 1.0, "low": 1.0, "high": 1.0, "over": "seeds"}
    record = MADE | {"item": "components", "rows": rows, "over_cosine": {name: gain}, "width": 320}
    grid = write_section("components", record, {}).grids[0]
    assert grid.rows[1] == (name, "51.50 ± 0.71", "-", "-", "+1.00 (+1.00 to +1.00)")
