"""The paper's numbers agree with each other, which a slip of the pen would break."""

import pytest

from papers.mllmembed.published import printed_average, printed_averages, printed_rows
from papers.mllmembed.variants import ABLATION, ADAPTERS, BOTH, PRINCIPAL, RATIOS, TASK_ONLY

OWN_SLIPS = {TASK_ONLY: 69.52, PRINCIPAL: 76.32}
"""Rows of table 2 whose printed average is not the mean of what is printed beside it; here that mean."""


@pytest.mark.parametrize("table", ["table1", "table2", "table4"])
def test_averages_are_the_means_of_the_rows(table: str) -> None:
    assert printed_averages(table)
    for average in printed_averages(table):
        keys = {name: value for name, value in average.items() if name != "mean_ap"}
        rows = [row["mean_ap"] for row in printed_rows(table) if keys.items() <= row.items()]
        assert len(rows) == 3
        expected = OWN_SLIPS.get(average.get("model", ""), average["mean_ap"])
        assert sum(rows) / 3 == pytest.approx(expected, abs=0.0051), keys


def test_ranks_rise_with_their_depth() -> None:
    for table in ("table1", "table2", "table4"):
        for row in printed_rows(table):
            assert row["r1"] <= row["r5"] <= row["r10"] <= 100
            assert 0 < row["mean_inp"] < row["mean_ap"] < 100


def test_one_model_stands_in_three_tables() -> None:
    def numbers(row: dict) -> tuple[float, ...]:
        return tuple(row[name] for name in ("r1", "r5", "r10", "mean_ap", "mean_inp"))

    cuhk = [row for row in printed_rows("table1") if (row["setting"], row["data"]) == ("E2E", "CUHK-PEDES")]
    for task, first in ((row["task"], numbers(row)) for row in cuhk):
        for table in ("table2", "table4"):
            same = [row for row in printed_rows(table) if (row["model"], row["task"]) == (BOTH, task)]
            assert [numbers(row) for row in same] == [first]


def test_every_variant_has_its_average() -> None:
    assert [row["model"] for row in printed_averages("table2")] == list(ABLATION)
    assert [row["model"] for row in printed_averages("table4")] == list(RATIOS)
    assert [(row["rank"], row["stride"]) for row in printed_averages("table3")] == [
        (one.rank, one.stride) for one in ADAPTERS
    ]
    assert printed_average("table3", rank=16, stride=2) == 80.87
    assert printed_average("table3", rank=32, stride=2) is None


def test_throughput_is_the_batch_over_the_latency() -> None:
    for row in printed_rows("table5"):
        assert row["items_per_second"] == pytest.approx(1000 * row["batch"] / row["latency_ms"], rel=0.002)
