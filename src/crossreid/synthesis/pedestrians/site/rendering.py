"""A person at the site as a photograph, in near infrared, or as somebody's charcoal drawing."""

from dataclasses import replace

import cv2
import numpy as np

from crossreid.synthesis.pedestrians.attributes import Pedestrian
from crossreid.synthesis.pedestrians.shot import Shot
from crossreid.synthesis.pedestrians.site.charcoal import LEAST_HEIGHT, draw_charcoal
from crossreid.synthesis.pedestrians.site.floor import crop_floor
from crossreid.synthesis.pedestrians.site.foreground import cover
from crossreid.synthesis.pedestrians.site.projection import HAND, Sight, lens_of, look, spot_of
from crossreid.synthesis.pedestrians.site.sensor import expose_colour, expose_near_infrared


def _look(person: Pedestrian, shot: Shot, height: int, width: int) -> Sight:
    return look(person, shot, lens_of(shot.camera_id, spot_of(shot)), height, width)


def _compose(faces: np.ndarray, tones: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """Paint the faces in their tones (the first row is of no face) over the ground, smoothed to pixels."""
    height, width = ground.shape[:2]
    # Four bytes a face, so that every sample is one look-up.
    packed = np.zeros((len(tones) + 1, 4), np.uint8)
    packed[1:, : 3 if tones.ndim == 2 else 1] = tones if tones.ndim == 2 else tones[:, None]
    packed[1:, 3] = 255
    fine = packed.view(np.uint32).ravel().take(faces).view(np.uint8).reshape(*faces.shape, 4)
    mixed = cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA)
    bare = cv2.bitwise_not(cv2.extractChannel(mixed, 3))
    if ground.ndim == 2:
        return cv2.add(cv2.extractChannel(mixed, 0), cv2.multiply(ground, bare, scale=1 / 255))
    under = cv2.multiply(ground, cv2.merge([bare] * 3), scale=1 / 255)
    return cv2.add(cv2.cvtColor(mixed, cv2.COLOR_RGBA2RGB), under)


def _shadowed(ground: np.ndarray, faces: np.ndarray, shot: Shot) -> np.ndarray:
    """Soft pools of shade around whoever stands under many lamps."""
    height, width = ground.shape[:2]
    small = cv2.resize(
        (faces > 0).astype(np.uint8) * 255, (width // 4, height // 4), interpolation=cv2.INTER_AREA
    )
    shade = np.zeros_like(small)
    shift = round(shot.light_side * width / 24)
    low = height // 8
    shade[low + height // 32 :] = np.roll(small[low : -(height // 32)], shift, axis=1)
    shade = cv2.GaussianBlur(shade, (0, 0), width / 28)
    dark = 255 - (cv2.resize(shade, (width, height)) * (0.9 * shot.shadow)).astype(np.uint8)
    return cv2.multiply(ground, cv2.merge([dark] * 3) if ground.ndim == 3 else dark, scale=1 / 255)


def render_photo(person: Pedestrian, shot: Shot, *, height: int = 280, width: int = 140) -> np.ndarray:
    """A ceiling camera's crop of the person, uint8 RGB [height, width, 3]."""
    sight = _look(person, shot, height, width)
    normals, up = sight.normals, sight.centres[:, 2]
    lamps = 0.62 * np.clip(normals[:, 2], 0.0, 1.0) + 0.30 * np.clip(
        normals[:, 0] * shot.light_side + normals[:, 1] * 0.55, -0.4, 1.0
    )
    # Under a ceiling the feet stand in the dark of their own body.
    light = (0.46 + 0.62 * shot.light_strength * lamps) * (0.72 + 0.30 * np.clip(up / 1.6, 0.0, 1.0))
    light *= 0.82 + 0.18 * np.sqrt(np.clip(sight.facing, 0.0, 1.0))
    colours = np.clip(sight.mesh.colours * light[:, None] + 5.0, 0, 255)
    ground = _shadowed(crop_floor(shot, height=height, width=width), sight.faces, shot)
    picture = cover(_compose(sight.faces, colours, ground), shot)
    return expose_colour(picture, shot)


def render_near_infrared(
    person: Pedestrian, shot: Shot, *, height: int = 280, width: int = 140
) -> np.ndarray:
    """The same camera at night with its own lamp, uint8 [height, width, 3] with equal channels."""
    sight = _look(person, shot, height, width)
    near = (np.maximum(sight.depth, 0.5) / lens_of(shot.camera_id, spot_of(shot)).distance) ** -1.6
    # The lamp is beside the lens, so surfaces that turn away are dark and nothing casts a shadow.
    light = near * (0.28 + 0.72 * np.clip(sight.facing, 0.0, 1.0) ** 0.7)
    tones = np.clip(sight.mesh.infrared * light * 270.0 + 4.0, 0, 255)
    ground = crop_floor(shot, height=height, width=width, infrared=True)
    picture = cover(_compose(sight.faces, tones, ground), shot)
    return expose_near_infrared(picture, shot)


def render_charcoal(person: Pedestrian, shot: Shot, *, height: int = 280, width: int = 140) -> np.ndarray:
    """A drawing of the person in the pose of the shot, uint8 RGB [height, width, 3]."""
    if height < LEAST_HEIGHT:
        large = render_charcoal(person, shot, height=2 * height, width=2 * width)
        return cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA)
    # A drawing is not cropped: it is fitted onto the paper, nearly upright and in its middle.
    fitted = replace(
        shot,
        scale=min(shot.scale, 1.0) * 0.95,
        rotation=shot.rotation * 0.5,
        offset_x=shot.offset_x * 0.5,
        offset_y=shot.offset_y * 0.5,
    )
    return draw_charcoal(look(person, fitted, HAND, height, width, 1), fitted)
