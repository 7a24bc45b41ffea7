from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture(scope="module")
def tool(program: Any) -> ModuleType:
    return program("tools/write_expansion.py")


def figures(mean: float) -> dict[str, float]:
    return {"mean": mean, "low": mean - 0.5, "high": mean + 0.5}


def way(mean: float) -> dict[str, Any]:
    return {"psnr": figures(mean), "ssim": figures(mean / 40), "search": {"r1": 60.04, "mean_ap": 50}}


def record() -> dict[str, Any]:
    kind = {
        "configuration": {"loop": {"steps": 3000}},
        "ways": {
            "true": {"search": {"r1": 80, "mean_ap": 70.06}},
            "without weights": way(12),
            "learned": way(20),
        },
        "gained": {"psnr": figures(8), "ssim": figures(0.2)},
    }
    return {"configuration": {"people": 150, "encounters": 3}, "kinds": {"ir": kind}}


def test_every_way_is_a_row_and_the_gain_a_line(tool: ModuleType) -> None:
    lines = tool.block(record()).splitlines()
    assert "150 drawn people" in lines[0]
    assert "(infrared 3,000 steps) beside" in lines[0]
    assert lines[4:] == [
        "| infrared, true |  |  | 80.0 / 70.1 |",
        "| infrared, without weights | 12.00 [11.50, 12.50] | 0.300 [-0.200, 0.800] | 60.0 / 50.0 |",
        "| infrared, learned | 20.00 [19.50, 20.50] | 0.500 [0.000, 1.000] | 60.0 / 50.0 |",
        "",
        "- infrared: what is learned is nearer by 8.00 [7.50, 8.50] dB, and by 0.200 [-0.300, 0.700] of SSIM.",
    ]


def test_the_time_of_a_training_is_told_where_it_was_taken(tool: ModuleType) -> None:
    timed = record()
    timed["kinds"]["ir"]["seconds"] = 1790.0
    assert "(infrared 3,000 steps in 30 minutes) beside" in tool.block(timed)


def test_a_block_is_put_between_its_marks(program: Any, tmp_path: Path) -> None:
    pages = program("tools/written_pages.py")
    page = tmp_path / "page.md"
    page.write_text("above\n<!-- a -->\n\nold\n<!-- b -->\nbelow\n")
    assert pages.with_block(page, "<!-- a -->", "<!-- b -->", "new\n") == (
        "above\n<!-- a -->\n\nnew\n\n<!-- b -->\nbelow\n"
    )
