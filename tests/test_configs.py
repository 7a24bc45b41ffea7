"""The configurations that come with the program."""

from pathlib import Path
from typing import Any

import pytest
import torch

from crossreid.core.embeddings import Embeddings
from crossreid.core.modality import Modality
from crossreid.data.preprocessing import IMAGENET_MEAN
from crossreid.models.encoder import ModelEncoder
from crossreid.models.folder import load_model, save_model
from crossreid.models.prompts import PAPER_PROMPTS, RELEASE_PROMPTS
from crossreid.models.teacher import Teacher
from crossreid.training import pretraining
from crossreid.training.build import read_history, train_model
from crossreid.training.config import (
    CaptioningConfig,
    ContrastiveConfig,
    DistillationConfig,
    StudentConfig,
    TeacherConfig,
    load_config,
)

CONFIGS = Path(__file__).parents[1] / "configs"
FILES = sorted(str(path.relative_to(CONFIGS)) for path in CONFIGS.rglob("*.yaml"))
FULL_SIZED = ["paper/teacher", "paper/student", "paper/distillation"]
FULL_SIZED += [name.replace("paper", "release") for name in FULL_SIZED]


@pytest.mark.parametrize("name", FILES)
def test_a_configuration_loads_and_says_how_it_is_run(name: str) -> None:
    config = load_config(CONFIGS / name)
    verb = "distill" if config.kind in ("distillation", "dsmd") else "train"
    assert f"crossreid {verb} configs/{name}" in (CONFIGS / name).read_text(encoding="utf-8")


def test_every_kind_has_one() -> None:
    kinds = {load_config(path).kind for path in CONFIGS.rglob("*.yaml")}
    assert kinds == {
        "captioning", "contrastive", "teacher", "student", "distillation", "dsmd", "mllmreid",
        "translator",
    }  # fmt: skip


def test_both_presets_have_all_three_trainings() -> None:
    assert {str(path.relative_to(CONFIGS)) for path in CONFIGS.glob("*/*.yaml")} == {
        f"{n}.yaml" for n in FULL_SIZED
    }


