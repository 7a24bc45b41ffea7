"""A model as an `Encoder`: samples in, `Embeddings` out."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from crossreid.core.embeddings import Embeddings
from crossreid.core.encoder import describe_encoder
from crossreid.core.items import Items, as_queries, as_samples, check_modalities, list_items
from crossreid.core.modality import Modality
from crossreid.data.encoding import encode_queries, encode_samples
from crossreid.models.folder import Model, fingerprint_of
from crossreid.models.loading import Precision, PrecisionSetting
from crossreid.models.mllmreid import Mllmreid
from crossreid.models.precision import DTYPES, resolve_precision
from crossreid.models.teacher import Teacher


class ModelEncoder:
    """A teacher, a student or a LLaVA in evaluation mode.

    Args:
        model: its device and weights are used as they are.
        space: names the space of the vectors; "" for the model's own.
        source: what `load_encoder` was given, so that a gallery can name it.
        precision: of matrix products: "fp32", "bf16", "fp16", or "auto" for the fastest that the device of the model
            computes natively.
    """

    def __init__(
        self, model: Model, *, space: str = "", source: str = "", precision: PrecisionSetting = "auto"
    ) -> None:
        self.model, self.source = model.eval(), source
        self._precision: Precision = resolve_precision(precision, model.device, remedy="--precision auto")
        weights = fingerprint_of(model)
        self._fingerprint = f"{weights}@{space or weights}"

    def __repr__(self) -> str:
        return describe_encoder(self, self.source)

    @property
    def fingerprint(self) -> str:
        """Hash of the weights and input treatment, then `@` and the space that the vectors live in."""
        return self._fingerprint

    @property
    def space(self) -> str:
        """The part of the fingerprint that comparable encoders share."""
        return self._fingerprint.split("@")[1]

    @property
    def precision(self) -> Precision:
        """Of its matrix products; of `auto`, the one that was chosen."""
        return self._precision

    @property
    def dim(self) -> int:
        """Width of the vectors."""
        return self.model.dim

    @property
    def modalities(self) -> frozenset[Modality]:
        """All four; of a vision tower, the pictures."""
        return self.model.modalities if isinstance(self.model, Mllmreid) else frozenset(Modality)

    @property
    def reads_together(self) -> bool:
        """Whether it takes several pieces of evidence as one query."""
        return isinstance(self.model, Teacher)

    def encode(
        self,
        items: Items,
        *,
        modality: Modality | str | None = None,
        batch_size: int = 64,
        progress: bool = False,
    ) -> Embeddings:
        """See `crossreid.core.encoder.Encoder.encode`. Unreadable files raise `DataError` with their path.

        A teacher takes tuples of samples too, and reads the pieces of each in one conversation.
        """
        given = list_items(items)
        if self.reads_together and any(isinstance(item, tuple) for item in given):
            return encode_queries(
                as_queries(given, modality=modality),
                embed=self._embed_queries,
                preprocessing=self.model.preprocessing,
                dim=self.dim,
                fingerprint=self.fingerprint,
                batch_size=batch_size,
                progress=progress,
            )
        samples = as_samples(given, modality=modality)
        check_modalities(samples, self.modalities)
        return encode_samples(
            samples,
            embed_images=self._embed_images,
            embed_captions=self._embed_captions,
            preprocessing=self.model.preprocessing,
            dim=self.dim,
            fingerprint=self.fingerprint,
            batch_size=batch_size,
            progress=progress,
        )

    def _embed_images(self, pixels: np.ndarray, modalities: Sequence[Modality]) -> np.ndarray:
        tensor = torch.from_numpy(pixels).to(self.model.device)
        return self._run(lambda: self.model.embed_images(tensor, modalities))

    def _embed_captions(self, captions: Sequence[str]) -> np.ndarray:
        return self._run(lambda: self.model.embed_captions(captions))

    def _embed_queries(
        self, pixels: np.ndarray, pictures: Sequence[Sequence[Modality]], captions: Sequence[Sequence[str]]
    ) -> np.ndarray:
        teacher: Any = self.model
        tensor = torch.from_numpy(pixels).to(teacher.device)
        return self._run(lambda: teacher.embed_groups(tensor, pictures, captions))

    def _run(self, forward: Callable[[], Tensor]) -> np.ndarray:
        below = self.precision != "fp32"
        dtype = DTYPES[self.precision] if below else None
        with torch.inference_mode(), torch.autocast(self.model.device.type, dtype, enabled=below):
            return forward().float().cpu().numpy()
