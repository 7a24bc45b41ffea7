"""What the demonstration aims at, measured over seeds. Slow.

`benchmarks/results/demonstration.json` holds what was measured.
"""

from collections.abc import Sequence

import numpy as np
import pytest

from crossreid.demonstration.settings import DemoSettings
from crossreid.demonstration.stages import compare, draw, embed, fit, mean_average_precision
from crossreid.evaluation.report import Report

SEEDS = (0, 1, 2)
FIRST_RANKS = {"S->R": 85, "IR->R": 70, "T->R": 80}
"""Percent, of the cloud model, among 200 people that it has never seen."""


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Report]:
    found = []
    for seed in SEEDS:
        settings, folder = DemoSettings(seed=seed), tmp_path_factory.mktemp(f"seed-{seed}")
        data = draw(settings, folder, quiet=True)
        found.append(compare(embed(fit(settings, data, folder, quiet=True), data.people, quiet=True)))
    return found


def mean(reports: Sequence[Report], setting: str) -> float:
    """Mean of the tasks' mAP over the seeds."""
    return float(np.mean([mean_average_precision(report, setting) for report in reports]))


@pytest.mark.slow
@pytest.mark.parametrize("task", list(FIRST_RANKS))
def test_the_cloud_model_finds_unseen_people(reports: Sequence[Report], task: str) -> None:
    rows = [report.row(task, setting="C2C", protocol="source-excluded") for report in reports]
    assert np.mean([row.r1 for row in rows]) >= FIRST_RANKS[task]


@pytest.mark.slow
def test_the_edge_model_stays_near_the_cloud_model(reports: Sequence[Report]) -> None:
    assert mean(reports, "C2C") - mean(reports, "E2E") <= 5


@pytest.mark.slow
def test_distillation_beats_training_alone(reports: Sequence[Report]) -> None:
    assert mean(reports, "E2E") - mean(reports, "edge, task only") >= 3
