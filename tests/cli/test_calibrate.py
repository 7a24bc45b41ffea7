import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crossreid.core.embeddings import Embeddings
from crossreid.data.images import decode_image
from crossreid.evaluation.calibration import calibrate
from crossreid.evaluation.calibration_file import read_calibrations, write_calibrations

Call = Callable[..., Any]


def test_a_calibrated_gallery_answers_nobody(run: Call, world: Path, edge: Path, tmp_path: Path) -> None:
    home, out = tmp_path / "gallery", tmp_path / "calibration.json"
    run("index", world / "test" / "rgb", "--encoder", edge, "--out", home)
    shown = run("calibrate", edge, "--data", world, "--split", "train", "--into", home, "--out", out)
    assert "6 people of world, train, in a gallery of 10 pictures" in shown.stdout
    assert f"Wrote {out}" in shown.stdout
    assert f"Copied into {home}" in shown.stdout
    assert f"Next: crossreid search {home}" in shown.stdout
    (learnt,) = read_calibrations(out)
    assert len(learnt.evidence) == 15
    ask = ("search", home, "--text", "a man in a red coat", "--modality", "rgb", "--fpir")
    # Twelve searches can show one in four, and no rate much lower.
    answer = run(*ask, 0.25, "--json")
    assert set(json.loads(answer.stdout)) == {"gallery", "fpir", "match", "missed", "results"}
    assert "searches in galleries of 10 pictures" in run(*ask, 0.01, status=2).stderr


def test_probabilities_and_silence_are_shown(run: Call, world: Path, edge: Path, tmp_path: Path) -> None:
    home = tmp_path / "gallery"
    run("index", world / "test" / "rgb", "--encoder", edge, "--out", home)
    photo = next((world / "test" / "rgb").glob("*.jpg"))
    ask = ("search", home, "--rgb", photo, "--fpir")
    assert "crossreid calibrate" in run(*ask, 0.3, status=2).stderr
    run("calibrate", edge, "--data", world, "--split", "train", "--into", home, "--out", tmp_path / "c.json")
    found = run(*ask, 0.3, "--top", 2).stdout.splitlines()
    # The photo itself is enrolled: nothing is nearer.
    assert found[0].split() == ["rank", "score", "probability", "person", "camera", "path"]
    assert found[1].split()[1] == "1.000"
    assert found[1].split()[2].endswith("%")
    (learnt,) = read_calibrations(home / "calibration.json")
    for item in learnt.evidence.values():
        item.non_mated[:] = np.linspace(2, 3, len(item.non_mated))
    write_calibrations(home / "calibration.json", [learnt])
    strip = tmp_path / "strip.png"
    silent = run(*ask, 0.3, "--show", strip)
    assert silent.stdout == "No match at a false-positive rate of 0.3\n"
    assert "does not prove absence" in silent.stderr
    # No score reaches 2.
    assert "At this rate 100% of people present were missed in calibration." in silent.stderr
    assert not strip.exists()


def test_the_calibration_stays_with_the_model(run: Call, world: Path, edge: Path, embeddings: Path) -> None:
    file = edge / "calibration.json"
    try:
        run("calibrate", edge, "--data", world, "--split", "test")
        (learnt,) = read_calibrations(file)
        expected = calibrate(Embeddings.load(embeddings), data="world, test")
        assert (learnt.weights, learnt.data) == (expected.weights, expected.data)
        run("calibrate", embeddings, "--gallery", edge, "--data", world, "--split", "test")
        assert len(read_calibrations(file)) == 1
    finally:
        file.unlink(missing_ok=True)


def test_figures_come_with_their_numbers(run: Call, embeddings: Path, tmp_path: Path) -> None:
    run("calibrate", embeddings, "--out", tmp_path / "c.json", "--figures", tmp_path / "figures")
    for name in ("error-rates", "scores", "reliability"):
        assert decode_image(tmp_path / "figures" / f"{name}.png").std() > 5
        assert "<svg" in (tmp_path / "figures" / f"{name}.svg").read_text()
        record = json.loads((tmp_path / "figures" / f"{name}.json").read_text())
        assert record["configuration"]["protocol"] == "source-excluded"
        assert record["versions"]["crossreid"]
    assert record["error"] >= 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["tiny-edge", "--data", "x"],
            "no folder of its own to keep a calibration in; expected --out or --into",
        ),
        (["tiny-edge"], "tiny-edge without a data set"),
    ],
)
def test_what_calibrate_refuses(run: Call, words: list[str], message: str) -> None:
    assert message in " ".join(run("calibrate", *words, status=2).stderr.split())
