from collections.abc import Callable
from typing import Any

import pytest

Asking = Callable[..., dict[str, Any]]


def names(answer: dict[str, Any]) -> list[str]:
    return [result["item"]["person"] for result in answer["results"]]


def test_words_find_people(filled: Any, asking: Asking) -> None:
    answer = filled.operator.post("/search", asking("red"))
    assert names(answer)[:2] == ["ann", "ann"]
    first = answer["results"][0]
    assert first["score"] == pytest.approx(1)
    assert first["item"] | {"id": ""} == {
        "id": "", "person": "ann", "identity_hidden": False, "track": "", "camera": "door",
        "time": "2026-03-01T01:00:00Z", "modality": "rgb", "source": "", "collection": "", "crop": True,
    }  # fmt: skip
    assert (answer["matched"], answer["candidates"]) == (None, 5)
    assert [result["rank"] for result in answer["results"]] == [1, 2, 3, 4, 5]
