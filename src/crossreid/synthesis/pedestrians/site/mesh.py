"""All surfaces of a person as one set of four-cornered faces, with what each looks like."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from crossreid.synthesis.pedestrians.attributes import Pedestrian
from crossreid.synthesis.pedestrians.palette import luminance
from crossreid.synthesis.pedestrians.site.baggage import baggage
from crossreid.synthesis.pedestrians.site.body import pose
from crossreid.synthesis.pedestrians.site.garments import hands, lower, outer, shoes, upper
from crossreid.synthesis.pedestrians.site.heads import head
from crossreid.synthesis.pedestrians.site.palette import near_infrared
from crossreid.synthesis.pedestrians.site.surface import Surface, Weave

_STRIPE_M, _LINE_M, _CHECK_M, _DOT_M = 0.105, 0.085, 0.125, 0.105
_LEAST_CONTRAST = 0.13  # of reflectance, between a cloth and what is woven into it


@dataclass(frozen=True, slots=True)
class Mesh:
    """Faces [face, ...] of a person in the person's coordinates.

    `surfaces` numbers the surface of a face, `minor` says by surface what a sketcher may leave out.
    """

    corners: np.ndarray  # float32 [face, 4, 3], metres
    centres: np.ndarray  # float32 [face, 3], metres
    normals: np.ndarray  # float32 [face, 3], unit length, outwards
    colours: np.ndarray  # float32 [face, 3], sRGB 0 to 255
    infrared: np.ndarray  # float32 [face], reflectance
    surfaces: np.ndarray  # int32 [face]
    lift: np.ndarray  # float32 [face], metres
    minor: np.ndarray  # bool [surface]
    stature: float


# The kinds of evidence of one encounter are usually drawn one after the other.
@lru_cache(maxsize=4)
def build_mesh(person: Pedestrian, phase: float) -> Mesh:
    """The person at a phase of the gait."""
    body = pose(person, phase)
    surfaces = [
        *lower(person, body), *shoes(person, body), *hands(person, body), *upper(person, body),
        *outer(person, body), *head(person, body), *baggage(person, body),
    ]  # fmt: skip
    # Surfaces with the same number of sectors and the same plan are one array operation.
    groups: dict[tuple[int, float], list[int]] = {}
    for number, surface in enumerate(surfaces):
        groups.setdefault((surface.sectors, surface.squareness), []).append(number)
    pieces = [_stretch(surfaces, numbers, *plan) for plan, numbers in groups.items()]
    corners, normals, across, along, owners = (
        np.concatenate(columns) for columns in zip(*pieces, strict=True)
    )
    colours = np.array([surface.colour for surface in surfaces], np.float32)[owners]
    infrared = np.array([near_infrared(s.material, s.colour) for s in surfaces], np.float32)[owners]
    kept = np.ones(len(owners), bool)
    for number, surface in enumerate(surfaces):
        if surface.weave is not None:
            faces = np.flatnonzero(owners == number)
            second = faces[_woven(surface.weave, across[faces], along[faces], corners[faces])]
            colours[second] = surface.weave.colour
            infrared[second] = _apart(surface, surface.weave)
        elif surface.cut is not None:
            faces = np.flatnonzero(owners == number)
            kept[faces] = _cut(surface, len(faces))
    lift = np.array([surface.lift for surface in surfaces], np.float32)[owners]
    minor = np.array([surface.minor for surface in surfaces])
    columns = (corners, corners.mean(axis=1), normals, colours, infrared, owners, lift)
    return Mesh(*(column[kept] for column in columns), minor=minor, stature=body.stature)


def _stretch(
    surfaces: list[Surface], numbers: list[int], sectors: int, squareness: float
) -> tuple[np.ndarray, ...]:
    """Corners, normals, place across and along in metres, and surface of every face between the rings."""
    rings = np.array([ring for number in numbers for ring in surfaces[number].rings], np.float32)
    counts = [len(surfaces[number].rings) for number in numbers]
    shares = np.linspace(0.0, 1.0, sectors + 1, dtype=np.float32)
    angles = rings[:, 9:10] + (rings[:, 10:11] - rings[:, 9:10]) * shares
    cosine, sine = np.cos(angles), np.sin(angles)
    if squareness != 1.0:
        cosine = np.sign(cosine) * np.abs(cosine) ** squareness
        sine = np.sign(sine) * np.abs(sine) ** squareness
    points = (
        rings[:, None, :3] + cosine[..., None] * rings[:, None, 3:6] + sine[..., None] * rings[:, None, 6:9]
    )
    ends = np.cumsum(counts)
    low = np.delete(np.arange(len(rings)), ends - 1)
    owners = np.repeat(np.array(numbers, np.int32), np.array(counts) - 1)
    first, second = points[low], points[low + 1]
    corners = np.stack([first[:, :-1], first[:, 1:], second[:, 1:], second[:, :-1]], axis=2)
    normals = _perpendicular(corners[:, :, 2] - corners[:, :, 0], corners[:, :, 3] - corners[:, :, 1])
    girth = np.linalg.norm(rings[low, 3:6], axis=1, keepdims=True)
    middles = 0.5 * (angles[:, :-1] + angles[:, 1:])[low]
    steps = np.linalg.norm(rings[low + 1, :3] - rings[low, :3], axis=1)
    along = np.cumsum(steps) - 0.5 * steps
    return (
        corners.reshape(-1, 4, 3),
        normals.reshape(-1, 3),
        (middles * np.maximum(girth, 0.04)).reshape(-1),
        np.repeat(along, sectors),
        np.repeat(owners, sectors),
    )


def _perpendicular(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Unit vectors along first x second, by hand: numpy's cross product is several times slower."""
    found = np.empty_like(first)
    for axis, (one, other) in enumerate(((1, 2), (2, 0), (0, 1))):
        found[..., axis] = first[..., one] * second[..., other] - first[..., other] * second[..., one]
    length = np.sqrt(np.einsum("rsd,rsd->rs", found, found))
    found /= np.maximum(1e-9, length)[..., None]
    return found


