"""How a whole world looks: by day, in the evening under lamps with the same people, poses and words, or at the site.

The site is another place, drawn by other code (`site`): only who its people are is as in the other styles.
"""

from dataclasses import replace
from typing import Literal, get_args

from crossreid.synthesis.pedestrians.shot import Scene, Shot

Style = Literal["day", "evening", "site"]
STYLES: tuple[Style, ...] = get_args(Style)

_LIT: dict[Scene, Scene] = {"street": "shop fronts", "park": "car park", "square": "corridor"}
"""Where people are met in the evening in place of somewhere without lamps."""


def restyle(shot: Shot, style: Literal["day", "evening"]) -> Shot:
    """The same person, pose, place and time of a shot in a style; by day it is as it was drawn.

    In the evening the light is warm, low, hard and from the other side, and the cameras' pictures are darker, greyer,
    coarser and noisier. What a camera's habits are relative to each other stays.
    """
    if style == "day":
        return shot
    red, green, blue = shot.white_balance
    return replace(
        shot,
        scene=_LIT.get(shot.scene, shot.scene),
        light_side=-shot.light_side,
        light_strength=shot.light_strength * 1.35,
        shadow=min(0.9, shot.shadow * 1.5),
        gain=shot.gain * 0.78,
        gamma=shot.gamma * 1.15,
        saturation=shot.saturation * 0.65,
        white_balance=(red * 1.14, green, blue * 0.78),
        noise=shot.noise * 1.4 + 2.0,
        coarseness=shot.coarseness * 1.15,
    )
