"""Pictures -> the numbers that a model reads."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal, get_args

import numpy as np

from crossreid.core.errors import CheckpointError

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

Resampling = Literal["bicubic", "lanczos"]


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """Input size in pixels, the pixel statistics of a backbone, RGB in 0..1, and the filter that resizes."""

    height: int
    width: int
    mean: tuple[float, float, float] = CLIP_MEAN
    std: tuple[float, float, float] = CLIP_STD
    resampling: Resampling = "bicubic"

    def resize(self, image: np.ndarray) -> np.ndarray:
        """uint8 [any, any, 3] -> uint8 [height, width, 3]."""
        from crossreid.data.images import resize_image

        return resize_image(image, self.height, self.width, resampling=self.resampling)

    def normalise(self, images: Sequence[np.ndarray]) -> np.ndarray:
        """uint8 pictures of the input size -> float32 [n, 3, height, width], channels normalised."""
        scale = 1 / (255 * np.asarray(self.std, dtype=np.float32))
        shift = np.asarray(self.mean, dtype=np.float32) / np.asarray(self.std, dtype=np.float32)
        stacked = np.stack(images) if images else np.empty((0, self.height, self.width, 3), dtype=np.uint8)
        return np.ascontiguousarray((stacked.astype(np.float32) * scale - shift).transpose(0, 3, 1, 2))

    def to_dict(self) -> dict:
        """As written into a model folder; without the filter where it is the usual one."""
        return {name: value for name, value in asdict(self).items() if value != "bicubic"}

    @classmethod
    def from_dict(cls, values: dict) -> "Preprocessing":
        """Read what `to_dict` wrote.

        Raises:
            CheckpointError: an entry is missing or unknown.
        """
        try:
            read = cls(
                height=int(values["height"]),
                width=int(values["width"]),
                mean=tuple(values["mean"]),
                std=tuple(values["std"]),
                resampling=values.get("resampling", "bicubic"),
            )
            if read.resampling not in get_args(Resampling):
                raise ValueError(read.resampling)
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(
                f"preprocessing {values!r}",
                expected=f"height, width, mean, std, and as resampling {' or '.join(get_args(Resampling))}",
            ) from error
        return read
