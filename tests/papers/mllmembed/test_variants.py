"""What is compared is what the paper's tables say, and the files of its full-sized trainings."""

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
FILES = {
    COSINE: "ablations/table-2-b-cosine",
    RELATION: "ablations/table-2-c-relation",
    PRINCIPAL: "ablations/table-2-d-principal",
    BOTH: "distillation",
    LITTLE: "ablations/table-4-a-global",
    HALF: "ablations/table-4-b-even",
}


@pytest.mark.parametrize("name", TERMS)
def test_a_distillation_is_that_of_its_file(name: str) -> None:
    base = load_config(PAPER / "distillation.yaml")
    assert isinstance(base, DistillationConfig)
    assert with_terms(base, name) == load_config(PAPER / f"{FILES[name]}.yaml")
    assert sum(TERMS[name]) == pytest.approx(0.99), "the task has the rest"


@pytest.mark.parametrize("adapters", ADAPTERS, ids=str)
def test_adapters_are_those_of_their_file(adapters: Adapters) -> None:
    base = load_config(PAPER / "teacher.yaml")
    assert isinstance(base, TeacherConfig)
    file = f"ablations/table-3-rank-{adapters.rank}-stride-{adapters.stride}.yaml"
    expected = load_config(PAPER / ("teacher.yaml" if adapters == CHOSEN_ADAPTERS else file))
    assert with_adapters(base, adapters) == expected


def test_table_3_has_the_adapters_of_the_study_too() -> None:
    base = load_config(PAPER / "teacher.yaml")
    assert isinstance(base, TeacherConfig)
    assert compared_adapters(base) == ADAPTERS
    assert compared_adapters(with_adapters(base, Adapters(64, 1))) == (*ADAPTERS, Adapters(64, 1))


def test_every_distillation_is_in_a_table() -> None:
    assert {*ABLATION, *RATIOS} == {*TERMS, ABLATION[0]}
