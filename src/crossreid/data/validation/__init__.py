"""Is a data set what it should be?"""

from crossreid.data.validation.check import check_dataset
from crossreid.data.validation.report import Finding, ValidationReport

__all__ = ["Finding", "ValidationReport", "check_dataset"]
