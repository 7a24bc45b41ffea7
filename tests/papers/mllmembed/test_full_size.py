"""The paper's preset: everything is looked for first, and the same code runs to its end on miniatures."""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from crossreid.core.errors import ConfigurationError
from crossreid.synthesis.pedestrians.dataset import write_world
from papers.mllmembed.full_size import join, paper_study
from papers.mllmembed.run import reproduce

CONFIGS = Path(__file__).parents[3] / "configs" / "paper"
LOOP = (
    "loop.steps=1", "loop.precision=fp32", "loop.log_every=1", "loop.workers=0", "loop.tracker=", "batch.people=2",
    "batch.groups=1", "input.treatment=", "input.height=84", "input.width=56",
)  # fmt: skip
SMALL = [f"{kind}.{setting}" for kind in ("teacher", "student", "distillation") for setting in LOOP]


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("data")
    sizes = {"train": 3, "test": 3}
    for seed, name in enumerate(("first", "second")):
        write_world(folder / name, seed=seed, people=sizes, groups_per_person=2, workers=1, progress=False)
    return {name: folder / name for name in ("first", "second")}


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Market-1501 in small: photographs and nothing else."""
    root = tmp_path_factory.mktemp("market")
    names = {
        "bounding_box_train": ["0002_c1s1_000001_01.jpg"],
        "query": ["0001_c1s1_000001_01.jpg", "0003_c2s1_000001_01.jpg"],
        "bounding_box_test": [
            f"000{person}_c{camera}s1_000002_01.jpg" for person in (1, 3) for camera in (3, 4)
        ],
    }
    for number, (folder, files) in enumerate(names.items()):
        (root / folder).mkdir()
        for place, name in enumerate(files):
            Image.new("RGB", (28, 56), (60 * number, 50 * place, 90)).save(root / folder / name)
    return root


def test_everything_that_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    sources: dict[str, Any] = {"cloud": str(tmp_path / "empty"), "edge": "nobody/has-this"}
    with pytest.raises(ConfigurationError) as caught:
        paper_study(
            {"CUHK-PEDES": tmp_path / "gone"},
            dataset="manifest",
            configs=CONFIGS,
            spectra={"sysu-mm01": tmp_path / "empty"},
            **sources,
        )
    message = str(caught.value)
    for words in (
        f"the weights in {tmp_path / 'empty'} (--cloud), which has none of *.safetensors",
        "the weights nobody/has-this (--edge), neither a folder nor in the hub's cache",
        "train of CUHK-PEDES",
        "test of CUHK-PEDES",
        "test of sysu-mm01 (--spectrum)",
    ):
        assert words in message
    with pytest.raises(ConfigurationError, match=r"data \(--data CUHK-PEDES=FOLDER"):
        paper_study({}, dataset="manifest", configs=CONFIGS, cloud=sources["cloud"], edge=sources["edge"])
    with pytest.raises(ConfigurationError, match="two data sets named llcm"):
        paper_study({"llcm": tmp_path}, dataset="llcm", configs=CONFIGS, spectra={"llcm": tmp_path})
    with pytest.raises(ConfigurationError, match=r"teacher\.yaml.*student\.yaml"):
        paper_study({}, dataset="manifest", configs=tmp_path)


def test_data_without_sketches_are_refused(
    people: dict[str, Path], backbones: dict[str, Path], tmp_path: Path
) -> None:
    lines = (people["first"] / "manifest.csv").read_text().splitlines(keepends=True)
    kept = [line for line in lines if "/sketch/" not in line]
    assert len(kept) < len(lines)
    (tmp_path / "manifest.csv").write_text("".join(kept))
    for split in ("train", "test"):
        (tmp_path / split).symlink_to(people["first"] / split)
    with pytest.raises(ConfigurationError, match="sketch in train of lacking"):
        paper_study(
            {"lacking": tmp_path},
            dataset="manifest",
            cloud=str(backbones["cloud"]),
            edge=str(backbones["edge"]),
            configs=CONFIGS,
        )


def test_people_of_two_data_sets_stay_apart(tiny: Any) -> None:
    one = tiny.dataset(people=2)
    both = join({"a": one, "b": one})
    assert len(both) == 2 * len(one)
    assert both.people == (0, 1, 2, 3)
    assert len({sample.item_id for sample in both.samples}) == len(both)
    assert both.labels[2] == f"b/{one.labels[0]}"
    assert len(both.groups()) == 2 * len(one.groups())


def test_it_runs_to_its_end_on_miniatures(
    people: dict[str, Path], backbones: dict[str, Path], photographs: Path, tmp_path: Path
) -> None:
    study = paper_study(
        people,
        dataset="manifest",
        cloud=str(backbones["cloud"]),
        edge=str(backbones["edge"]),
        configs=CONFIGS,
        spectra={"market-1501": photographs},
        overrides=[*SMALL, "distillation.distillation.components=4"],
    )
    assert study.student.dim == 32, "as wide as the cloud model"
    items, results = ["table1", "figure7"], tmp_path / "results"
    done = reproduce(items, study, seeds=1, folder=tmp_path / "runs", results=results, say=lambda _: None)
    text = done.document.read_text()
    spectra = json.loads((results / "figure7.json").read_text())
    assert spectra["items"] == {"first": 24, "second": 24, "market-1501": 6, "training people": 48}
    assert "| market-1501 (6 items) |" in text
    rows = json.loads((results / "table1.json").read_text())["rows"]
    means = [
        row["values"]["mean_ap"][0]
        for row in rows
        if (row["task"], row["setting"], row["protocol"]) == ("S->R", "C2C", "source-excluded")
    ]
    assert f"| S->R | C2C | {sum(means) / 2:.2f} | 74.96 |" in text
    assert "| **S->R** | **E2C** | **second** |" in text
    assert "| T->R | E2C | paper: RSTPReid | 52.79 | 74.18 | 82.89 | 46.44 | 28.82 |" in text
    assert "untrained" not in text
