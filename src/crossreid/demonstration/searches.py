"""Three searches in a gallery of photographs: by words, by sketch, by infrared."""

import csv
from pathlib import Path

from crossreid.analysis.figures import render
from crossreid.analysis.strips import Evidence, Strip, cases_figure
from crossreid.core.embeddings import Embeddings
from crossreid.core.encoder import Encoder
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.data.dataset import Dataset
from crossreid.data.images import decode_image
from crossreid.gallery import open_gallery
from crossreid.gallery.indexing import index_folder

_TOP = 6
_HEADINGS = {
    Modality.TEXT: "A witness's words",
    Modality.SKETCH: "A sketch",
    Modality.IR: "An infrared frame",
}


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


def pick_queries(people: Dataset) -> dict[Modality, Sample]:
    """One piece of evidence of each kind, of three different people."""
    return {
        modality: people.of(modality).samples[place * len(people.of(modality)) // 3]
        for place, modality in enumerate(_HEADINGS)
    }


def search_strips(queries: dict[Modality, Sample], encoder: Encoder, gallery: Path, people: Dataset) -> bytes:
    """Search with each query and draw the results in one picture, PNG."""
    home = open_gallery(gallery)
    strips = []
    for modality, query in queries.items():
        asked: Embeddings = encoder.encode([query])
        results = home.search(asked, top=_TOP)
        name = people.labels[query.person_id]
        strips.append(
            Strip(
                evidence=[_content(query)],
                results=[decode_image(result.path) for result in results],
                scores=[result.score for result in results],
                correct=[result.person == name for result in results],
                heading=_HEADINGS[modality],
            )
        )
    return render(cases_figure(strips))


def _content(sample: Sample) -> Evidence:
    return sample.caption if sample.path is None else decode_image(sample.path)  # type: ignore[return-value]