def _woven(weave: Weave, across: np.ndarray, along: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Which faces have the second colour."""
    match weave.kind:
        case "horizontal stripes":
            return along / _STRIPE_M % 1.0 < 0.45
        case "vertical stripes":
            return across / _LINE_M % 1.0 < 0.40
        case "checks":
            return (across / _CHECK_M % 1.0 < 0.5) != (along / _CHECK_M % 1.0 < 0.5)
        case "dots":
            row = np.floor(along / _DOT_M)
            u = (across / _DOT_M + 0.5 * (row % 2.0)) % 1.0 - 0.5
            return np.hypot(u, along / _DOT_M % 1.0 - 0.5) < 0.31
        case _:
            return corners[:, :, 2].mean(axis=1) < weave.split


def _apart(surface: Surface, weave: Weave) -> float:
    """The second colour's reflectance: yarns of one cloth that would look the same are told apart by their weave."""
    own, other = (
        near_infrared(surface.material, surface.colour),
        near_infrared(surface.material, weave.colour),
    )
    if abs(own - other) >= _LEAST_CONTRAST:
        return other
    darker = luminance(weave.colour) < luminance(surface.colour)
    return own - _LEAST_CONTRAST if darker else own + _LEAST_CONTRAST


def _cut(surface: Surface, count: int) -> np.ndarray:
    assert surface.cut is not None
    rows = count // surface.sectors
    sectors = surface.sectors
    # The angle grows from the person's right to the left, which in front is from left to right of the reader.
    return np.array(
        [
            surface.cut((column + 0.5) / sectors * 2.0 - 1.0, (row + 0.5) / rows * 2.0 - 1.0)
            for row in range(rows)
            for column in range(sectors)
        ]
    )
