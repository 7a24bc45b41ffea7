from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from pydantic import ValidationError

from crossreid.core.errors import ConfigurationError
from crossreid.training.config import (
    CaptioningConfig,
    ContrastiveConfig,
    DistillationConfig,
    DsmdConfig,
    LoopConfig,
    MllmreidConfig,
    StudentConfig,
    TeacherConfig,
    TrainingConfig,
    TranslatorConfig,
    load_config,
)

LOOP = {"steps": 3, "learning_rate": 0.1}
DSMD_LOSSES = ("contrast", "feature", "similarity", "hard_negative")
KINDS = {
    "captioning": CaptioningConfig,
    "contrastive": ContrastiveConfig,
    "teacher": TeacherConfig,
    "student": StudentConfig,
    "distillation": DistillationConfig,
    "dsmd": DsmdConfig,
    "mllmreid": MllmreidConfig,
    "translator": TranslatorConfig,
}
REQUIRED = {"mllmreid": {"backbone": "llava"}, "translator": {"modality": "ir"}}


def write(folder: Path, values: Any) -> Path:
    path = folder / "training.yaml"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_loads(tmp_path: Path, kind: str) -> None:
    config = load_config(write(tmp_path, {"kind": kind, "loop": LOOP} | REQUIRED.get(kind, {})))
    assert type(config) is KINDS[kind]
    assert config.loop == LoopConfig(steps=3, learning_rate=0.1)


def test_these_are_all_kinds() -> None:
    assert set(get_args(get_args(TrainingConfig)[0])) == set(KINDS.values())


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"kind": "teacher", "loop": LOOP, "lorra": {}}, "lorra"),
        ({"kind": "teacher", "loop": LOOP | {"step": 3}}, "loop.step"),
        ({"kind": "distillation", "loop": LOOP, "distillation": {"pcm": 1}}, "distillation.pcm"),
        ({"kind": "student", "loop": LOOP, "weights": {"tau": 0.1}}, "weights.tau"),
    ],
)
def test_unknown_keys_are_refused_by_their_path(tmp_path: Path, values: dict[str, Any], path: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"yaml: {path}: Extra inputs are not permitted"):
        load_config(write(tmp_path, values))


@pytest.mark.parametrize(
    ("assignment", "nearest"),
    [
        ("lorra.rank=8", "lora"),
        ("loop.step=3", "loop.steps"),
        ("rank=8", "lora.rank"),
        ("weights.tempreature=0.1", "weights.temperature"),
        ("loop.accumulate=2", "loop.accumulation"),
    ],
)
def test_a_misspelt_key_is_told_which_one_is_meant(tmp_path: Path, assignment: str, nearest: str) -> None:
    with pytest.raises(
        ConfigurationError, match=rf": Extra inputs are not permitted, did you mean {nearest}\?"
    ):
        load_config(write(tmp_path, {"kind": "teacher", "loop": LOOP}), [assignment])


def test_what_is_like_nothing_gets_no_proposal(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"yaml: zzzzz: Extra inputs are not permitted; see"):
        load_config(write(tmp_path, {"kind": "teacher", "loop": LOOP, "zzzzz": 1}))


def test_overrides_take_the_place_of_the_file_s_settings(tmp_path: Path) -> None:
    path = write(tmp_path, {"kind": "teacher", "loop": LOOP})
    config = load_config(path, ["loop.steps=7", "lora.dora=true", "lora.towers=[vision]", "loop.steps=8"])
    assert isinstance(config, TeacherConfig)
    assert (config.loop.steps, config.loop.learning_rate) == (8, 0.1)
    assert (config.lora.dora, config.lora.towers, config.lora.rank) == (True, ("vision",), 16)
    assert load_config(path).loop.steps == 3


