"""The items that travel in a pack, and what its model says of them."""

from dataclasses import replace

import numpy as np

from crossreid.core.basis import PrincipalBasis
from crossreid.core.encoder import Encoder
from crossreid.data.images import resize_image
from crossreid.packing.drawn import drawn_samples
from crossreid.runtime.probes import Probes

_PEOPLE = 2
_HEIGHT, _WIDTH = 64, 32
"""Small, since the pictures lie in every pack: 6 KiB each."""


def draw_probes(model: Encoder, basis: PrincipalBasis | None) -> Probes:
    """Draw people of each kind of evidence that a model takes, and embed them.

    Args:
        model: that packs are to be made of.
        basis: in which the packs answer; None for full width.
    """
    drawn = [
        sample
        for sample in drawn_samples("validation", people=_PEOPLE)
        if sample.modality in model.modalities
    ]
    seen = [(sample.modality, sample.image) for sample in drawn if sample.image is not None]
    probes = Probes(
        pictures=np.stack([resize_image(image, _HEIGHT, _WIDTH) for _, image in seen]),
        modalities=tuple(modality for modality, _ in seen),
        captions=tuple(sample.caption for sample in drawn if sample.caption is not None),
        vectors=np.empty((0, model.dim), np.float32),
    )
    expected = model.encode(probes.samples())
    return replace(probes, vectors=(expected if basis is None else basis.project(expected)).vectors)