@pytest.fixture(scope="module")
def backbones(tiny: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("backbones")
    return {
        "teacher": save_model(tiny.teacher(), folder / "teacher"),
        "student": save_model(tiny.student(), folder / "student"),
    }


@pytest.fixture(scope="module")
def features(tiny: Any) -> Embeddings:
    return ModelEncoder(tiny.teacher()).encode(tiny.dataset(people=3).samples)


RUN_HERE = [
    name for name in FILES if load_config(CONFIGS / name).kind in ("teacher", "student", "distillation")
]
PRETRAININGS = [name for name in FILES if name.startswith("pretrain-")]
RUN_ELSEWHERE = {
    "dsmd-tiny.yaml", "dsmd-paper.yaml", "dsmd-paper-mscoco.yaml",  # tests/training/test_dsmd_build.py
    "mllmreid-tiny.yaml",  # tests/cli/test_mllmreid.py
    "mllmreid-paper.yaml",  # tests/training/test_mllmreid_build.py
    *(path.name for path in CONFIGS.glob("translators-*.yaml")),  # tests/training/test_translation.py
}  # fmt: skip


def test_every_file_is_run_to_its_end_by_a_test() -> None:
    assert sorted([*RUN_HERE, *PRETRAININGS, *RUN_ELSEWHERE]) == FILES


@pytest.mark.parametrize("name", RUN_HERE)
def test_one_runs_to_its_end_in_small(
    tiny: Any, backbones: dict[str, Path], features: Embeddings, tmp_path: Path, name: str
) -> None:
    kind = load_config(CONFIGS / name).kind
    smaller = [
        f"backbone={backbones['teacher' if kind == 'teacher' else 'student']}", "loop.steps=2", "loop.accumulation=2",
        "loop.workers=0", "loop.tracker=", "loop.log_every=1", "batch.people=2", "batch.groups=1",
    ]  # fmt: skip
    smaller += {"student": ["dim=16"], "distillation": ["distillation.components=4"]}.get(kind, [])
    config = load_config(CONFIGS / name, smaller)
    assert isinstance(config, TeacherConfig | StudentConfig | DistillationConfig)
    stored = features if isinstance(config, DistillationConfig) else None
    folder = train_model(config, tiny.dataset(people=3), tmp_path, teacher_features=stored, quiet=True)
    for term in _terms(config) | {"total"}:
        steps = [2] if term == "triplet" and config.weights.triplet_warmup else [1, 2]
        assert [step for step, _ in read_history(tmp_path / "history.jsonl", term)] == steps, term
    model, _ = load_model(folder)
    if config.input.treatment is not None:
        _check_treatment(model, release=name.startswith("release"))
    with torch.inference_mode():
        size = model.preprocessing
        seen = model.embed_images(torch.randn(1, 3, size.height, size.width), [Modality.SKETCH])
    assert seen.shape == (1, 16 if kind == "student" else 32)


def _terms(config: TeacherConfig | StudentConfig | DistillationConfig) -> set[str]:
    """Losses that a training writes down."""
    terms = {"identity", "sdm", "triplet"}
    if isinstance(config, DistillationConfig):
        weights = config.distillation
        terms |= {term for term in ("cosine", "principal", "relation") if getattr(weights, term)}
    return terms


def _pretrain(name: str, folder: Path) -> Path:
    """Without torch.compile, which has a test of its own."""
    smaller = [
        "loop.steps=1", "loop.log_every=1", "loop.workers=0", "loop.tracker=", "compiled=false",
        "photographs=6", "drawings=4", "batch_photographs=4", "batch_drawings=2",
    ]  # fmt: skip
    config = load_config(CONFIGS / name, smaller)
    assert isinstance(config, CaptioningConfig | ContrastiveConfig)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pretraining, "_TOKENIZER_CAPTIONS", 1500)
        return pretraining.pretrain(config, folder, quiet=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", PRETRAININGS)
def test_a_pretraining_runs_to_its_end_in_small(tmp_path: Path, name: str) -> None:
    config = load_config(CONFIGS / name)
    assert isinstance(config, CaptioningConfig | ContrastiveConfig)
    model, _ = load_model(_pretrain(name, tmp_path / "run"))
    assert isinstance(model, Teacher) == (config.kind == "captioning")
    assert len(read_history(tmp_path / "run" / "history.jsonl", "total")) == 1


def _check_treatment(model: Any, *, release: bool) -> None:
    size = (336, 196) if release and isinstance(model, Teacher) else (280, 140)
    assert (model.preprocessing.height, model.preprocessing.width) == size
    assert (model.preprocessing.mean == IMAGENET_MEAN) == release
    assert model.preprocessing.resampling == ("lanczos" if release else "bicubic")
    if isinstance(model, Teacher):
        assert model.conversation.prompts == (RELEASE_PROMPTS if release else PAPER_PROMPTS)


def test_what_paper_and_release_disagree_in() -> None:
    paper, release = (load_config(CONFIGS / preset / "teacher.yaml") for preset in ("paper", "release"))
    assert isinstance(paper, TeacherConfig)
    assert isinstance(release, TeacherConfig)
    assert (paper.lora.dora, paper.lora.attention, paper.lora.merger) == (False, "chosen", False)
    assert (release.lora.dora, release.lora.attention, release.lora.merger) == (True, "all", True)
    assert (paper.lora.rank, release.lora.rank, release.lora.scaling, release.lora.dropout) == (
        16,
        16,
        64,
        0.1,
    )
    assert (paper.weights.identity, paper.weights.sdm_reduction) == (1.0, "sum")
    assert (release.weights.identity, release.weights.sdm_reduction) == (0.25, "mean")
    assert (paper.batch.captions, release.batch.captions) == ("all", "first")
    of_paper, of_release = (
        load_config(CONFIGS / preset / "distillation.yaml") for preset in ("paper", "release")
    )
    assert isinstance(of_paper, DistillationConfig)
    assert isinstance(of_release, DistillationConfig)
    for config, weights, variants in (
        (of_paper, (0.01, 0.29, 0.35, 0.35), ("train_set", "gram", "rowwise")),
        (of_release, (0.01, 0.0, 0.49, 0.5), ("batch", "correlation", "rowwise")),
    ):
        terms = config.distillation
        assert (terms.task, terms.cosine, terms.principal, terms.relation) == weights
        assert (terms.basis, terms.relation_kind, terms.relation_match) == variants
