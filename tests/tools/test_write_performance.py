import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def tool(program: Any) -> Any:
    return program("tools/write_performance.py")


def way(median: float, share: float) -> dict[str, Any]:
    return {
        "seconds": {"median": median, "min": median / 2, "max": median * 2},
        "items_per_second": 32 / median,
        "extra_memory_mib": 1234.4,
        "share_of_peak": share,
        "gflop": 70.25,
    }


def test_a_measurement_is_a_row_a_way_and_a_line_on_the_machine(tool: Any, tmp_path: Path) -> None:
    case = {
        "ways": {"straightforward": way(0.5, 0.25), "ours": way(0.2, 0.5)},
        "times_faster": {"straightforward": {"median": 2.5, "min": 2.25, "max": 3.0}},
        "rounds": 7,
        "peak_gflops": 95.2,
        "versions": {"torch": "2.13.0", "transformers": "5.23.0"},
        "hardware": {"processor": "A processor", "accelerator": "none"},
    }
    (tmp_path / "teacher.json").write_text(json.dumps({"what": "x", "cases": {"tiny, pictures, cpu": case}}))
    lines = tool.page(tmp_path).splitlines()
    assert (
        "| tiny, pictures, cpu | straightforward | 0.5 [0.25, 1] | 64.0 | 1,234 | 70.2 | 25 % | 2.5 [2.25, 3] |"
        in lines
    )
    assert "| tiny, pictures, cpu | ours | 0.2 [0.1, 0.4] | 160.0 | 1,234 | 70.2 | 50 % | 1 |" in lines
    assert (
        "A processor, torch 2.13.0, transformers 5.23.0, 7 rounds: tiny, pictures, cpu (peak 95 GFLOP/s)."
        in lines
    )
    assert lines.count("Not measured yet.") == 4


def test_columns_that_nothing_fills_are_left_out(tool: Any, tmp_path: Path) -> None:
    row = way(0.5, 0.25)
    del row["gflop"], row["share_of_peak"]
    case = {
        "ways": {"ours": row},
        "times_faster": {},
        "rounds": 1,
        "versions": {"torch": "2.13.0", "transformers": "5.23.0"},
        "hardware": {"processor": "A processor", "accelerator": "none"},
    }
    (tmp_path / "ranking.json").write_text(json.dumps({"what": "x", "cases": {"large": case}}))
    lines = tool.page(tmp_path).splitlines()
    assert "| case | way | seconds | items/s | memory, MiB | times ours |" in lines
    assert "| --- | --- | ---: | ---: | ---: | ---: |" in lines
    assert "| large | ours | 0.5 [0.25, 1] | 64.0 | 1,234 | 1 |" in lines
    assert "A processor, torch 2.13.0, transformers 5.23.0, 1 round: large." in lines


