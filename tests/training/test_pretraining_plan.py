"""The plan of a pretraining, against the task that it would train."""

from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from transformers import CLIPModel, PreTrainedTokenizerFast, Qwen2VLModel

from crossreid.core.modality import Modality
from crossreid.models.loading import model_folder
from crossreid.models.presets import TINY_DIM, tiny_cloud_config, tiny_edge_config, tiny_preprocessing
from crossreid.models.prompts import TINY_PROMPTS
from crossreid.models.student import Student
from crossreid.models.teacher import Teacher
from crossreid.models.tokenizer import special_token_ids
from crossreid.synthesis.pedestrians.attributes import attribute_sizes
from crossreid.synthesis.pedestrians.world import World
from crossreid.training.batches import CaptionedBatch
from crossreid.training.config import CaptioningConfig, ContrastiveConfig
from crossreid.training.machine import Machine
from crossreid.training.pretraining_plan import plan_pretraining
from crossreid.training.tasks.captioning import CaptioningTask
from crossreid.training.tasks.contrastive import ContrastiveTask

PEOPLE, THINGS = 4, 2
CPU = Machine("cpu", 1, None, "fp32", 1e9, 1.0, "measured here")


def settings(**others: Any) -> dict[str, Any]:
    loop = {"steps": 30, "learning_rate": 0.1, "accumulation": 2}
    sizes = {"photographs": 10, "drawings": 5, "batch_photographs": PEOPLE, "batch_drawings": THINGS}
    return {"loop": loop} | sizes | others


def batch() -> CaptionedBatch:
    captions = tuple(World(0).group("pretrain", number, 0).caption for number in range(PEOPLE + THINGS))
    return CaptionedBatch(
        pixel_values=torch.zeros(PEOPLE + THINGS, 3, 112, 56),
        captions=captions,
        attributes=torch.zeros(PEOPLE, len(attribute_sizes()), dtype=torch.long),
        modalities=(Modality.RGB,) * (PEOPLE + THINGS),
        answered=(0,),
        answers=captions[:1],
    )


def words(name: str) -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast.from_pretrained(model_folder(name), local_files_only=True)


def captioning() -> nn.Module:
    tokenizer = words("tiny-cloud")
    backbone = Qwen2VLModel(tiny_cloud_config(special_token_ids(tokenizer)))
    teacher = Teacher(backbone, tokenizer, TINY_PROMPTS, tiny_preprocessing())
    return CaptioningTask(
        teacher, contrast=1.0, attributes=1.0, tagging_share=0.0, attribute_sizes=attribute_sizes()
    )


def contrastive() -> nn.Module:
    tokenizer = words("tiny-edge")
    clip = CLIPModel(tiny_edge_config(special_token_ids(tokenizer)))
    student = Student(clip, tokenizer, tiny_preprocessing(), dim=TINY_DIM)
    return ContrastiveTask(
        clip, student, attributes=1.0, tagging_share=0.0, attribute_sizes=attribute_sizes()
    )


@pytest.mark.parametrize(
    ("config", "task"),
    [
        (CaptioningConfig.model_validate({"kind": "captioning"} | settings()), captioning),
        (ContrastiveConfig.model_validate({"kind": "contrastive"} | settings()), contrastive),
    ],
)
def test_it_counts_what_a_step_does(config: Any, task: Any) -> None:
    plan, trained = plan_pretraining(config, machine=CPU), task()
    assert plan.parameters == sum(parameter.numel() for parameter in trained.parameters())
    memory = plan.memory
    assert memory.trained + memory.gradients + memory.moments == pytest.approx(16 * plan.parameters / 2**20)
    with FlopCounterMode(display=False) as counter:
        trained(batch(), progress=0.0)["total"].backward()
    assert 0.7 < plan.cost.flops / (2 * counter.get_total_flops()) < 1.2


def test_it_counts_what_will_be_drawn() -> None:
    plan = plan_pretraining(
        ContrastiveConfig.model_validate({"kind": "contrastive"} | settings()), machine=CPU
    )
    assert plan.pictures == 15
    assert plan.disk_mib == 15 * 3 * 112 * 56 / 2**20
    assert plan.epochs == 60 / 2
