import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from crossreid.core.encoder import Encoder
from crossreid.core.errors import CheckpointError
from crossreid.core.modality import Modality
from crossreid.models.loading import load_encoder
from crossreid.models.presets import TINY_DIM
from crossreid.training import pretraining
from crossreid.training.config import CaptioningConfig, ContrastiveConfig

CONFIGS: dict[str, type[CaptioningConfig | ContrastiveConfig]] = {
    "captioning": CaptioningConfig,
    "contrastive": ContrastiveConfig,
}
SIZES = {"photographs": 6, "drawings": 3, "batch_photographs": 4, "batch_drawings": 2}


@pytest.mark.slow
@pytest.mark.parametrize("kind", CONFIGS)
def test_a_pretraining_makes_an_encoder_and_shares_its_pictures(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pretraining, "_TOKENIZER_CAPTIONS", 1500)
    loop: dict[str, Any] = {"steps": 3, "learning_rate": 1e-3, "muon_learning_rate": 0.02, "log_every": 1}
    settings = {
        "loop": loop | {"workers": 0, "tracker": None},
        **SIZES,
    }
    config = CONFIGS[kind].model_validate({"kind": kind} | settings)
    folder = pretraining.pretrain(config, tmp_path / "run", quiet=True)
    encoder: Encoder = load_encoder(folder)
    assert encoder.encode(["a man in a red coat"], modality="text").vectors.shape == (1, TINY_DIM)
    losses = [json.loads(line) for line in (tmp_path / "run" / "history.jsonl").read_text().splitlines()]
    assert [line["step"] for line in losses] == [1, 2, 3]
    drawn = (tmp_path / "corpus" / "photographs.npy").stat().st_mtime_ns
    again = pretraining.pretrain(config, tmp_path / "again", quiet=True)
    assert (tmp_path / "corpus" / "photographs.npy").stat().st_mtime_ns == drawn
    first, second = load_file(folder / "model.safetensors"), load_file(again / "model.safetensors")
    assert all((first[name] == second[name]).all() for name in first)


def test_the_record_of_another_pretraining_is_kept(tmp_path: Path) -> None:
    config = ContrastiveConfig.model_validate(
        {"kind": "contrastive", "loop": {"steps": 3, "learning_rate": 1e-3}, **SIZES}
    )
    other = config.model_dump(mode="json") | {"batch_drawings": 1}
    checkpoint = tmp_path / "checkpoint"
    checkpoint.mkdir()
    (checkpoint / "progress.json").write_text(json.dumps({"format": 1, "step": 1, "config": other}))
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(CheckpointError, match="batch_drawings"):
        pretraining.pretrain(config, tmp_path, quiet=True)
    assert (tmp_path / "run.json").read_text() == "{}"


@pytest.mark.slow
@pytest.mark.parametrize("kind", CONFIGS)
def test_a_pretraining_goes_on_from_another(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pretraining, "_TOKENIZER_CAPTIONS", 1500)
    loop: dict[str, Any] = {"learning_rate": 1e-3, "log_every": 1, "workers": 0, "tracker": None}
    settings: dict[str, Any] = {"kind": kind, **SIZES}
    begun = CONFIGS[kind].model_validate(settings | {"loop": loop | {"steps": 2}})
    pretraining.pretrain(begun, tmp_path / "begun", quiet=True)
    monkeypatch.setattr(pretraining, "train_tokenizer", lambda *_, **__: pytest.fail("another tokenizer"))
    # A rate so small that no weight moves: what comes out is what went in.
    still = loop | {"steps": 1, "learning_rate": 1e-30, "weight_decay": 0.0}
    further = CONFIGS[kind].model_validate(settings | {"loop": still, "start": tmp_path / "begun"})
    pretraining.pretrain(further, tmp_path / "further", quiet=True)
    first, second = (load_file(tmp_path / name / "model/model.safetensors") for name in ("begun", "further"))
    assert all((first[name] == second[name]).all() for name in first)


@pytest.mark.slow
@pytest.mark.traced
@pytest.mark.filterwarnings("ignore:`torch.jit.script_method` is deprecated")  # inductor's own import
def test_compiled_towers_give_the_same_features(tiny: Any) -> None:
    teacher = tiny.teacher()
    pictures, kinds = tiny.pixels(3), (Modality.RGB, Modality.IR, Modality.SKETCH)
    captions = ("a man with a bag", "a long grey coat and a red hat")
    with torch.no_grad():
        plain = teacher.embed_images(pictures, kinds), teacher.embed_captions(captions)
        teacher.compile_towers()
        compiled = teacher.embed_images(pictures, kinds), teacher.embed_captions(captions)
    for before, after in zip(plain, compiled, strict=True):
        torch.testing.assert_close(after, before, rtol=1e-4, atol=1e-4)
