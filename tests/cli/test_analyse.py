from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crossreid.analysis.low_rank import low_rank_spectrum
from crossreid.core.embeddings import Embeddings
from crossreid.data.images import decode_image

Call = Callable[..., Any]


def test_the_spectra_of_several_files(run: Call, embeddings: Path, tmp_path: Path) -> None:
    photos = Embeddings.load(embeddings).of("rgb").save(tmp_path / "photos.parquet")
    out = tmp_path / "figures" / "spectrum.png"
    result = run("analyse", "low-rank", embeddings, photos, "--out", out)
    rank = low_rank_spectrum(Embeddings.load(photos).unit().vectors).effective_rank
    assert f"photos: effective rank {rank:.1f} of 32" in result.stdout
    assert result.stdout.startswith("edge: effective rank")
    assert decode_image(out).shape[2] == 3
    assert "Next: crossreid analyse tsne" in result.stdout


def test_a_map_of_some_people(run: Call, embeddings: Path, tmp_path: Path) -> None:
    out = tmp_path / "map.svg"
    result = run("analyse", "tsne", embeddings, "--people", 2, "--out", out)
    assert f"Wrote {out}: 16 items" in result.stdout  # 2 people x 2 encounters x 4
    assert "<svg" in out.read_text()
    nobody = Embeddings.load(embeddings)
    nobody.person_ids[:] = -1
    file = nobody.save(tmp_path / "nobody.parquet")
    assert "nobody known" in run("analyse", "tsne", file, "--out", out, status=2).stderr


def test_cases_show_the_pictures(run: Call, world: Path, embeddings: Path, tmp_path: Path) -> None:
    words = ("analyse", "cases", embeddings, "--data", world, "--out")
    result = run(*words, tmp_path / "cases.png", "--task", "T->R", "--task", "S->R", "--top", 3)
    assert decode_image(tmp_path / "cases.png").std() > 10
    searches = int(result.stdout.split(":")[1].split()[0])
    assert 2 <= searches <= 4
    run(*words, tmp_path / "one.png", "--task", "T->R", "--failures", 1, "--successes", 0)
    run(*words, tmp_path / "same.png", "--task", "T->R", "--failures", 1, "--successes", 0)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "same.png").read_bytes()
    other = run(*words, tmp_path / "x.png", "--split", "train", status=2)
    assert "embedded but not in the data" in other.stderr


@pytest.mark.parametrize("command", ["low-rank", "tsne"])
def test_figures_of_other_kinds_are_refused(run: Call, embeddings: Path, command: str) -> None:
    result = run("analyse", command, embeddings, "--out", "figure.gif", status=2)
    assert "--out figure.gif; expected a name that ends in .png or .svg" in result.stderr


def test_the_program_says_which_analyses_there_are(run: Call) -> None:
    output = run("analyse", "--help").stdout
    for command in ("low-rank", "tsne", "cases"):
        assert command in output
