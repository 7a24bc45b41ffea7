"""MLLMReID from its configuration to an encoder: trained, stopped and continued, searched by, and a teacher itself."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from crossreid.core.errors import ConfigurationError, DataError
from crossreid.data.dataset import Dataset
from crossreid.evaluation.evaluate import evaluate
from crossreid.gallery import index_folder, open_gallery
from crossreid.models.encoder import ModelEncoder
from crossreid.models.folder import load_model, save_model
from crossreid.models.loading import load_encoder
from crossreid.models.mllmreid import Mllmreid
from crossreid.models.mllmreid_prompts import COMMON, DIVERSE
from crossreid.training.build import read_history, train_model
from crossreid.training.config import (
    DistillationConfig,
    DsmdConfig,
    MllmreidConfig,
    StudentConfig,
    load_config,
)
from crossreid.training.continuations import Continuations
from crossreid.training.machine import Machine
from crossreid.training.mllmreid import load_backbone, make_task, validation_tasks
from crossreid.training.plan import plan_training
from crossreid.training.teacher_features import store_teacher_features

CONFIGS = Path(__file__).parents[2] / "configs"
CPU = Machine("cpu", 1, None, "fp32", 1e9, 1.0, "measured here")
LOOP: dict[str, Any] = {"steps": 4, "learning_rate": 0.01, "log_every": 1, "workers": 0, "tracker": None}
LORA = {"rank": 2}


@pytest.fixture(scope="module")
def backbone(tiny: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(save_model(tiny.llava(), tmp_path_factory.mktemp("llava") / "model"))


def configuration(backbone: str, **settings: Any) -> MllmreidConfig:
    values = {
        "kind": "mllmreid", "backbone": backbone, "loop": LOOP, "lora": LORA, "batch": {"people": 2, "groups": 2},
        "augmentation": {"flip": 0.0, "padding": 0, "erase": 0.0}, "samples": 2,
    }  # fmt: skip
    return MllmreidConfig.model_validate(values | settings)


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_it_runs_to_its_end_and_says_what_it_sees(tiny: Any, backbone: str, tmp_path: Path) -> None:
    people = tiny.dataset()
    config = configuration(backbone, vision_rate=1.0)
    model = train_model(config, people, tmp_path, validation=people, quiet=True)
    history = tmp_path / "history.jsonl"
    for name in ("total", "lm", "reid", "picture", "words", "visual_identity", "latent_triplet"):
        assert [step for step, _ in read_history(history, name)] == [1, 2, 3, 4], name
    # Two batches of two people are an epoch of five.
    assert [step for step, _ in read_history(history, "validation_map")] == [0, 2, 4]
    said = lines(tmp_path / "samples.jsonl")
    assert [line["step"] for line in said] == [0, 0, 2, 2, 4, 4]
    first, second = said[0], said[1]
    assert first["item"] != second["item"]
    captions = {sample.caption for sample in people.of("text").samples}
    for line in said:
        assert f"{line['beginning']} {line['expected']}" in captions
        assert line["instruction"] == COMMON.words
        assert isinstance(line["from_picture"], str)
        assert isinstance(line["from_words"], str)
    encoder = load_encoder(model, device="cpu")
    last = evaluate(encoder, dataset=people, tasks=("R->R",), protocol="market").rows[0].mean_ap
    assert read_history(history, "validation_map")[-1][1] == pytest.approx(last, abs=0.01)
    assert encoder.fingerprint != load_encoder(backbone, device="cpu").fingerprint


def test_a_stopped_training_goes_on_as_if_nothing_had_happened(
    tiny: Any, backbone: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = tiny.dataset()
    settings = {"mllmreid": {"instructions": "diverse"}, "loop": LOOP | {"checkpoint_every": 2}}
    config = configuration(backbone, **settings)
    whole = train_model(config, people, tmp_path / "whole", quiet=True)
    write = Continuations.write

    def stop(self: Continuations, step: int) -> float:
        said = write(self, step)
        if step == 4:
            raise KeyboardInterrupt
        return said

    with monkeypatch.context() as patch:
        patch.setattr(Continuations, "write", stop)
        with pytest.raises(KeyboardInterrupt):
            train_model(config, people, tmp_path / "parts", quiet=True)
    parts = train_model(config, people, tmp_path / "parts", quiet=True)
    assert load_encoder(parts).fingerprint == load_encoder(whole).fingerprint
    files = [lines(tmp_path / run / "samples.jsonl") for run in ("whole", "parts")]
    assert files[0] == files[1]
    assert [line["instruction"] for line in files[0]] == [DIVERSE[0].words] * 6
    assert "from_words" not in files[0][0]


def test_photographs_alone_are_enough_without_words(tiny: Any, backbone: str, tmp_path: Path) -> None:
    """As Market-1501 has them: no captions, and no picture is said to belong to another."""
    people = tiny.dataset(people=3).of("rgb")
    samples = tuple(replace(sample, source_id="") for sample in people.samples)
    alone = replace(people, samples=samples)
    config = configuration(backbone, mllmreid={"lambda_value": 0.0}, loop=LOOP | {"steps": 2})
    model = train_model(config, alone, tmp_path / "run", validation=alone, quiet=True)
    assert load_encoder(model).dim == 24
    history = tmp_path / "run" / "history.jsonl"
    assert [value for _, value in read_history(history, "lm")] == [0.0, 0.0]
    assert len(read_history(history, "latent_identity")) == 2
    assert (tmp_path / "run" / "samples.jsonl").exists() is False


def test_the_best_can_be_kept(tiny: Any, backbone: str, tmp_path: Path) -> None:
    people = tiny.dataset()
    config = configuration(backbone, keep="best", loop=LOOP | {"validate_every": 1}, samples=0)
    model = train_model(config, people, tmp_path, validation=people, quiet=True)
    maps = [value for _, value in read_history(tmp_path / "history.jsonl", "validation_map")]
    assert len(maps) == 5
    report = evaluate(load_encoder(model), dataset=people, tasks=("R->R",), protocol="market")
    assert report.rows[0].mean_ap == pytest.approx(max(maps), abs=0.01)
    assert not (tmp_path / "samples.jsonl").exists()


def test_the_vision_tower_learns_who_is_who(tiny: Any, backbone: str, tmp_path: Path) -> None:
    people = tiny.dataset(people=6)
    loop = LOOP | {"steps": 15, "learning_rate": 3e-3}
    config = configuration(backbone, loop=loop, vision_rate=1.0, batch={"people": 6, "groups": 2}, samples=0)
    train_model(config, people, tmp_path, quiet=True)
    identity = [value for _, value in read_history(tmp_path / "history.jsonl", "visual_identity")]
    assert identity[-1] < identity[0] - 0.2
    picture = [value for _, value in read_history(tmp_path / "history.jsonl", "picture")]
    assert picture[-1] < picture[0] - 0.1


def test_the_paper_s_configuration_runs_in_small(tiny: Any, backbone: str, tmp_path: Path) -> None:
    smaller = [
        f"backbone={backbone}", "loop.steps=1", "loop.workers=0", "loop.tracker=", "batch.people=2",
        "batch.groups=1", "input.height=56", "input.width=28", "lora.rank=2", "samples=1",
    ]  # fmt: skip
    config = load_config(CONFIGS / "mllmreid-paper.yaml", smaller)
    assert isinstance(config, MllmreidConfig)
    assert (config.mllmreid.lambda_value, config.mllmreid.lambda_on) == (0.7, "lm")
    assert config.mllmreid.shares == pytest.approx((0.7, 0.3))
    model, _ = load_model(train_model(config, tiny.dataset(people=3), tmp_path, quiet=True))
    assert (model.preprocessing.height, model.preprocessing.width) == (56, 28)


def test_a_trained_model_fills_a_gallery(tiny: Any, backbone: str, tmp_path: Path) -> None:
    from PIL import Image

    people = tiny.dataset(people=3).of("rgb")
    for sample in people.samples:
        place = tmp_path / "photos" / str(sample.person_id) / f"{sample.item_id}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(sample.image).save(place)
    encoder = load_encoder(backbone, device="cpu")
    gallery = open_gallery(tmp_path / "gallery")
    assert index_folder(tmp_path / "photos", encoder, gallery).added == 6
    (best,) = gallery.search(encoder.encode([people.samples[2].image]), top=1)
    assert best.person == str(people.samples[2].person_id)
    assert best.score == pytest.approx(1, abs=1e-5)


def followed(teacher: Mllmreid, data: Dataset, student: str, folder: Path) -> Any:
    features = store_teacher_features(ModelEncoder(teacher), data, folder / "teacher.parquet")
    config = DistillationConfig.model_validate(
        {
            "kind": "distillation", "backbone": student, "loop": LOOP | {"steps": 2}, "batch": {"people": 3},
            "distillation": {"components": 4}, "weights": {"sdm": 0.0},
        }
    )  # fmt: skip
    model = train_model(config, data, folder / "run", teacher_features=features, quiet=True)
    return load_encoder(model), features


def test_it_can_be_the_teacher_of_a_distillation(tiny: Any, tmp_path: Path) -> None:
    student = str(save_model(tiny.student(), tmp_path / "student"))
    people = tiny.dataset(people=3)
    encoder, features = followed(tiny.llava(feature="latent"), people, student, tmp_path / "latent")
    assert encoder.dim == features.dim == 32
    assert encoder.fingerprint.partition("@")[2] == features.fingerprint.partition("@")[2]
    encoder, features = followed(tiny.llava(), people.of("rgb", "ir"), student, tmp_path / "vision")
    assert encoder.dim == features.dim == 24
    with pytest.raises(DataError, match="text for an encoder of pictures"):
        store_teacher_features(ModelEncoder(tiny.llava()), people, tmp_path / "all.parquet")


def test_what_cannot_be_trained_is_refused(tiny: Any, backbone: str, tmp_path: Path) -> None:
    pictures = tiny.dataset(people=3).of("rgb")
    with pytest.raises(ConfigurationError, match=r"without captions.*lambda_value=0"):
        make_task(configuration(backbone), pictures)
    make_task(configuration(backbone, mllmreid={"lambda_value": 0.0}), pictures)
    student = str(save_model(tiny.student(), tmp_path / "student"))
    with pytest.raises(ConfigurationError, match="which is a Student; expected a LLaVA"):
        load_backbone(student)
    with pytest.raises(ConfigurationError, match="expected a CLIP"):
        load_backbone(f"{backbone}+{backbone}")
    asked = StudentConfig.model_validate(
        {"kind": "student", "backbone": backbone, "loop": LOOP, "batch": {"people": 2}}
    )
    with pytest.raises(ConfigurationError, match="which is a LLaVA; expected a student"):
        train_model(asked, pictures, tmp_path / "run", quiet=True)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"backbone": "tiny"}, "`alignment` belongs to the backbone `tiny`"),
        ({"alignment": {"loop": LOOP}}, "`alignment` belongs to the backbone `tiny`"),
        ({"modalities": ["text"]}, "without a kind of picture"),
        ({"modalities": ["rgb", "text"], "mllmreid": {"reid": "visual"}}, "needs `reid: direct`"),
        ({"mllmreid": {"reid": "none", "lambda_value": 0.0}}, "L_LM has weight 0"),
        ({"mllmreid": {"reid": "none", "lambda_value": 1.0, "lambda_on": "reid"}}, "L_LM has weight 0"),
    ],
)
def test_impossible_settings_are_refused(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        configuration(settings.pop("backbone", "somewhere"), **settings)


@pytest.mark.parametrize(
    ("modalities", "feature", "expected"),
    [
        (["rgb"], "vision", (("R->R",), "market")),
        (["rgb", "text"], "vision", (("R->R",), "market")),
        (["rgb", "ir", "text"], "latent", (("IR->R", "T->R"), "source-excluded")),
        (["rgb", "sketch"], "vision", (("S->R",), "source-excluded")),
    ],
)
def test_validations_search_by_what_was_learnt(modalities: list[str], feature: str, expected: Any) -> None:
    assert validation_tasks(configuration("b", modalities=modalities, feature=feature)) == expected


@pytest.mark.parametrize("settings", [{}, {"mllmreid": {"reid": "visual"}}, {"vision_rate": 0.0}])
def test_a_plan_counts_what_is_trained(tiny: Any, backbone: str, settings: dict[str, Any]) -> None:
    config, people = configuration(backbone, **settings), tiny.dataset()
    plan, task = plan_training(config, people, machine=CPU), make_task(config, people)
    assert plan.trained_parameters == sum(p.numel() for p in task.parameters() if p.requires_grad)
    tuner: Any = task.adapters.base_model
    adapted = {name for name, module in tuner.model.named_modules() if hasattr(module, "lora_A")}
    assert set(plan.adapters) == adapted
    assert (plan.kind, plan.height, plan.width, plan.batch.items) == ("mllmreid", 84, 56, 2 * 2 * 2)
    assert plan.backbone_parameters == sum(p.numel() for p in tiny.llava().parameters())


def test_a_plan_of_what_is_to_be_made_and_of_two_towers(tiny: Any, backbone: str, tmp_path: Path) -> None:
    from transformers import LlamaConfig

    small = load_config(CONFIGS / "mllmreid-tiny.yaml")
    assert isinstance(small, MllmreidConfig)
    plan = plan_training(small, None, machine=CPU)
    assert (plan.height, plan.width) == (112, 56)
    # Four blocks of seven layers: four of 256 x 256, three between 256 and 682.
    assert sum(plan.adapters.values()) == (4 * 16 * (2 * (320 + 320) + 2 * (320 + 160) + 3 * (320 + 864)))
    LlamaConfig(
        vocab_size=50, hidden_size=64, intermediate_size=96, num_hidden_layers=1, num_attention_heads=2
    ).save_pretrained(tmp_path / "language")
    save_model(tiny.student(), tmp_path / "vision")
    config = configuration(f"{tmp_path / 'vision'}+{tmp_path / 'language'}")
    drawn = plan_training(config, None, machine=CPU)
    assert sum(drawn.adapters.values()) == 2 * (4 * (64 + 64) + 3 * (64 + 96))
    assert (drawn.height, drawn.width) == (84, 56)


@pytest.mark.parametrize("task", [0.0, 0.5])
def test_a_plan_of_dsmd_counts_both_kinds_of_students(tiny: Any, tmp_path: Path, task: float) -> None:
    from crossreid.training.build import _task

    people = tiny.dataset(people=8)
    two = tiny.vision_text(tiny.WORDS, dim=12, vocabulary=120)
    folder = save_model(two, tmp_path / "two")
    joined = f"{folder / 'vision'}+{folder / 'text'}"
    clip = str(save_model(tiny.student(dim=12, projection=12), tmp_path / "clip"))
    features = ModelEncoder(two).encode(people.samples)
    for backbone in (str(folder), joined, clip):
        values = {"kind": "dsmd", "backbone": backbone, "loop": LOOP, "dsmd": {"task": task, "queue": 8}}
        config = DsmdConfig.model_validate(values)
        teacher = clip if backbone == joined else None
        plan = plan_training(config, people, machine=CPU, teacher=teacher)
        trained = [p for p in _task(config, people, features).parameters() if p.requires_grad]
        assert plan.trained_parameters == sum(p.numel() for p in trained), backbone
        assert plan.adapters == {}
        state = plan.memory.trained + plan.memory.gradients + plan.memory.moments
        assert state == pytest.approx(16 * plan.trained_parameters / 2**20)
