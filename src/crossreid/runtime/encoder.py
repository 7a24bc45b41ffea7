"""An edge pack as an `Encoder`."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from crossreid.core.embeddings import Embeddings
from crossreid.core.encoder import describe_encoder
from crossreid.core.errors import CheckpointError
from crossreid.core.items import Items, as_samples, check_modalities
from crossreid.core.modality import VISUAL, Modality
from crossreid.data.encoding import encode_samples
from crossreid.data.tokens import token_rectangle
from crossreid.runtime.pack import TOKENIZER, Pack, read_pack
from crossreid.runtime.towers import IMAGE_HEADS, load_towers

_log = logging.getLogger(__name__)


class PackEncoder:
    """Embeds by ONNX Runtime or OpenVINO, on the CPU.

    Args:
        folder: of a pack that `crossreid.export` wrote.
        threads: of the runtime; its own choice when left out.
        shipped_as: name of the shipped model that this pack stands for. It then has the name and the fingerprint of
            that model, so that galleries do not depend on which of the two filled them.

    Raises:
        CheckpointError: the pack is damaged, or stands for a model without being in fp32 and full width.
        MissingDependencyError: its runtime is not installed.
    """

    def __init__(self, folder: str | Path, *, threads: int | None = None, shipped_as: str = "") -> None:
        self.folder, self.source = Path(folder), shipped_as or str(folder)
        self.pack: Pack = read_pack(Path(folder))
        self._stands_for_model = bool(shipped_as)
        if shipped_as and (self.pack.precision != "fp32" or self.pack.rotation or self.pack.parity.accepted):
            raise CheckpointError(
                f"the pack {folder}, in {self.pack.precision}, in place of {shipped_as}",
                expected="a pack in fp32 and full width that keeps every limit",
                remedy="pip install --force-reinstall crossreid",
            )
        self._towers = load_towers(
            Path(folder),
            self.pack.runtime,
            self.pack.precision,
            captions=self.pack.takes_captions,
            threads=threads,
        )
        self._tokenizer = _open_tokenizer(Path(folder) / TOKENIZER) if self.pack.takes_captions else None
        self._warned = False

    def __repr__(self) -> str:
        return describe_encoder(self, self.source)

    @property
    def fingerprint(self) -> str:
        """Hash of the pack, then `@` and the space of the model that it was made from.

        A pack that stands for its model has the model's fingerprint.
        """
        return self.pack.made_from if self._stands_for_model else self.pack.fingerprint

    @property
    def dim(self) -> int:
        """Width of the vectors."""
        return self.pack.dim

    @property
    def modalities(self) -> frozenset[Modality]:
        """All four, or the pictures alone."""
        return frozenset(Modality) if self.pack.takes_captions else VISUAL

    def encode(
        self,
        items: Items,
        *,
        modality: Modality | str | None = None,
        batch_size: int = 64,
        progress: bool = False,
    ) -> Embeddings:
        """See `crossreid.core.encoder.Encoder.encode`. Unreadable files raise `DataError` with their path."""
        samples = as_samples(items, modality=modality)
        check_modalities(samples, self.modalities)
        embeddings = encode_samples(
            samples,
            embed_images=self._embed_images,
            embed_captions=self._embed_captions,
            preprocessing=self.pack.preprocessing,
            dim=self.dim,
            fingerprint=self.fingerprint,
            batch_size=batch_size,
            progress=progress,
        )
        return replace(embeddings, rotation=self.pack.rotation)

    def _embed_images(self, pixels: np.ndarray, modalities: Sequence[Modality]) -> np.ndarray:
        heads = np.array([IMAGE_HEADS.index(modality) for modality in modalities], dtype=np.int64)
        return self._towers.image(pixels, heads)

    def tokenize(self, captions: Sequence[str]) -> np.ndarray:
        """Tokens as the text tower reads them, int64 [n, length]; warns once when captions are cut."""
        assert self._tokenizer is not None, "a pack without captions is given none"
        encoded = self._tokenizer.encode_batch(list(captions), add_special_tokens=False)
        tokens, cut = token_rectangle(
            [caption.ids for caption in encoded],
            start=self.pack.start_token,
            end=self.pack.end_token,
            longest=self.pack.longest_caption,
            padding=self.pack.padding_token,
        )
        if cut and not self._warned:
            self._warned = True
            _log.warning(
                "%d of %d captions are longer than %d tokens and were cut",
                cut,
                len(captions),
                self.pack.longest_caption,
            )
        return tokens

    def _embed_captions(self, captions: Sequence[str]) -> np.ndarray:
        return self._towers.text(self.tokenize(captions))


def _open_tokenizer(file: Path) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    tokenizer.encode_special_tokens = True  # written into a caption, they are letters
    return tokenizer
