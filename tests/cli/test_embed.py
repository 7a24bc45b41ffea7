from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crossreid.core.embeddings import Embeddings
from crossreid.data.loading import load_dataset
from crossreid.models.loading import load_encoder

Call = Callable[..., Any]


def test_a_split_is_embedded(world: Path, edge: Path, embeddings: Path) -> None:
    stored = Embeddings.load(embeddings)
    expected = load_encoder(edge).encode(load_dataset("pedestrians", world, "test").samples)
    np.testing.assert_array_equal(stored.vectors, expected.vectors)
    assert stored.item_ids.tolist() == expected.item_ids.tolist()
    assert stored.fingerprint == expected.fingerprint


def test_everything_in_half_of_the_digits(run: Call, world: Path, edge: Path, tmp_path: Path) -> None:
    file = tmp_path / "new" / "all.parquet"
    result = run(
        "embed", edge, "--data", world, "--dataset", "manifest", "--batch-size", 7, "--half", "--out", file
    )
    stored = Embeddings.load(file)
    assert len(stored) == (6 + 4) * 2 * 4
    assert np.array_equal(stored.vectors, stored.vectors.astype(np.float16))
    assert f"Wrote {file}: 80 vectors of width 32" in result.stdout
    assert f"Next: crossreid evaluate {file}" in result.stdout


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"--out": "vectors.npy"}, "--out vectors.npy; expected a name that ends in .parquet"),
        ({"--dataset": "market"}, "the data set 'market'; expected one of"),
        ({"--data": "nowhere"}, "no finished world in nowhere"),
        ({"--precision": "fp8"}, "precision 'fp8'; expected one of auto, fp32, bf16, fp16"),
    ],
)
def test_what_embed_refuses(
    run: Call,
    world: Path,
    edge: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, str],
    complaint: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    options = {"--data": str(world), "--out": "v.parquet"} | change
    result = run("embed", edge, *(word for option in options.items() for word in option), status=2)
    assert complaint in result.stderr
    assert not list(tmp_path.glob("*.parquet"))
