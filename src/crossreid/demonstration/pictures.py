"""The figures of the demonstration's report."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from crossreid.analysis.cases import retrieval_cases
from crossreid.analysis.figures import convergence_figure, render, spectrum_figure, tsne_figure
from crossreid.analysis.low_rank import low_rank_spectrum
from crossreid.analysis.projection import project
from crossreid.analysis.strips import Strip, cases_figure
from crossreid.core.embeddings import Embeddings
from crossreid.data.dataset import Dataset
from crossreid.data.images import decode_image
from crossreid.demonstration.stages import DemoEmbeddings, DemoModels
from crossreid.training.build import read_history

_MAPPED_PEOPLE = 12
_TASKS = (("sketch", "Sketch to photo"), ("ir", "Infrared to photo"), ("text", "Words to photo"))


def draw_figures(
    embeddings: DemoEmbeddings, models: DemoModels, people: Dataset, folder: Path
) -> dict[str, Path]:
    """Write spectrum, t-SNE, convergence and retrieval cases as PNG. Returns their paths by name."""
    chosen = np.isin(embeddings.cloud.person_ids, people.people[:_MAPPED_PEOPLE])
    mapped = embeddings.cloud.select(chosen)
    curves = {
        "distilled from the cloud model": read_history(models.history_distilled, "validation_map"),
        "task only": read_history(models.history_alone, "validation_map"),
    }
    spectra = {
        "cloud": low_rank_spectrum(embeddings.cloud.vectors),
        "edge, distilled": low_rank_spectrum(embeddings.edge.vectors),
        "edge, task only": low_rank_spectrum(embeddings.edge_alone.vectors),
    }
    figures = {
        "spectrum": spectrum_figure(spectra),
        "tsne": tsne_figure(project(mapped), mapped.person_ids, mapped.modalities),
        "convergence": convergence_figure(
            curves, title="The edge model on people it does not know", quantity="mean mAP, %"
        ),
        "cases": cases_figure(_cases(embeddings.edge, embeddings.cloud, people)),
    }
    return write_pictures({name: render(figure) for name, figure in figures.items()}, folder)


def write_pictures(pictures: Mapping[str, bytes], folder: Path) -> dict[str, Path]:
    """Write PNG bytes as `folder/NAME.png`."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {name: folder / f"{name}.png" for name in pictures}
    for name, path in paths.items():
        path.write_bytes(pictures[name])
    return paths


def _cases(query: Embeddings, gallery: Embeddings, people: Dataset) -> list[Strip]:
    """One success and one failure a task, drawn at random; the source photo of a query is left out."""
    samples = {sample.item_id: sample for sample in people.samples}

    def content(item_id: str) -> str | np.ndarray:
        sample = samples[item_id]
        return sample.caption if sample.path is None else decode_image(sample.path)  # type: ignore[return-value]

    strips = []
    photos = gallery.of("rgb")
    for modality, title in _TASKS:
        asked = query.of(modality)
        exclude = None if modality == "text" else (asked.source_ids, photos.source_ids)
        cases = retrieval_cases(asked, photos, exclude=exclude, successes=1, failures=1)
        strips += [
            Strip(
                evidence=[content(asked.item_ids[case.query_index])],
                results=[content(photos.item_ids[row]) for row in case.gallery_indices],
                scores=case.scores,
                correct=case.correct,
                heading=f"{title}: edge model asks, cloud gallery answers",
            )
            for case in cases
        ]
    return strips
