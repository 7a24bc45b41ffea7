import json
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from crossreid.core.encoder import Encoder
from crossreid.models.loading import load_encoder
from crossreid.training import pretraining
from crossreid.training.config import CaptioningConfig, ContrastiveConfig

CONFIGS: dict[str, type[CaptioningConfig | ContrastiveConfig]] = {
    "captioning": CaptioningConfig,
    "contrastive": ContrastiveConfig,
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", CONFIGS)
def test_a_pretraining_makes_an_encoder_and_shares_its_pictures(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pretraining, "_TOKENIZER_CAPTIONS", 1500)
    loop: dict[str, Any] = {"steps": 3, "learning_rate": 1e-3, "muon_learning_rate": 0.02, "log_every": 1}
    settings = {
        "loop": loop | {"workers": 0, "tracker": None},
        "people": 4,
        "drawn_people": 6,
        "encounters": 2,
    }
    config = CONFIGS[kind].model_validate({"kind": kind} | settings)
    folder = pretraining.pretrain(config, tmp_path / "run", quiet=True)
    encoder: Encoder = load_encoder(folder)
    assert encoder.encode(["a man in a red coat"], modality="text").vectors.shape == (1, 320)
    losses = [json.loads(line) for line in (tmp_path / "run" / "history.jsonl").read_text().splitlines()]
    assert [line["step"] for line in losses] == [1, 2, 3]
    drawn = (tmp_path / "pictures" / "pictures.npy").stat().st_mtime_ns
    again = pretraining.pretrain(config, tmp_path / "again", quiet=True)
    assert (tmp_path / "pictures" / "pictures.npy").stat().st_mtime_ns == drawn
    first, second = load_file(folder / "model.safetensors"), load_file(again / "model.safetensors")
    assert all((first[name] == second[name]).all() for name in first)
