"""What is compared is what the paper's tables say, over its full-sized trainings."""

from pathlib import Path

import pytest

from crossreid.training.config import DistillationConfig, TeacherConfig, load_config
from papers.mllmembed.variants import (
    ABLATION,
    ADAPTERS,
    BOTH,
    CHOSEN_ADAPTERS,
    COSINE,
    HALF,
    LITTLE,
    PRINCIPAL,
    RATIOS,
    RELATION,
    TERMS,
    Adapters,
    compared_adapters,
    with_adapters,
    with_terms,
)

PAPER = Path(__file__).parents[3] / "configs" / "paper"
PRINTED = {
    COSINE: (0.99, 0.0, 0.0), RELATION: (0.29, 0.0, 0.70), PRINCIPAL: (0.29, 0.70, 0.0), BOTH: (0.29, 0.35, 0.35),
    LITTLE: (0.70, 0.145, 0.145), HALF: (0.495, 0.2475, 0.2475),
}  # fmt: skip
"""Weights of cosine, PCM and FR."""


@pytest.fixture(scope="module")
def distillation() -> DistillationConfig:
    config = load_config(PAPER / "distillation.yaml")
    assert isinstance(config, DistillationConfig)
    return config


@pytest.fixture(scope="module")
def teacher() -> TeacherConfig:
    config = load_config(PAPER / "teacher.yaml")
    assert isinstance(config, TeacherConfig)
    return config


@pytest.mark.parametrize("name", TERMS)
def test_a_distillation_differs_in_its_printed_weights_alone(
    name: str, distillation: DistillationConfig
) -> None:
    changed = with_terms(distillation, name)
    terms = changed.distillation
    assert (terms.cosine, terms.principal, terms.relation) == PRINTED[name]
    assert terms.task == 0.01
    shared = {"distillation": {"cosine", "principal", "relation"}}
    assert changed.model_dump(exclude=shared) == distillation.model_dump(exclude=shared)


def test_the_file_is_the_last_row_of_table_2(distillation: DistillationConfig) -> None:
    assert with_terms(distillation, BOTH) == distillation


def test_table_3_has_two_ranks_and_three_strides() -> None:
    assert {(one.rank, one.stride) for one in ADAPTERS} == {(8, 1), (8, 2), (8, 4), (16, 1), (16, 2), (16, 4)}


@pytest.mark.parametrize("adapters", ADAPTERS, ids=str)
def test_a_teacher_differs_in_its_rank_and_stride_alone(adapters: Adapters, teacher: TeacherConfig) -> None:
    changed = with_adapters(teacher, adapters)
    assert (changed.lora.rank, changed.lora.stride) == (adapters.rank, adapters.stride)
    shared = {"lora": {"rank", "stride"}}
    assert changed.model_dump(exclude=shared) == teacher.model_dump(exclude=shared)


def test_the_file_has_the_chosen_adapters(teacher: TeacherConfig) -> None:
    assert with_adapters(teacher, CHOSEN_ADAPTERS) == teacher


def test_table_3_has_the_adapters_of_the_study_too(teacher: TeacherConfig) -> None:
    assert compared_adapters(teacher) == ADAPTERS
    assert compared_adapters(with_adapters(teacher, Adapters(64, 1))) == (*ADAPTERS, Adapters(64, 1))


def test_every_distillation_is_in_a_table() -> None:
    assert {*ABLATION, *RATIOS} == {*TERMS, ABLATION[0]}
