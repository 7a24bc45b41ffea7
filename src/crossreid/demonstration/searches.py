"""Three searches in a gallery of photographs, by the edge model before and after its training."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crossreid.core.embeddings import Embeddings
from crossreid.core.encoder import Encoder
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.data.dataset import Dataset
from crossreid.gallery import open_gallery
from crossreid.gallery.indexing import index_folder

_TOP = 5
_HEADINGS = {
    Modality.SKETCH: "By a sketch",
    Modality.IR: "By an infrared picture",
    Modality.TEXT: "By a witness's words",
}


@dataclass(frozen=True, slots=True)
class Hit:
    """A photograph that was found."""

    path: Path
    score: float
    correct: bool


@dataclass(frozen=True, slots=True)
class Search:
    """One query, and what two models found with it, best first."""

    heading: str
    query: Sample
    before: tuple[Hit, ...]
    after: tuple[Hit, ...]


def index_photos(people: Dataset, root: Path, encoder: Encoder, gallery: Path, *, quiet: bool) -> Path:
    """Write a manifest of the photographs alone and index it as `crossreid index` does. Returns the manifest."""
    manifest = root / "photos.csv"
    with manifest.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["path", "person", "camera", "source"])
        for photo in people.of(Modality.RGB).samples:
            path = photo.path.relative_to(root) if photo.path else ""
            table.writerow([path, people.labels[photo.person_id], photo.camera_id, photo.source_id])
    index_folder(manifest, encoder, open_gallery(gallery), progress=not quiet)
    return manifest


def search_both(people: Dataset, *, before: Embeddings, after: Embeddings) -> list[Search]:
    """Search with one piece of evidence of each kind, of three different people.

    They are chosen by their place in the data set, whatever is found. The photograph that a sketch or infrared picture
    was made from is left out, as in the protocol `source-excluded`.

    Args:
        people: who is searched for.
        before: their evidence as the untrained model sees it.
        after: as the trained model sees it, in the same order.
    """
    searches = []
    for place, (modality, heading) in enumerate(_HEADINGS.items()):
        samples = people.of(modality).samples
        query = samples[place * len(samples) // len(_HEADINGS)]
        searches.append(Search(heading, query, _found(query, people, before), _found(query, people, after)))
    return searches


def _found(query: Sample, people: Dataset, seen: Embeddings) -> tuple[Hit, ...]:
    vectors = seen.unit().vectors
    asked = vectors[np.flatnonzero(seen.item_ids == query.item_id)[0]]
    photos = [
        row
        for row, sample in enumerate(people.samples)
        if sample.modality == Modality.RGB
        and (query.modality == Modality.TEXT or sample.source_id != query.source_id)
    ]
    scores = vectors[photos] @ asked
    best = np.argsort(-scores, kind="stable")[:_TOP]
    return tuple(_hit(people.samples[photos[place]], float(scores[place]), query) for place in best)


def _hit(photo: Sample, score: float, query: Sample) -> Hit:
    assert photo.path is not None, "photographs of the demonstration are files"
    return Hit(photo.path, score, photo.person_id == query.person_id)


def search_commands(searches: Sequence[Search], gallery: Path) -> list[list[str]]:
    """The same searches in a gallery, as arguments of `crossreid`."""
    commands = []
    for search in searches:
        query = search.query
        what = (
            ["--text", query.caption or ""]
            if query.path is None
            else [f"--{query.modality.value}", str(query.path)]
        )
        commands.append(["search", str(gallery), *what, "--show", "found.png"])
    return commands