def test_a_page_that_says_something_else_is_told(
    tool: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(tool, "PAGE", tmp_path / "docs.md")
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    monkeypatch.setattr("sys.argv", ["write_performance.py"])
    assert tool.main() == 0
    monkeypatch.setattr("sys.argv", ["write_performance.py", "--check"])
    assert tool.main() == 0
    (tmp_path / "docs.md").write_text("something else")
    assert tool.main() == 1
    assert "run `make docs`" in capsys.readouterr().out


def searches(per_second: float, recall: float) -> dict[str, float]:
    return {
        "searches": 200,
        "p50_ms": 1000 / per_second,
        "p99_ms": 2000 / per_second,
        "per_second": per_second,
        "recall": recall,
    }


def test_galleries_have_a_row_a_search_and_say_how_large_they_are(tool: Any, tmp_path: Path) -> None:
    lists = {"lists": 244, "probes": 20}
    index = {"width": 64, "candidates": 200, "used": True, "seconds": 31.4, "bytes": 25 * 2**20} | lists
    full = {"seconds": 97.2, "bytes": 234 * 2**20}
    low = {
        "provenance": {"hardware": {"processor": "A processor", "cores": 2}},
        "ingest": {"items_per_second": 1234.5},
        "sizes": {"vectors_bytes": 3 * 2**20, "items_bytes": 2**20},
        "exact": searches(5, 1.0),
        "index": index,
        "search, filter none": searches(100, 0.991),
        "search, filter camera": searches(50, 0.995),
        "index of another tenant": {
            "width": 32,
            "candidates": 100,
            "lists": 77,
            "probes": 7,
            "used": True,
            "seconds": 4,
            "bytes": 2**21,
        },
        "search of another tenant": searches(75, 0.9975),
        "full width": full,
        "search, full width, 200 candidates": searches(80, 0.9905),
        "graph": {"seconds": 48, "bytes": 2**25},
        "search, graph, 1000 candidates": searches(40, 0.96),
    }
    uniform = {"exact": searches(5, 1.0), "index": index | {"used": False, "bytes": 0}}
    uniform["search, filter none"] = searches(5, 1.0)
    content = {"settings": {"dim": 1536}, "cases": {"low-rank, 60000": low, "uniform, 60000": uniform}}
    (tmp_path / "gallery.json").write_text(json.dumps(content))
    text = tool.page(tmp_path)
    rows = [line for line in text.splitlines() if line.startswith(("| low-rank", "| uniform"))]
    ours = "ours (64 numbers, 20 of 244 lists, 200 candidates)"
    other = "ours (32 numbers, 7 of 77 lists, 100 candidates), of another tenant"
    full_width = "HNSW (all numbers, 200 candidates)"
    assert rows == [
        "| low-rank, 60000 | exact scan | 200 | 200.0 | 400.0 | 5.0 | 1.0 | 1.0000 |  |  |",
        f"| low-rank, 60000 | {ours} | 200 | 10.0 | 20.0 | 100.0 | 20.0 | 0.9910 | 25 | 31 |",
        f"| low-rank, 60000 | {ours}, by camera | 200 | 20.0 | 40.0 | 50.0 |  | 0.9950 |  |  |",
        f"| low-rank, 60000 | {other} | 200 | 13.3 | 26.7 | 75.0 |  | 0.9975 | 2 | 4 |",
        f"| low-rank, 60000 | {full_width} | 200 | 12.5 | 25.0 | 80.0 | 16.0 | 0.9905 | 234 | 97 |",
        "| low-rank, 60000 | HNSW (64 numbers, 1000 candidates) | 200 | 25.0 | 50.0 | 40.0 | 8.0 | 0.9600 | 32 | 48 |",
        "| uniform, 60000 | exact scan | 200 | 200.0 | 400.0 | 5.0 | 1.0 | 1.0000 |  |  |",
        "| uniform, 60000 | ours (no index) | 200 | 200.0 | 400.0 | 5.0 | 1.0 | 1.0000 |  |  |",
    ]
    assert "vectors of 1536 numbers, enrolled at 1,234 a second, 4 MiB on the disk" in text


def test_a_rate_that_was_not_measured_is_not_told(tool: Any, tmp_path: Path) -> None:
    case = {
        "provenance": {"hardware": {"processor": "A processor", "cores": 2}},
        "ingest": {"timed_items": 0, "items_per_second": None},
        "sizes": {"vectors_bytes": 2**20, "items_bytes": 0},
        "exact": searches(5, 1.0),
    }
    content = {"settings": {"dim": 96}, "cases": {"low-rank, 60": case}}
    (tmp_path / "gallery.json").write_text(json.dumps(content))
    assert "low-rank, 60: vectors of 96 numbers, 1 MiB on the disk" in tool.page(tmp_path)


def test_what_stands_behind_the_numbers_follows_from_them(tool: Any) -> None:
    """The page's own words on aims that are missed or met are those of the records that travel with it."""
    cases = {
        name: json.loads((tool.RESULTS / f"{name}.json").read_text())["cases"]
        for name in ("teacher", "student", "distillation_step")
    }
    faster = {
        case: {way: ratio["median"] for way, ratio in found["times_faster"].items()}
        for every in cases.values()
        for case, found in every.items()
    }
    assert (
        faster["2B, pictures, cpu"]["straightforward"] < 2 <= faster["2B, captions, cpu"]["straightforward"]
    )
    for case in ("tiny, pictures, cpu", "ViT-L/14, pictures, cpu"):
        assert cases["student"][case]["times_faster"]["straightforward"]["median"] < 1.05
    for case, ratios in faster.items():
        if case.startswith("losses"):
            assert (ratios["as written"] >= 5) == ("512" not in case)
