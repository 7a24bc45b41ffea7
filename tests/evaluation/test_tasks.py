from itertools import product

import pytest

from crossreid.core.errors import ConfigurationError
from crossreid.core.modality import Modality
from crossreid.evaluation.tasks import RetrievalTask


def test_letters():
    assert RetrievalTask.parse("S->R") == RetrievalTask(Modality.SKETCH, Modality.RGB)
    assert RetrievalTask.parse("IR->T") == RetrievalTask(Modality.IR, Modality.TEXT)


@pytest.mark.parametrize("text", [f"{a}->{b}" for a, b in product(["R", "IR", "S", "T"], repeat=2)])
def test_every_task_is_written_as_it_is_read(text):
    assert str(RetrievalTask.parse(text)) == text


@pytest.mark.parametrize("text", ["", "S", "S->", "S>R", "s->r", "S->R->T", "X->R", "rgb->ir"])
def test_anything_else_is_refused(text):
    with pytest.raises(ConfigurationError, match=r"expected 'X->Y' with X and Y of R, IR, S, T"):
        RetrievalTask.parse(text)
