"""Sections of DSMD and MLLMReID on the page of results, from records like those that their scripts write."""

import json
from pathlib import Path
from typing import Any

import pytest

from papers.mllmembed.claims import judge
from papers.mllmembed.results_page import results_page
from papers.mllmembed.sections import Section
from papers.mllmembed.writing_related import related_claims, write_related

RECORDS = Path(__file__).parents[3] / "benchmarks" / "results"
MADE = {
    "seeds": [0, 1, 2],
    "commit": "0123456789abcdef",
    "versions": {"torch": "2.13.0"},
    "hardware": {"processor": "A processor", "cores": 2, "accelerator": "none"},
}


def section_of(name: str, record: dict[str, Any]) -> Section:
    """As on a page of its own."""
    return write_related(name, record, judge(related_claims(name, record)))


@pytest.fixture
def dsmd() -> dict[str, Any]:
    gains = {
        "task only": 0.0,
        "cosine + PCM + FR": 3.0,
        "DSMD, raw rate": 1.0,
        "cosine + PCM + FR, balanced": 3.5,
    }
    numbers: dict[str, Any] = {
        name: {
            "E2E mAP": [50 + gain, 51 + gain, 52.5 + 1.1 * gain],
            "E2E rSum": [300.0, 301.0, 302.0],
            "seconds": [9.0] * 3,
        }
        for name, gain in gains.items()
    }
    numbers["teacher"] = {"E2E mAP": [80.0], "E2C mAP": [80.0], "E2E rSum": [400.0]}
    size = {
        "train_people": 2000,
        "test_people": 200,
        "steps": 160,
        "learning_rate": 1e-3,
        "teacher": "tiny-cloud",
        "student": "tiny-edge",
    }
    return MADE | {
        "configuration": size,
        "variants": {name: {} for name in gains},
        "numbers": numbers,
        "pictures": ["dsmd"],
    }


def test_differences_are_seed_by_seed_with_an_interval(dsmd: dict[str, Any]) -> None:
    """Of 3, 3 and 3.3 the mean is 3.1, s = 0.173, and 4.303 s / sqrt 3 = 0.43."""
    section = section_of("dsmd", dsmd)
    answers = {answer.question: answer for answer in section.answers}
    assert set(answers) == {
        "cosine + PCM + FR beats task only",
        "DSMD, raw rate beats task only",
        "cosine + PCM + FR, balanced beats task only",
        "DSMD, raw rate beats cosine + PCM + FR",
        "cosine + PCM + FR, balanced beats cosine + PCM + FR",
    }
    own = answers["cosine + PCM + FR beats task only"]
    assert own.verdict == "holds"
    assert own.words.startswith("+3.10 points of mAP, 95 % interval +2.67 to +3.53 over 3 seeds")
    assert answers["DSMD, raw rate beats cosine + PCM + FR"].verdict == "does not hold"


def test_every_variant_is_a_row(dsmd: dict[str, Any]) -> None:
    (grid,) = section_of("dsmd", dsmd).grids
    rows = {row[0]: row[1:] for row in grid.rows}
    assert rows["teacher"] == ("80.0", "80.0", "400.0")
    assert rows["task only"] == ("51.2 ± 1.3", "-", "301.0 ± 1.0")


def test_the_ablation_and_lambda_are_tables(tmp_path: Path) -> None:
    record = json.loads((RECORDS / "mllmreid.json").read_text())
    seen = record["numbers"]["ablation"]["(c) Common Instruction + DirectReID"]["day"]
    seen |= {"nats own picture": [1.0, 1.1, 1.2], "nats other picture": [1.2, 1.4, 1.3]}
    section = section_of("mllmreid", record)
    ablation, swept = section.grids
    assert ablation.rows[0][0] == "before training"
    assert len(ablation.rows) == 1 + 6 * 2
    assert [row[1] for row in swept.rows] == ["0", "0.5", "0.7", "1"]
    chosen = [row for row in ablation.rows if row[0].startswith("(c)") and row[1] == "day"]
    assert swept.rows[2][2:] == chosen[0][2:]
    assert chosen[0][-1] == "0.200 ± 0.100"
    assert len(section.answers) == 8
    one = {"numbers": _of_one_seed(record["numbers"])}
    assert all(answer.verdict == "not shown" for answer in section_of("mllmreid", record | one).answers)


def _of_one_seed(numbers: Any) -> Any:
    """Which shows nothing."""
    if isinstance(numbers, list):
        return numbers[:1]
    return {name: _of_one_seed(inner) for name, inner in numbers.items()}


def test_the_page_names_their_pictures(dsmd: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "dsmd.json").write_text(json.dumps(dsmd))
    text = results_page(tmp_path / "reproduction", related=tmp_path, link="somewhere", weights={})
    assert "## DSMD beside cosine, PCM and FR" in text
    assert "](somewhere/dsmd.png)" in text
    assert "*Seeds 0, 1, 2; commit 0123456789ab;" in text
    assert "## MLLMReID: Common Instruction, DirectReID and lambda\n\nNot run yet." in text
