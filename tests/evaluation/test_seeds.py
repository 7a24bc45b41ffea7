import json
import math
from dataclasses import replace

import pytest
from rich.console import Console

from crossreid.core.errors import DataError
from crossreid.evaluation.report import Report, ReportRow
from crossreid.evaluation.seeds import average_reports

ROW = ReportRow("S->R", "E2C", "all", 40.0, 50.0, 60.0, 30.0, 20.0, 8, 1, 20, "edge@space", "cloud@space")


def reports(*r1):
    return [
        Report((replace(ROW, r1=value, query_fingerprint=f"edge{n}@space"),)) for n, value in enumerate(r1)
    ]


def test_mean_and_sample_deviation_by_hand():
    spread = average_reports(reports(40.0, 42.0, 47.0))
    (row,) = spread.rows
    # Deviations -3, -1, 4 from the mean 43: (9 + 1 + 16) / 2 = 13.
    assert row.means["r1"] == pytest.approx((40 + 42 + 47) / 3)
    assert row.deviations["r1"] == pytest.approx(math.sqrt(13))
    assert (row.means["mean_ap"], row.deviations["mean_ap"]) == (30, 0)


def test_every_form_shows_it():
    spread = average_reports(reports(40.0, 44.0))
    line = (
        "| S->R | E2C | all | 42.00 ± 2.83 | 50.00 ± 0.00 | 60.00 ± 0.00 | 30.00 ± 0.00 | 20.00 ± 0.00 | 2 |"
    )
    assert spread.to_markdown().splitlines()[2] == line
    assert "edge0@space, cloud@space, edge1@space" in spread.to_markdown()
    assert r"42.00 $\pm$ 2.83" in spread.to_latex()
    assert json.loads(spread.to_json())["rows"][0]["means"]["r1"] == 42
    console = Console(width=140)
    with console.capture() as capture:
        console.print(spread)
    assert "42.00 ± 2.83" in capture.get()


def test_a_number_that_a_run_lacks_does_not_exist():
    spread = average_reports(reports(40.0, math.nan))
    assert "| - | 50.00" in spread.to_markdown()
    assert json.loads(spread.to_json())["rows"][0]["means"]["r1"] is None


def test_what_cannot_be_averaged_is_refused():
    with pytest.raises(DataError, match=r"1 reports; expected at least two"):
        average_reports(reports(1.0))
    other = Report((replace(ROW, reranking="k-reciprocal"),))
    with pytest.raises(DataError, match=r"reports of different rows"):
        average_reports([*reports(1.0), other])
