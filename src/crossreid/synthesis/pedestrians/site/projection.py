"""A wide lens under the ceiling: where it sees the faces of a person, and the floor around."""

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from crossreid.synthesis.pedestrians.attributes import Pedestrian
from crossreid.synthesis.pedestrians.shot import Shot
from crossreid.synthesis.pedestrians.site.mesh import Mesh, build_mesh

_YAW = {"front": 0.0, "right": 90.0, "back": 180.0, "left": -90.0}
_AIM = 0.90  # metres above the ground: what the crop is centred on
_TALL = 1.80  # metres that fill `_FILLED` of the crop
_FILLED = 0.84
_SHIFT = 4  # fractional bits of pixel coordinates
DENSITY = 2  # samples a pixel and side


@dataclass(frozen=True, slots=True)
class Lens:
    """How a crop was looked at: tilt in radians, distance in metres, and where the optical axis meets the crop."""

    tilt: float
    distance: float
    axis_x: float  # crop heights from the middle
    axis_y: float
    barrel: float

    def see(self, points: np.ndarray) -> np.ndarray:
        """Crop coordinates [..., 2], in crop heights from the middle, of points in the room."""
        right, towards, up = points[..., 0], points[..., 1], points[..., 2] - _AIM
        cosine, sine = math.cos(self.tilt), math.sin(self.tilt)
        depth = self.distance - (towards * cosine + up * sine)
        flat = np.stack([right / depth, (towards * sine - up * cosine) / depth], axis=-1)
        return self._bend(flat * self.zoom) - self._bend(np.array(self._middle(), np.float32))

    def meet_floor(self, crop: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Metres to the right and towards the camera where crop coordinates [..., 2] look at the floor."""
        bent = crop + self._bend(np.array(self._middle()))
        flat = bent
        for _ in range(6):  # the inverse of the distortion, which is weak
            flat = flat + bent - self._bend(flat)
        x, y = flat[..., 0] / self.zoom, flat[..., 1] / self.zoom
        cosine, sine = math.cos(self.tilt), math.sin(self.tilt)
        towards = (y * (self.distance + _AIM * sine) - _AIM * cosine) / (sine + y * cosine)
        depth = self.distance - towards * cosine + _AIM * sine
        return x * depth, towards

    @property
    def zoom(self) -> float:
        """Crop heights a unit of tangent, such that somebody of a common stature fills the crop."""
        (top, bottom) = self._span()
        return _FILLED / (bottom - top)

    def _span(self) -> tuple[float, float]:
        cosine, sine = math.cos(self.tilt), math.sin(self.tilt)
        top, feet = _TALL - _AIM, -_AIM
        return (
            -top * cosine / (self.distance - top * sine) - 0.02,
            -feet * cosine / (self.distance - feet * sine) + 0.16 * sine / self.distance,
        )

    def _middle(self) -> tuple[float, float]:
        top, bottom = self._span()
        return 0.0, (top + bottom) * 0.5 * self.zoom

    def _bend(self, flat: np.ndarray) -> np.ndarray:
        """Barrel distortion about the optical axis: what is far from it is drawn in."""
        from_axis = flat - np.array((self.axis_x, self.axis_y), np.float32)
        radius = from_axis[..., 0] ** 2 + from_axis[..., 1] ** 2
        return flat - from_axis * (self.barrel * radius)[..., None]


@lru_cache(maxsize=256)
def lens_of(camera_id: int, spot: int) -> Lens:
    """The lens of a camera for people at one of its spots."""
    rng = np.random.default_rng([camera_id & 0xFFFFFFFF, spot, 61_403])
    tilt = float(np.random.default_rng([camera_id & 0xFFFFFFFF, 61_409]).uniform(20.0, 36.0)) + float(
        rng.uniform(-5.0, 5.0)
    )
    return Lens(
        tilt=math.radians(tilt),
        distance=float(rng.uniform(2.7, 3.6)),
        axis_x=float(rng.uniform(-0.8, 0.8)),
        axis_y=float(rng.uniform(0.1, 0.9)),
        barrel=float(rng.uniform(0.06, 0.14)),
    )


# Who draws stands on the floor, a little above the eyes of the others, and exaggerates what is near.
HAND = Lens(tilt=math.radians(16.0), distance=2.6, axis_x=0.0, axis_y=0.0, barrel=0.0)

SPOTS = 4


def spot_of(shot: Shot) -> int:
    """Which of the camera's spots a shot was taken at."""
    return shot.background_seed % SPOTS


@dataclass(frozen=True, slots=True)
class Sight:
    """What is seen of a mesh: for every sample the face + 1, or 0 beside the person, and faces' facing."""

    mesh: Mesh
    faces: np.ndarray  # int32 [density * height, density * width]
    normals: np.ndarray  # float32 [face, 3] in the room: right, towards the camera, up
    centres: np.ndarray  # float32 [face, 3] in the room
    facing: np.ndarray  # float32 [face], cosine between normal and line of sight
    depth: np.ndarray  # float32 [face], metres


@lru_cache(maxsize=4)
def look(
    person: Pedestrian, shot: Shot, lens: Lens, height: int, width: int, density: int = DENSITY
) -> Sight:
    """Look at a person through a lens: the nearest face of every sample, `density` samples a pixel and side."""
    mesh = build_mesh(person, shot.phase)
    yaw = math.radians(_YAW[shot.view] + shot.turn)
    normals, centres = _turn(mesh.normals, yaw), _turn(mesh.centres, yaw)
    cosine, sine = math.cos(lens.tilt), math.sin(lens.tilt)
    eye = np.array([0.0, lens.distance * cosine, _AIM + lens.distance * sine], np.float32)
    sight = eye - centres
    facing = np.einsum("fd,fd->f", normals, sight) / np.sqrt(np.einsum("fd,fd->f", sight, sight))
    visible = np.flatnonzero(facing > 0.0)
    # All the lens knows of depth is needed before the corners are: the order of painting.
    depth = lens.distance - (centres[:, 1] * cosine + (centres[:, 2] - _AIM) * sine)
    visible = visible[np.argsort(mesh.lift[visible] - depth[visible])]
    flat = lens.see(_turn(mesh.corners[visible], yaw))
    pixels = _place(flat, shot, height=height, width=width)
    # Half a pixel: sample centres.
    polygons = np.round((pixels * density - 0.5) * (1 << _SHIFT)).astype(np.int32)
    faces = np.zeros((density * height, density * width), np.int32)
    fill = cv2.fillConvexPoly
    for polygon, value in zip(list(polygons), (visible + 1).tolist(), strict=True):
        fill(faces, polygon, value, 8, _SHIFT)
    return Sight(mesh, faces, normals, centres, facing, depth)


def _turn(points: np.ndarray, yaw: float) -> np.ndarray:
    """From the person's coordinates to the room's: right in the picture, towards the camera, up."""
    cosine, sine = math.cos(yaw), math.sin(yaw)
    turned = np.empty_like(points)
    turned[..., 0] = points[..., 1] * sine - points[..., 0] * cosine
    turned[..., 1] = points[..., 1] * cosine + points[..., 0] * sine
    turned[..., 2] = points[..., 2]
    return turned


def _place(flat: np.ndarray, shot: Shot, *, height: int, width: int) -> np.ndarray:
    """Pixels of crop coordinates: the crop's scale, rotation and offset."""
    angle = math.radians(shot.rotation)
    cosine, sine = math.cos(angle) * shot.scale * height, math.sin(angle) * shot.scale * height
    x, y = flat[..., 0], flat[..., 1]
    unit = height / 280.0
    return np.stack(
        [
            width / 2.0 + x * cosine - y * sine + shot.offset_x * unit,
            height / 2.0 + x * sine + y * cosine + shot.offset_y * unit,
        ],
        axis=-1,
    )


@lru_cache(maxsize=64)
def floor_places(lens: Lens, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Where on the floor the pixels of a crop look: metres to the right and towards the camera, [height, width]."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    pixels = np.stack([(x - width / 2) / height, (y - height / 2) / height], axis=-1)
    right, towards = lens.meet_floor(pixels)
    return right.astype(np.float32), towards.astype(np.float32)
