"""The figures of the demonstration's report."""

from pathlib import Path

import numpy as np

from crossreid.analysis.figures import convergence_figure, render, spectrum_figure, tsne_figure
from crossreid.analysis.low_rank import low_rank_spectrum
from crossreid.analysis.projection import project
from crossreid.data.dataset import Dataset
from crossreid.demonstration.stages import DemoEmbeddings, DemoModels

_MAPPED_PEOPLE = 12


def draw_figures(
    embeddings: DemoEmbeddings, models: DemoModels, people: Dataset, folder: Path
) -> dict[str, Path]:
    """Write validation curves, t-SNE and spectrum as PNG. Returns their paths by name."""
    chosen = np.isin(embeddings.cloud.person_ids, people.people[:_MAPPED_PEOPLE])
    mapped = embeddings.cloud.select(chosen)
    spectra = {
        "cloud, adapted": low_rank_spectrum(embeddings.cloud.vectors),
        "edge, distilled": low_rank_spectrum(embeddings.edge.vectors),
        "edge, task only": low_rank_spectrum(embeddings.edge_alone.vectors),
    }
    figures = {
        "validation": convergence_figure(
            models.validations, title="Validation people during training", quantity="mean mAP, %"
        ),
        "tsne": tsne_figure(project(mapped), mapped.person_ids, mapped.modalities),
        "spectrum": spectrum_figure(spectra),
    }
    folder.mkdir(parents=True, exist_ok=True)
    paths = {name: folder / f"{name}.png" for name in figures}
    for name, figure in figures.items():
        paths[name].write_bytes(render(figure, dots_per_inch=110))
    return paths
