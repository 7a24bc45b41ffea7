from dataclasses import asdict

import pytest

from crossreid.core.errors import ConfigurationError
from crossreid.runtime.parity import Agreement, Parity, TaskChange


def parity(*, mean: float = 1.0, lowest: float = 1.0, change: float = 0.0) -> Parity:
    task = TaskChange("S->R", r1=50.0, r1_change=0.0, mean_ap=40.0, mean_ap_change=change)
    return Parity({"rgb": Agreement(1.0, 1.0, 5), "ir": Agreement(mean, lowest, 5)}, tasks=(task,))


@pytest.mark.parametrize(
    ("precision", "kept", "broken"),
    [
        ("fp32", parity(mean=0.9, lowest=0.9999), parity(lowest=0.99989)),
        ("fp16", parity(lowest=0.999), parity(lowest=0.9989)),
        ("bf16", parity(lowest=0.999), parity(lowest=0.9989)),
        ("int8", parity(mean=0.999, lowest=0.9), parity(mean=0.9989)),
        ("fp32", parity(change=-0.1), parity(change=-0.11)),
        ("int8", parity(change=-1.0), parity(change=-1.01)),
        ("int8", parity(change=5.0), parity(mean=float("nan"))),
    ],
)
def test_what_each_precision_must_keep(precision: str, kept: Parity, broken: Parity) -> None:
    assert kept.broken(precision) == ()
    (line,) = broken.broken(precision)
    assert line.startswith(("ir: ", "S->R: mAP -"))


def test_a_comparison_of_nothing_proves_nothing() -> None:
    with pytest.raises(ConfigurationError, match="nothing"):
        Parity({}).broken("fp32")


def test_a_report_survives_its_dictionary() -> None:
    assert Parity.from_dict(asdict(parity())) == parity()
