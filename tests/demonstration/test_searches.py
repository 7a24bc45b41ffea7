from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from crossreid.core.embeddings import Embeddings
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.data.dataset import Dataset
from crossreid.demonstration.searches import search_both, search_commands


def people() -> Dataset:
    """Three people with two photographs each, and an infrared picture, a sketch and a caption of each photograph."""
    samples = []
    for person in range(3):
        for number in range(2):
            key = f"{person}-{number}"
            shared: dict[str, Any] = {"person_id": person, "source_id": key}
            for kind in ("rgb", "ir", "sketch"):
                path = Path(f"{key}-{kind}.jpg")
                samples.append(Sample(Modality(kind), path=path, item_id=str(path), **shared))
            samples.append(Sample(Modality.TEXT, caption=f"words of {key}", item_id=f"{key}-text", **shared))
    return Dataset("people", "demo", tuple(samples), ("a", "b", "c"))


def seen(dataset: Dataset, directions: np.ndarray) -> Embeddings:
    """Each item as the direction of its person, photographs a little aside by their number."""
    vectors = directions[[sample.person_id for sample in dataset.samples]].astype(np.float32)
    aside = np.array([int(sample.source_id[-1]) for sample in dataset.samples], dtype=np.float32)
    vectors[:, 3] += 0.1 * aside
    return Embeddings(
        vectors=vectors,
        modalities=np.array([sample.modality.value for sample in dataset.samples], dtype=np.str_),
        person_ids=np.array([sample.person_id for sample in dataset.samples], dtype=np.int64),
        camera_ids=np.full(len(dataset), -1, dtype=np.int64),
        source_ids=np.array([sample.source_id for sample in dataset.samples], dtype=np.str_),
        item_ids=np.array([sample.item_id for sample in dataset.samples], dtype=np.str_),
        fingerprint="a@a",
    )


def test_both_models_answer_the_same_queries_without_the_source_photograph() -> None:
    dataset = people()
    embeddings = seen(dataset, np.eye(4)[:3])
    searches = search_both(dataset, before=embeddings, after=embeddings)
    assert [search.query.item_id for search in searches] == ["0-0-sketch.jpg", "1-0-ir.jpg", "2-0-text"]
    sketch, infrared, words = searches
    assert sketch.after[0].path.name == "0-1-rgb.jpg"
    assert [hit.correct for hit in sketch.after] == [True, False, False, False, False]
    assert "0-0-rgb.jpg" not in [hit.path.name for hit in sketch.after]
    assert [hit.correct for hit in infrared.after] == [True, False, False, False, False]
    # Nothing was made from the photograph that words describe: both count.
    assert [hit.path.name for hit in words.after][:2] == ["2-0-rgb.jpg", "2-1-rgb.jpg"]
    assert [hit.correct for hit in words.after] == [True, True, False, False, False]
    assert sketch.before == sketch.after


def test_a_model_that_mistakes_the_query_finds_others() -> None:
    dataset = people()
    mistaken = seen(dataset, np.eye(4)[:3])
    vectors = mistaken.vectors.copy()
    queries = mistaken.modalities == "sketch"
    vectors[queries] = np.roll(vectors[queries], 1, axis=1)
    searches = search_both(dataset, before=replace(mistaken, vectors=vectors), after=mistaken)
    assert not searches[0].before[0].correct
    assert searches[0].after[0].correct


def test_the_same_searches_can_be_typed() -> None:
    dataset = people()
    embeddings = seen(dataset, np.eye(4)[:3])
    searches = search_both(dataset, before=embeddings, after=embeddings)
    assert search_commands(searches, Path("demo/gallery")) == [
        ["search", "demo/gallery", "--sketch", "0-0-sketch.jpg", "--show", "found.png"],
        ["search", "demo/gallery", "--ir", "1-0-ir.jpg", "--show", "found.png"],
        ["search", "demo/gallery", "--text", "words of 2-0", "--show", "found.png"],
    ]
