import pytest
import torch

from crossreid.core.errors import ConfigurationError
from crossreid.losses.shapes import check_positive, check_same_rows, check_same_width


def test_what_belongs_together_passes():
    check_same_rows(features=torch.zeros(3, 2), person_ids=torch.zeros(3))
    check_same_width(student=torch.zeros(3, 2), teacher=torch.zeros(5, 2))
    check_positive(temperature=0.05)


def test_other_numbers_of_rows_are_refused():
    with pytest.raises(ConfigurationError, match=r"rows 3 of features, 4 of person_ids; expected one number"):
        check_same_rows(features=torch.zeros(3, 2), person_ids=torch.zeros(4))


def test_no_rows_are_refused():
    with pytest.raises(ConfigurationError, match=r"at least 1"):
        check_same_rows(features=torch.zeros(0, 2), person_ids=torch.zeros(0))


def test_other_widths_are_refused():
    with pytest.raises(ConfigurationError, match=r"widths 2 of student, 3 of teacher"):
        check_same_width(student=torch.zeros(3, 2), teacher=torch.zeros(3, 3))


@pytest.mark.parametrize("temperature", [0.0, -1.0])
def test_zero_and_less_are_refused(temperature):
    with pytest.raises(ConfigurationError, match=r"temperature .* above 0"):
        check_positive(temperature=temperature)
