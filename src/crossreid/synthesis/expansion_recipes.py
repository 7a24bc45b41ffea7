"""How the pictures of a missing modality are made, and with which version and parameters."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b, file_digest
from pathlib import Path

import numpy as np

from crossreid.core.errors import ConfigurationError
from crossreid.core.modality import Modality
from crossreid.synthesis import infrared, sketch

NOTHING = "none"
_WITHOUT_WEIGHTS = {Modality.SKETCH: "drawn", Modality.IR: "rendered"}


@dataclass(frozen=True, slots=True)
class Recipe:
    """Makes pictures of one modality out of photographs.

    Args:
        modality: of the pictures.
        name: "drawn", "rendered", or "translator".
        version: of the code, or the hash of the weights.
        weights: file of a translator; None where nothing is learned.
        device: that a translator runs on; None for cuda where available.
    """

    modality: Modality
    name: str
    version: str
    weights: Path | None = None
    device: str | None = None

    @property
    def generator(self) -> str:
        """Name and version in one word, for a manifest."""
        return f"{self.name}-{self.version}"

    def make(self, photos: Sequence[np.ndarray], seeds: Sequence[int]) -> list[np.ndarray]:
        """Pictures, uint8 [height, width, 3] of the sizes of the photographs; a translator runs them as one batch."""
        if self.weights is not None:
            from crossreid.synthesis.translators import one_thread, open_translator

            with one_thread():
                return open_translator(self.weights, self.device).translate(photos)
        render = sketch.draw_photograph if self.modality == Modality.SKETCH else infrared.render_photograph
        return [render(photo, seed=seed) for photo, seed in zip(photos, seeds, strict=True)]


def read_recipe(modality: Modality, source: str, *, device: str | None = None) -> Recipe | None:
    """The recipe that an option names.

    Args:
        modality: sketch or ir.
        source: "drawn" for sketches and "rendered" for infrared pictures, which need no weights; "none", or the file or
            folder of a trained translator.
        device: that a translator is to run on.

    Returns:
        None for "none".

    Raises:
        ConfigurationError: there is nothing of that name.
        CheckpointError: the translator is damaged, or of another modality.
    """
    if source == NOTHING:
        return None
    if source == _WITHOUT_WEIGHTS[modality]:
        version = sketch.VERSION if modality == Modality.SKETCH else infrared.VERSION
        return Recipe(modality, source, str(version))
    if not Path(source).exists():
        raise ConfigurationError(
            f"the generator {source!r} of {modality} pictures",
            expected=f"{_WITHOUT_WEIGHTS[modality]!r}, {NOTHING!r}, or a trained translator",
            remedy="crossreid train configs/translators-sketch.yaml trains one",
        )
    from crossreid.synthesis.translators import find_weights, open_translator

    weights = find_weights(source)
    open_translator(weights, device).check_makes(modality)
    with weights.open("rb") as file:
        version = file_digest(file, "sha256").hexdigest()[:16]
    return Recipe(modality, "translator", version, weights.absolute(), device)


def seed_of(item_id: str, seed: int) -> int:
    """A photograph's own seed, whatever is expanded beside it."""
    return int.from_bytes(blake2b(f"{seed}|{item_id}".encode(), digest_size=6).digest(), "big")
