"""A few items that travel in a pack, with the vectors of the model that it was made from."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crossreid.core.errors import CheckpointError
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample

PROBES = "probes.safetensors"


@dataclass(frozen=True, slots=True, eq=False)
class Probes:
    """Pictures, captions, and what the original model says of them.

    Args:
        pictures: uint8 [n, height, width, 3].
        modalities: of the pictures.
        captions: any number.
        vectors: float32 [n + captions, dim], unit length, in the coordinates of the pack; pictures come first.
    """

    pictures: np.ndarray
    modalities: tuple[Modality, ...]
    captions: tuple[str, ...]
    vectors: np.ndarray

    def samples(self) -> list[Sample]:
        """Return the items in the order of `vectors`."""
        shown = zip(self.modalities, self.pictures, strict=True)
        seen = [Sample(modality, image=picture) for modality, picture in shown]
        return seen + [Sample(Modality.TEXT, caption=caption) for caption in self.captions]

    def cosines(self, vectors: np.ndarray) -> dict[str, float]:
        """Return the mean cosine of each modality between `vectors` [m, dim] and the model's."""
        each = (self.vectors.astype(np.float64) * vectors).sum(axis=1)
        kinds = np.array([*map(str, self.modalities), *[str(Modality.TEXT)] * len(self.captions)])
        return {str(kind): float(each[kinds == kind].mean()) for kind in np.unique(kinds)}

    def save(self, folder: Path) -> None:
        """Write them into the folder of a pack."""
        from safetensors.numpy import save_file

        words = {"modalities": [*map(str, self.modalities)], "captions": list(self.captions)}
        arrays = {
            "pictures": np.ascontiguousarray(self.pictures),
            "vectors": np.ascontiguousarray(self.vectors),
        }
        save_file(arrays, folder / PROBES, metadata={"items": json.dumps(words)})

    @classmethod
    def load(cls, folder: Path) -> "Probes":
        """Read them from the folder of a pack.

        Raises:
            CheckpointError: the file is missing or damaged.
        """
        from safetensors import SafetensorError, safe_open

        file = folder / PROBES
        try:
            with safe_open(file, framework="numpy") as stored:
                words = json.loads(stored.metadata()["items"])
                return cls(
                    pictures=stored.get_tensor("pictures"),
                    modalities=tuple(map(Modality, words["modalities"])),
                    captions=tuple(words["captions"]),
                    vectors=stored.get_tensor("vectors"),
                )
        except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
            raise CheckpointError(
                f"{file} cannot be read: {error}",
                expected="the probes of a pack",
                remedy="export the model again",
            ) from error


@dataclass(frozen=True, slots=True)
class Verification:
    """Where a pack was compared with its model when it was written.

    Args:
        processor: `processor_features` of that machine.
        runtime: name and version.
        cosines: of the probes there, mean by modality.
    """

    processor: Sequence[str]
    runtime: str
    cosines: Mapping[str, float]
