"""Jackets, coats, blazers and quilted vests of the site."""

import math

from crossreid.synthesis.pedestrians.attributes import Pedestrian
from crossreid.synthesis.pedestrians.palette import Rgb, mix, scaled
from crossreid.synthesis.pedestrians.site.body import Body
from crossreid.synthesis.pedestrians.site.cuts import FRONT, collar, panel, rise, skirt, wrap
from crossreid.synthesis.pedestrians.site.palette import DYES
from crossreid.synthesis.pedestrians.site.surface import Surface, between, column, limb

_OUTER_CLOTH = {"blazer": "wool", "long coat": "wool"}


def outer(person: Pedestrian, body: Body) -> list[Surface]:
    """The jacket, coat or vest over it."""
    kind = person.outer
    if kind == "none":
        return []
    colour, cloth = DYES[person.outer_colour], _OUTER_CLOTH.get(kind, "coated")
    dark = scaled(colour, 0.66)
    ease = {"long coat": 0.045, "vest": 0.045, "closed jacket": 0.045}.get(kind, 0.034)
    gap = {"open jacket": 0.60, "blazer": 0.34}.get(kind, 0.0)
    arc = (FRONT + gap, FRONT + 2.0 * math.pi - gap)
    hem = body.at({"closed jacket": -0.06, "open jacket": -0.10, "vest": 0.0, "blazer": -0.24}.get(kind, 0.0))
    ups = rise(hem, body.at(0.985), 0.06)
    parts = [Surface(wrap(body, ups, ease=ease, arc=arc), colour, cloth, 20, lift=0.02)]
    if kind == "vest":
        # Quilted: every second ring stands out.
        rings = [body.level(up, ease=ease + (0.014 if index % 2 else -0.006)) for index, up in enumerate(ups)]
        parts = [
            Surface(column(rings, arc=(FRONT + 0.1, FRONT + 2 * math.pi - 0.1)), colour, cloth, 20, lift=0.02)
        ]
    else:
        for shoulder, elbow, wrist in zip(body.shoulders, body.elbows, body.wrists, strict=True):
            thick = 0.062 * (0.5 + 0.5 * body.girth) + ease * 0.5
            parts.append(
                Surface(
                    limb([shoulder, elbow, between(elbow, wrist, 0.96)], (thick, thick * 0.92, thick * 0.82)),
                    colour,
                    cloth,
                    8,
                    lift=0.02,
                )
            )
    if kind == "long coat":
        parts.append(skirt(body, body.at(0.1), body.hip * 0.36, 0.10, colour, cloth, None, lift=0.02))
        parts.append(
            Surface(wrap(body, [body.at(0.26), body.at(0.34)], ease=ease + 0.012), dark, cloth, 20, lift=0.03)
        )
        parts.append(
            Surface(
                panel(body, body.at(0.62), body.at(0.93), 0.075, ease=ease + 0.012),
                dark,
                cloth,
                4,
                lift=0.03,
                cut=lambda u, v: abs(u) > 0.75 - 0.6 * (v + 1) / 2,
                minor=True,
            )
        )
    if kind == "closed jacket":
        parts.append(
            Surface(
                panel(body, hem, body.at(0.96), 0.014, ease=ease + 0.008),
                mix(colour, Rgb(220, 220, 220), 0.5),
                cloth,
                4,
                lift=0.03,
                minor=True,
            )
        )
        parts.append(Surface(collar(body, 0.03, 0.075), dark, cloth, 14, lift=0.02))
        parts.append(
            Surface(wrap(body, [hem - 0.03, hem + 0.04], ease=ease + 0.006), dark, cloth, 20, lift=0.03)
        )
    if kind == "open jacket":
        parts.append(Surface(collar(body, 0.03, 0.06), dark, cloth, 14, lift=0.02))
    if kind == "blazer":
        for side in (1, -1):
            parts.append(
                Surface(
                    panel(body, body.at(0.36), body.at(0.94), 0.026, right=side * 0.085, ease=ease + 0.012),
                    dark,
                    cloth,
                    4,
                    lift=0.03,
                    minor=True,
                )
            )
    if kind == "vest":
        parts.append(Surface(collar(body, 0.034, 0.06), dark, cloth, 14, lift=0.02))
    return parts
