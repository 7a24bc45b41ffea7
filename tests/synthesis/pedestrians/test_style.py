import hashlib
import json
from dataclasses import astuple, replace
from pathlib import Path

import numpy as np
import pytest

from crossreid.core.errors import ConfigurationError
from crossreid.synthesis.pedestrians.dataset import write_world
from crossreid.synthesis.pedestrians.rendering import render_infrared, render_rgb, render_sketch
from crossreid.synthesis.pedestrians.shot import Shot
from crossreid.synthesis.pedestrians.style import restyle
from crossreid.synthesis.pedestrians.world import CAMERAS, World


def test_by_day_every_shot_is_as_it_was_before_there_were_styles() -> None:
    """The digest was taken of the code that had none; a picture is a function of person and shot alone."""
    groups = [World(3).group(split, p, g) for split in ("train", "test") for p in range(6) for g in range(3)]
    drawn = "\n".join(repr((astuple(one.shot), one.caption, one.camera_id)) for one in groups)
    assert hashlib.sha256(drawn.encode()).hexdigest()[:16] == "061ce42e5304404e"
    assert World(3) == World(3, "day")
    one = groups[0]
    for picture, render in (
        (one.rgb(), render_rgb), (one.infrared(), render_infrared), (one.sketch(), render_sketch),
    ):  # fmt: skip
        np.testing.assert_array_equal(picture, render(one.person, one.shot))


def test_in_the_evening_people_poses_and_words_are_the_same() -> None:
    day, evening = World(5), World(5, "evening")
    for person in range(8):
        first, second = day.group("train", person, 1), evening.group("train", person, 1)
        assert (first.person, first.caption, first.camera_id) == (
            second.person,
            second.caption,
            second.camera_id,
        )
        kept = {
            "view",
            "phase",
            "turn",
            "tilt",
            "scale",
            "offset_x",
            "offset_y",
            "rotation",
            "occluder",
            "seed",
        }
        changed = {
            name
            for name in Shot.__dataclass_fields__
            if getattr(first.shot, name) != getattr(second.shot, name)
        }
        assert not changed & kept
        assert {"gain", "gamma", "white_balance", "saturation", "light_side"} <= changed
    np.testing.assert_array_equal(
        day.group("train", 0, 0).sketch(),
        render_sketch(evening.person("train", 0), day.group("train", 0, 0).shot),
    )


def test_evening_pictures_are_darker_warmer_and_under_lamps() -> None:
    day, evening = (
        [World(5, style).group("train", person, 0) for person in range(12)] for style in ("day", "evening")
    )
    means = [
        np.mean([group.rgb().mean(axis=(0, 1)) for group in groups], axis=0) for groups in (day, evening)
    ]
    assert means[1].mean() < means[0].mean() - 15
    # Red against blue.
    assert means[1][0] / means[1][2] > 1.1 * means[0][0] / means[0][2]
    assert {group.shot.scene for group in evening} <= {"shop fronts", "car park", "corridor"}
    changed = [np.abs(a.rgb().astype(int) - b.rgb()).mean() for a, b in zip(day, evening, strict=True)]
    assert min(changed) > 10


def test_a_camera_keeps_its_habits_in_the_evening() -> None:
    shots = [World(2, "evening").group("train", p, g).shot for p in range(10) for g in range(CAMERAS)]
    by_camera = {
        camera: {s.white_balance for s in shots if s.camera_id == camera} for camera in range(CAMERAS)
    }
    assert all(len(balances) == 1 for balances in by_camera.values())
    assert len(set.union(*by_camera.values())) == CAMERAS


def test_a_style_is_a_function_of_the_shot() -> None:
    shot = Shot(scene="park", gain=1.0, shadow=0.8)
    assert restyle(shot, "day") is shot
    assert restyle(shot, "evening") == restyle(replace(shot), "evening")
    assert restyle(shot, "evening").shadow == 0.9


@pytest.mark.usefixtures("shapes_unchecked")
def test_other_styles_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="the style 'noon'; expected one of day, evening, site"):
        World(0, "noon")  # type: ignore[arg-type]


def test_a_world_on_disk_says_its_style(tmp_path: Path) -> None:
    for style in ("day", "evening"):
        write_world(
            tmp_path / style,
            seed=1,
            people={"test": 1},
            groups_per_person=1,
            style=style,
            workers=1,
            progress=False,
        )
    notes = {style: json.loads((tmp_path / style / "world.json").read_text()) for style in ("day", "evening")}
    assert notes["evening"] == notes["day"] | {"style": "evening"}
    assert "style" not in notes["day"]
    manifests = [(tmp_path / style / "manifest.csv").read_text() for style in ("day", "evening")]
    assert manifests[0] == manifests[1]
    (picture,) = (tmp_path / "day" / "test" / "rgb").iterdir()
    assert picture.read_bytes() != (tmp_path / "evening" / "test" / "rgb" / picture.name).read_bytes()