@pytest.mark.parametrize(
    ("assignment", "complaint"),
    [
        ("loop.steps", "path=value"),
        ("=3", "path=value"),
        ("kind.steps=3", "kind to be a group of settings"),
        ("loop.steps=[", "a value in YAML"),
        ("loop.steps=0", r"yaml: loop\.steps: .*greater than 0"),
    ],
)
def test_overrides_that_cannot_be_are_refused(tmp_path: Path, assignment: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        load_config(write(tmp_path, {"kind": "teacher", "loop": LOOP}), [assignment])


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"kind": "teacher"}, r"yaml: loop: Field required"),
        ({"kind": "teacher", "loop": LOOP | {"steps": 0}}, r"yaml: loop\.steps: .*greater than 0"),
        ({"kind": "student", "loop": LOOP, "augmentation": {"flip": 2}}, r"augmentation\.flip: .*less than"),
        ({"kind": "student", "loop": LOOP, "batch": {"people": 1}}, r"batch\.people: .*greater than"),
        (
            {"kind": "dsmd", "loop": LOOP, "dsmd": dict.fromkeys(DSMD_LOSSES, 0.0)},
            "contrast, feature, similarity and hard_negative all have weight 0",
        ),
        (
            {
                "kind": "distillation",
                "loop": LOOP,
                "distillation": {"balancer": {}, "cosine": 0.0, "principal": 0.0, "relation": 0.0},
            },
            "a balancer, and cosine, principal and relation all have weight 0",
        ),
        (
            {"kind": "student", "loop": LOOP | {"sharded": True, "muon_learning_rate": 0.1}},
            "`sharded` with Muon",
        ),
        (
            {"kind": "teacher", "loop": LOOP | {"sharded": True}, "batch": {"joint": 0.5}},
            r"yaml: `loop\.sharded` with `batch\.joint`",
        ),
        ({"kind": "teacher", "loop": LOOP, "lora": {"towers": ["visoin"]}}, r"yaml: lora\.towers: Input"),
        ({"kind": "student", "loop": LOOP, "batch": {"joint": 0.5}}, r"batch\.joint: Extra inputs"),
        ({"kind": "pretraining", "loop": LOOP}, "yaml: kind: .*'captioning', 'contrastive'"),
        ({"loop": LOOP}, "yaml: kind: "),
        ([1, 2], "yaml: Input should be a valid dictionary"),
        (None, "yaml: Input should be a valid dictionary"),
    ],
)
def test_impossible_settings_are_named(tmp_path: Path, values: Any, complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        load_config(write(tmp_path, values))


@pytest.mark.parametrize("content", [b"loop: [", b"\xff\xfe\x00", None])
def test_what_is_no_yaml_is_a_configuration_error(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "training.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"training\.yaml cannot be read(?s:.*)expected a YAML file"):
        load_config(path)


@pytest.mark.parametrize("kind", ["student", "distillation"])
def test_a_student_keeps_its_own_temperature_when_another_weight_is_set(tmp_path: Path, kind: str) -> None:
    config = load_config(write(tmp_path, {"kind": kind, "loop": LOOP, "weights": {"identity": 0.5}}))
    assert isinstance(config, StudentConfig | DistillationConfig)
    assert (config.weights.identity, config.weights.temperature) == (0.5, 0.07)


def test_the_defaults_are_the_paper_s() -> None:
    loop = LoopConfig(steps=1, learning_rate=1)
    teacher = TeacherConfig(kind="teacher", loop=loop)
    assert (teacher.weights.identity, teacher.weights.triplet, teacher.weights.sdm) == (1, 1, 1)
    assert (teacher.weights.temperature, teacher.weights.margin, teacher.weights.sdm_reduction) == (
        0.05, 0.3, "sum",
    )  # fmt: skip
    assert (teacher.lora.rank, teacher.lora.dense, teacher.lora.stride) == (16, 4, 2)
    edge = DistillationConfig(kind="distillation", loop=loop)
    terms = edge.distillation
    assert (terms.task, terms.cosine, terms.principal, terms.relation) == (0.01, 0.29, 0.35, 0.35)
    assert (terms.components, terms.basis, terms.relation_kind, terms.relation_match) == (
        50, "train_set", "gram", "rowwise",
    )  # fmt: skip
    assert edge.weights.temperature == StudentConfig(kind="student", loop=loop).weights.temperature == 0.07


def test_settings_do_not_change_once_made() -> None:
    loop = LoopConfig(steps=1, learning_rate=1)
    with pytest.raises(ValidationError, match="frozen"):
        loop.steps = 2
