"""What the demonstration promises, measured over seeds. Slow."""

from pathlib import Path

import numpy as np
import pytest

from crossreid.demonstration.settings import DemoSettings
from crossreid.demonstration.stages import compare, draw, embed, fit, mean_average_precision

SEEDS = (0, 1, 2)


@pytest.mark.slow
def test_distillation_beats_training_alone_and_stays_near_the_cloud(tmp_path: Path) -> None:
    gains, gaps = [], []
    for seed in SEEDS:
        settings = DemoSettings(seed=seed)
        folder = tmp_path / str(seed)
        data = draw(settings, folder, quiet=True)
        report = compare(embed(fit(settings, data, folder, quiet=True), data.people, quiet=True))
        edge = mean_average_precision(report, "E2E")
        gains.append(edge - mean_average_precision(report, "edge, task only"))
        gaps.append(mean_average_precision(report, "C2C") - edge)
    assert np.mean(gains) >= 3
    assert np.mean(gaps) <= 5
