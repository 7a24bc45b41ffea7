"""Maps of embeddings in three dimensions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from crossreid.analysis.figures import COLOURS, INK, LABELS, SHAPES, refuse_nothing


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """Some embeddings on three principal directions.

    Args:
        points: [n, 3], from `principal_map`.
        shares: of the variance, [3].
        person_ids: int [n].
        modalities: str [n].
    """

    points: np.ndarray
    shares: np.ndarray
    person_ids: np.ndarray
    modalities: np.ndarray


def space_figure(spaces: Mapping[str, Space]) -> Figure:
    """Draw spaces side by side: the shape says the modality, the colour the person.

    Args:
        spaces: by name of model or file.

    Raises:
        DataError: there is none.
    """
    refuse_nothing(spaces, "spaces")
    figure = Figure(figsize=(5.2 * len(spaces), 5.4), layout="constrained")
    for place, (name, space) in enumerate(spaces.items(), start=1):
        axes: Any = figure.add_subplot(1, len(spaces), place, projection="3d")
        people = np.unique(space.person_ids)
        colours = np.array(COLOURS)[np.searchsorted(people, space.person_ids) % len(COLOURS)]
        for modality, shape in SHAPES.items():
            rows = np.asarray(space.modalities) == modality
            axes.scatter(
                *space.points[rows].T, c=colours[rows].tolist(), marker=shape, s=26, depthshade=False
            )
        axes.set_title(f"{name}: {len(space.points)} items of {len(people)} people", fontsize=10, color=INK)
        for label, share in zip(
            (axes.set_xlabel, axes.set_ylabel, axes.set_zlabel), space.shares, strict=True
        ):
            label(f"{share:.0%} of the variance", fontsize=8, color=INK)
        axes.tick_params(labelsize=6, colors=INK)
    present = [
        kind
        for kind in SHAPES
        if any((np.asarray(space.modalities) == kind).any() for space in spaces.values())
    ]
    handles = [
        Line2D([], [], color=INK, marker=SHAPES[kind], linestyle="", label=LABELS[kind]) for kind in present
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=4, frameon=False, fontsize=9)
    return figure
