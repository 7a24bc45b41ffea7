from pathlib import Path

import numpy as np
import torch
from PIL import Image

from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.data.dataset import Dataset
from crossreid.demonstration.settings import DemoSettings, distillation_config, student_config, teacher_config
from crossreid.demonstration.stages import in_memory
from crossreid.models.loading import load_encoder


def test_a_decoded_picture_is_what_the_model_would_have_seen(tmp_path: Path) -> None:
    torch.manual_seed(0)
    noise = (torch.rand(280, 140, 3) * 255).to(torch.uint8).numpy()
    Image.fromarray(noise).save(tmp_path / "a.jpg")
    words = Sample(Modality.TEXT, person_id=0, caption="a red coat", item_id="text")
    photo = Sample(Modality.RGB, person_id=0, path=tmp_path / "a.jpg", source_id="a", item_id="a")
    people = Dataset("people", "train", (photo, words), ("a",))
    decoded = in_memory(people)
    assert decoded.samples[1] == words
    assert decoded.samples[0].path is None
    assert (decoded.samples[0].item_id, decoded.samples[0].source_id) == ("a", "a")
    encoder = load_encoder("tiny-edge")
    np.testing.assert_array_equal(
        encoder.encode(decoded.samples).vectors, encoder.encode(people.samples).vectors
    )


def test_the_settings_reach_the_trainings() -> None:
    settings = DemoSettings(
        teacher_steps=30, teacher_learning_rate=0.002, lora_rank=8, lora_stride=3, lora_dense=2, student_steps=40,
        student_learning_rate=0.0005, validations=2, batch_people=7, seed=5,
    )  # fmt: skip
    teacher, student = teacher_config(settings), student_config(settings)
    assert (teacher.lora.rank, teacher.lora.stride, teacher.lora.dense) == (8, 3, 2)
    assert (teacher.loop.steps, teacher.loop.learning_rate, teacher.loop.validate_every) == (30, 0.002, 15)
    assert (student.loop.steps, student.loop.learning_rate, student.loop.validate_every) == (40, 0.0005, 20)
    for config in (teacher, student, distillation_config(settings)):
        assert (config.batch.people, config.loop.seed, config.keep) == (7, 5, "best")


def test_both_students_train_alike(tmp_path: Path) -> None:
    settings = DemoSettings()
    alone = student_config(settings).model_dump(exclude={"kind", "dim"})
    distilled = distillation_config(settings).model_dump(exclude={"kind", "distillation"})
    assert alone == distilled
    started = distillation_config(settings, start=tmp_path)
    assert started.backbone == str(tmp_path.resolve())
    assert started.distillation.head_start == "clip"
