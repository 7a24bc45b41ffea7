"""The benchmark of made pictures runs, on next to nothing, and its page says what its record says."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

TINY = [
    "loop.steps=1",
    "drawn_people=2",
    "validation_people=0",
    "network={height: 32, width: 32, channels: 4, halvings: 3}",
]


def test_both_kinds_are_compared_with_true_pictures(
    program: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    benchmark = program("benchmarks/translators.py")
    arguments = ["--work", str(tmp_path / "work"), "--out", str(tmp_path), "--people", "3", "--set", *TINY]
    monkeypatch.setattr(sys, "argv", ["translators", *arguments])
    benchmark.main()
    kinds = json.loads((tmp_path / "translators.json").read_text())["kinds"]
    assert kinds.keys() == {"sketch", "ir"}
    for kind in kinds.values():
        assert kind["seconds"] > 0
        assert kind["ways"].keys() == {"true", "without weights", "learned"}
        for name in ("psnr", "ssim"):
            ways = [kind["ways"][way][name]["mean"] for way in ("learned", "without weights")]
            assert kind["gained"][name]["mean"] == pytest.approx(ways[0] - ways[1])
        assert 0 < kind["ways"]["true"]["search"]["mean_ap"] <= 100
    assert (tmp_path / "translators.png").read_bytes().startswith(b"\x89PNG")


def test_closeness_by_hand(program: Any) -> None:
    """A picture that is off by a fifth of the range everywhere: 14 dB; itself: as near as can be."""
    benchmark = program("benchmarks/translators.py")
    true = np.full((24, 12, 3), 100, np.uint8)
    off = true + np.uint8(51)
    near = benchmark.closeness([off, true], [true, true])
    assert near["psnr"][0] == pytest.approx(-20 * np.log10(51 / 255), abs=1e-4)
    assert near["psnr"][1] == pytest.approx(90)
    assert near["ssim"][1] == pytest.approx(1)
    grey, other = 100 / 255, 151 / 255
    lightness = (2 * grey * other + 0.01**2) / (grey**2 + other**2 + 0.01**2)
    assert near["ssim"][0] == pytest.approx(lightness, abs=5e-4)


def test_people_are_drawn_with_all_of_their_pictures(program: Any) -> None:
    benchmark = program("benchmarks/translators.py")
    same = benchmark.interval(np.array([1.0, 3.0, 1.0, 3.0]), np.array([0, 0, 1, 1]))
    assert same == {"mean": 2, "low": 2, "high": 2}
    unlike = benchmark.interval(np.array([1.0, 1.0, 3.0, 3.0]), np.array([0, 0, 1, 1]))
    assert unlike == {"mean": 2, "low": 1, "high": 3}
