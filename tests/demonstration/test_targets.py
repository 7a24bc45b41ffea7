"""The story of the demonstration at a reduced size: what has to hold for the shipped models. Slow.

The aims themselves are measured at full size and over seeds by `benchmarks/demonstration.py`.
"""

import pytest

from crossreid.demonstration.run import DemoResult, mean_map, run_demo
from crossreid.demonstration.settings import DemoSettings
from crossreid.demonstration.story import zero_steps

pytestmark = pytest.mark.slow

REDUCED = DemoSettings(
    train_people=500,
    validation_people=60,
    gallery_people=100,
    teacher_steps=40,
    student_steps=60,
    validations=3,
)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> DemoResult:
    return run_demo(REDUCED, tmp_path_factory.mktemp("demo"), say=lambda _: None, quiet=True)


def test_the_site_is_strange_to_the_untrained_models(result: DemoResult) -> None:
    means = mean_map(result.report)
    assert means["untrained cloud"] < means["C2C"]
    assert means["untrained edge"] < means["E2E"]


def test_the_edge_model_learns_from_the_cloud_model(result: DemoResult) -> None:
    means = mean_map(result.report)
    assert means["E2E"] > zero_steps(means)
    assert means["E2C"] > means["untrained edge"]
