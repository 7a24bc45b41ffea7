import math
from dataclasses import replace

import pytest
from rich.console import Console

from crossreid.core.errors import ConfigurationError, DataError
from crossreid.evaluation.outcomes import Outcomes
from crossreid.evaluation.report import Report, ReportRow

ROW = ReportRow(
    task="S->R",
    setting="E2C",
    protocol="all",
    r1=87.5,
    r5=90.0,
    r10=100.0,
    mean_ap=81.256,
    mean_inp=60.0,
    queries=8,
    skipped_queries=1,
    gallery_size=20,
    query_fingerprint="edge@space",
    gallery_fingerprint="cloud@space",
)
REPORT = Report(
    (ROW, replace(ROW, task="T->R"), replace(ROW, setting="C2C", query_fingerprint="cloud@space"))
)


def test_markdown():
    first_three = REPORT.to_markdown().splitlines()[:3]
    assert first_three == [
        "| task | setting | protocol | R1 | R5 | R10 | mAP | mINP | queries | skipped |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| S->R | E2C | all | 87.50 | 90.00 | 100.00 | 81.26 | 60.00 | 8 | 1 |",
    ]
    assert REPORT.to_markdown().splitlines()[5:] == ["", "Encoders: edge@space, cloud@space."]


MEASURED = replace(
    ROW,
    reranking="k-reciprocal",
    trials=10,
    intervals={"r1": (80.04, 95.0), "mean_ap": (70.0, 90.0), "r5": (85.0, 95.0)},
    outcomes=Outcomes((1, 2), (0.0, 100.0), (100.0, 100.0), (100.0, 100.0), (1 / 3, 50.0), (2.5, 50.0)),
)


def test_intervals_rerankings_and_trials_are_shown():
    row, _, notes = Report((MEASURED,)).to_markdown().splitlines()[2:]
    assert row == (
        "| S->R | E2C | all + k-reciprocal | 87.50 [80.0, 95.0] | 90.00 | 100.00 | 81.26 [70.0, 90.0] | 60.00 | 8 | 1 |"
    )
    assert notes == (
        "Encoders: edge@space, cloud@space. In brackets: 95 % bootstrap intervals over people."
        " all: means over 10 drawn galleries."
    )


def test_latex_is_escaped():
    lines = Report((replace(MEASURED, setting="50%_of & more"),)).to_latex().splitlines()
    assert lines[2] == r"\begin{tabular}{lllrrrrrrr}"
    assert lines[6] == (
        r"S$\to$R & 50\%\_of \& more & all + k-reciprocal & 87.50 [80.0, 95.0] & 90.00 & 100.00"
        r" & 81.26 [70.0, 90.0] & 60.00 & 8 & 1 \\"
    )
    assert lines[9].startswith(r"\caption{Encoders: edge@space, cloud@space. In brackets: 95 \% bootstrap")


def test_json_keeps_the_numbers_of_each_query():
    report = Report((MEASURED, ROW))
    assert Report.from_json(report.to_json()) == report
    assert "outcomes" not in MEASURED.summary()


def test_rows_are_plain_unless_a_reranking_is_named():
    report = Report((ROW, MEASURED))
    assert report.row("S->R") is ROW
    assert report.row("S->R", reranking="k-reciprocal") is MEASURED


def test_a_terminal_shows_every_number():
    console = Console(width=120, record=True, file=None, quiet=False)
    with console.capture() as capture:
        console.print(REPORT)
    for cell in ("S->R", "T->R", "E2C", "C2C", "87.50", "81.26", "edge@space, cloud@space"):
        assert cell in capture.get()


def test_json_comes_back_the_same():
    assert Report.from_json(REPORT.to_json()) == REPORT


def test_a_percentage_that_does_not_exist_is_null_and_a_dash():
    report = Report((replace(ROW, r1=math.nan),))
    assert '"r1": null' in report.to_json()
    assert math.isnan(Report.from_json(report.to_json()).rows[0].r1)
    assert "| - | 90.00 |" in report.to_markdown()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"rows": [{"task": "S->R"}]}', '{"rows": [3]}'])
def test_other_json_is_refused(text):
    with pytest.raises(DataError, match=r"not a report"):
        Report.from_json(text)


def test_rows_are_found_by_what_they_are_about():
    assert REPORT.row("T->R") is REPORT.rows[1]
    assert REPORT.row("S->R", setting="C2C", protocol="all") is REPORT.rows[2]
    with pytest.raises(ConfigurationError, match=r"2 rows of task 'S->R'"):
        REPORT.row("S->R")
    with pytest.raises(ConfigurationError, match=r"0 rows .* choose from"):
        REPORT.row("S->R", protocol="market")


def test_joined_reports_keep_order_and_fingerprints():
    joined = Report.join([Report(REPORT.rows[2:]), Report(REPORT.rows[:2])])
    assert joined.rows == (REPORT.rows[2], REPORT.rows[0], REPORT.rows[1])
    assert joined.fingerprints == ("cloud@space", "edge@space")


def test_what_is_printed_is_short():
    assert repr(REPORT) == "Report(S->R E2C mAP 81.26, T->R E2C mAP 81.26, S->R C2C mAP 81.26)"
    assert repr(Report((replace(ROW, setting=""),) * 9)).endswith(", S->R mAP 81.26, 3 more)")
    assert repr(Report(())) == "Report(no rows)"


def test_a_notebook_shows_a_table_of_escaped_text():
    page = Report((replace(ROW, setting="<b>", query_fingerprint="a&b"),))._repr_html_()
    assert page.startswith("<table><thead><tr><th>task</th>")
    assert "<td>S-&gt;R</td><td>&lt;b&gt;</td><td>all</td><td>87.50</td>" in page
    assert page.endswith("<p>Encoders: a&amp;b, cloud@space.</p>")
