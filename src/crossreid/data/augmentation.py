"""Random changes to training pictures: flip, pad and crop, random erasing. MLLMEmbed-ReID's text names none."""

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True, slots=True)
class Augmentation:
    """Probabilities and sizes.

    Args:
        flip: probability of a horizontal flip.
        padding: pixels of border (the edge repeated) before a random crop back to size.
        erase: probability of blanking a rectangle.
        erased_share: smallest and largest area of the rectangle, as a share of the picture.
        vertical_flip: probability of turning upside down.
    """

    flip: float = 0.5
    padding: int = 6
    erase: float = 0.3
    erased_share: tuple[float, float] = (0.02, 0.2)
    vertical_flip: float = 0.0

    def __call__(self, image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """uint8 [height, width, 3] -> the same shape; `image` is left as it is."""
        if rng.random() < self.flip:
            image = image[:, ::-1]
        if self.vertical_flip and rng.random() < self.vertical_flip:
            image = image[::-1]
        image = self._shift(image, rng)
        return self._erase(image, rng) if rng.random() < self.erase else np.ascontiguousarray(image)

    def _shift(self, image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        height, width, _ = image.shape
        pad = self.padding
        padded = cv2.copyMakeBorder(np.ascontiguousarray(image), pad, pad, pad, pad, cv2.BORDER_REPLICATE)
        top, left = rng.integers(0, 2 * pad + 1, size=2)
        return padded[top : top + height, left : left + width]

    def _erase(self, image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        height, width, _ = image.shape
        area = rng.uniform(*self.erased_share) * height * width
        aspect = np.exp(rng.uniform(np.log(0.4), np.log(2.5)))
        tall = int(np.clip(np.sqrt(area * aspect), 1, height))
        wide = int(np.clip(np.sqrt(area / aspect), 1, width))
        top, left = rng.integers(0, height - tall + 1), rng.integers(0, width - wide + 1)
        erased = image.copy()
        erased[top : top + tall, left : left + wide] = image.reshape(-1, 3).mean(axis=0).astype(np.uint8)
        return erased
