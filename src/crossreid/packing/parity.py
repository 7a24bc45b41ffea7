"""Does a pack say what its model says?"""

import numpy as np

from crossreid.core.encoder import Encoder
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.synthesis.pedestrians.world import World

_PEOPLE = 6


def lowest_cosine(model: Encoder, pack: Encoder) -> float:
    """The worst agreement over drawn people of all four modalities."""
    samples = _samples()
    first, second = model.encode(samples, batch_size=5), pack.encode(samples, batch_size=5)
    return float(np.min(np.sum(first.unit().vectors * second.unit().vectors, axis=1)))


def _samples() -> list[Sample]:
    samples = []
    for index in range(_PEOPLE):
        group = World(0).group("validation", index, 0)
        samples += [
            Sample(Modality.RGB, image=group.rgb()),
            Sample(Modality.IR, image=group.infrared()),
            Sample(Modality.SKETCH, image=group.sketch()),
            Sample(Modality.TEXT, caption=group.caption),
        ]
    return samples
