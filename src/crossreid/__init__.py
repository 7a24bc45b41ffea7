"""Find a person across cameras and kinds of evidence: photo, infrared, sketch, words.

    >>> import crossreid as cr
    >>> encoder = cr.load_encoder("tiny-edge")
    >>> gallery = cr.open_gallery("gallery/")

The names below are loaded on first use: importing the package costs nothing, and needs no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crossreid import analysis as analysis
    from crossreid import evaluation as evaluation
    from crossreid import losses as losses
    from crossreid.core.embeddings import Embeddings
    from crossreid.core.encoder import Encoder
    from crossreid.core.modality import Modality
    from crossreid.core.sample import Sample
    from crossreid.data.dataset import Dataset
    from crossreid.data.loading import load_dataset
    from crossreid.evaluation.evaluate import evaluate
    from crossreid.evaluation.report import Report
    from crossreid.gallery.gallery import open_gallery
    from crossreid.models.catalogue import list_models
    from crossreid.models.loading import load_encoder
    from crossreid.packing.export import export
    from crossreid.training.calls import distill, train

__version__ = "0.1.0"

__all__ = [
    "Dataset",
    "Embeddings",
    "Encoder",
    "Modality",
    "Report",
    "Sample",
    "distill",
    "evaluate",
    "export",
    "list_models",
    "load_dataset",
    "load_encoder",
    "open_gallery",
    "train",
]

_MODULES = {
    "Dataset": "data.dataset",
    "Embeddings": "core.embeddings",
    "Encoder": "core.encoder",
    "Modality": "core.modality",
    "Report": "evaluation.report",
    "Sample": "core.sample",
    "distill": "training.calls",
    "evaluate": "evaluation.evaluate",
    "export": "packing.export",
    "list_models": "models.catalogue",
    "load_dataset": "data.loading",
    "load_encoder": "models.loading",
    "open_gallery": "gallery.gallery",
    "train": "training.calls",
}

_PACKAGES = ("analysis", "evaluation", "losses")
"""Packages that are attributes too: `cr.losses.sdm_loss` needs no import of its own."""


if not TYPE_CHECKING:  # a type checker that sees it would believe in every name

    def __getattr__(name: str) -> object:
        if name in _PACKAGES:
            return import_module(f"crossreid.{name}")
        if name not in _MODULES:
            raise AttributeError(f"module 'crossreid' has no attribute {name!r}")
        value = getattr(import_module(f"crossreid.{_MODULES[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted([*__all__, *_PACKAGES])
