from itertools import product

import pytest

from crossreid.core.errors import ConfigurationError
from crossreid.core.modality import Modality
from crossreid.evaluation.tasks import RetrievalTask, every_combination


def test_letters():
    assert RetrievalTask.parse("S->R") == RetrievalTask(Modality.SKETCH, Modality.RGB)
    assert RetrievalTask.parse("IR->T") == RetrievalTask(Modality.IR, Modality.TEXT)


@pytest.mark.parametrize("text", [f"{a}->{b}" for a, b in product(["R", "IR", "S", "T"], repeat=2)])
def test_every_task_is_written_as_it_is_read(text):
    assert str(RetrievalTask.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "S", "S->", "S>R", "s->r", "S->R->T", "X->R", "rgb->ir", "S+->R", "S+S->R", "S->R+T"]
)
def test_anything_else_is_refused(text):
    with pytest.raises(ConfigurationError, match=r"expected 'X->Y' with X and Y of R, IR, S, T"):
        RetrievalTask.parse(text)


def test_several_pieces_of_evidence():
    task = RetrievalTask.parse("IR+S+T->R")
    assert task.evidence == (Modality.IR, Modality.SKETCH, Modality.TEXT)
    assert (str(task), task.gallery) == ("IR+S+T->R", Modality.RGB)


def test_every_combination_of_four_is_fifteen():
    assert every_combination(("IR", "S")) == ("IR->R", "S->R", "IR+S->R")
    assert len(set(every_combination(("R", "IR", "S", "T")))) == 15


def test_queries_of_one_piece_are_the_rows(people):
    assert RetrievalTask.parse("S->R").queries(people).item_ids.tolist() == [
        f"{person}-{group}-sketch" for person in range(4) for group in range(2)
    ]


def test_the_piece_that_is_in_the_gallery_names_the_query(people):
    assert RetrievalTask.parse("T+R->R").queries(people).item_ids[0] == "0-0-rgb"
    assert RetrievalTask.parse("T+S->R").queries(people).item_ids[0] == "0-0-text"
