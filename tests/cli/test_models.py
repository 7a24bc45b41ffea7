import json
from collections.abc import Callable
from typing import Any

from crossreid.models.catalogue import list_models


def test_all_models_are_listed(run: Callable[..., Any]) -> None:
    lines = run("models").stdout.splitlines()
    assert [line.split()[0] for line in lines[1:-1]] == [model.name for model in list_models()]
    assert "KingH12138/MLLMEmbed-ReID-Cloud" in lines[3]
    assert "see its card" in lines[3]


def test_the_list_as_json(run: Callable[..., Any]) -> None:
    first = json.loads(run("models", "--json").stdout)["models"][0]
    assert (first["name"], first["width"], first["licence"]) == ("tiny-edge", 320, "Apache-2.0")
    assert first["modalities"] == ["rgb", "ir", "sketch", "text"]
