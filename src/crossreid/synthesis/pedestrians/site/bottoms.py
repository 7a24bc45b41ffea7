"""Trousers, skirts, shoes and what is bare of arms and legs."""

from crossreid.synthesis.pedestrians.attributes import Pedestrian, hides_lower
from crossreid.synthesis.pedestrians.palette import Rgb, mix
from crossreid.synthesis.pedestrians.site.body import Body
from crossreid.synthesis.pedestrians.site.cuts import refined, skirt, wrap
from crossreid.synthesis.pedestrians.site.palette import DYES, SKIN
from crossreid.synthesis.pedestrians.site.surface import Surface, Weave, between, limb

_LOWER_CLOTH = {"trousers": "wool", "jeans": "denim", "leggings": "coated"}


def lower(person: Pedestrian, body: Body) -> list[Surface]:
    """Trousers, skirts and what is bare below them."""
    skin = SKIN[person.skin_tone]
    kind = "bare" if hides_lower(person) else person.lower
    colour = DYES[person.lower_colour]
    cloth = _LOWER_CLOTH.get(kind, "cotton")
    weave = None
    if person.lower_pattern == "checks":
        weave = Weave("checks", DYES[person.lower_second_colour])
    girth = 0.45 + 0.55 * body.girth
    thigh, knee, cuff = {
        "trousers": (0.094, 0.078, 0.080), "jeans": (0.088, 0.064, 0.062), "leggings": (0.076, 0.052, 0.040),
        "shorts": (0.105, 0.104, 0.0),
    }.get(kind, (0.078, 0.054, 0.042))  # fmt: skip
    parts: list[Surface] = []
    if "skirt" in kind:
        bottom = body.hip * (0.56 if kind == "short skirt" else 0.14)
        parts.append(
            skirt(body, body.at(0.14), bottom, 0.07 if kind == "short skirt" else 0.16, colour, cloth, weave)
        )
    elif kind != "bare":
        parts.append(
            Surface(wrap(body, [body.at(-0.16), body.at(-0.1), body.at(0.10)], ease=0.008), colour, cloth, 20)
        )
    for side, hip, joint, ankle in zip((1, -1), body.hips, body.knees, body.ankles, strict=True):
        bare = kind in ("bare", "shorts", "short skirt", "long skirt")
        if bare:
            parts.append(
                Surface(
                    limb(
                        [between(hip, joint, 0.3), joint, between(joint, ankle, 0.4), ankle],
                        (0.072 * girth, 0.052, 0.056, 0.036),
                    ),
                    skin,
                    "skin",
                    8,
                )
            )
        if kind == "shorts":
            points, radii = [hip, between(hip, joint, 0.9)], [thigh * girth, knee * girth]
        elif bare:
            continue
        else:
            points, radii = [hip, joint, ankle], [thigh * girth, knee * (0.7 + 0.3 * girth), cuff]
        seam = [(p[0] + side * (r + 0.001), p[1], p[2]) for p, r in zip(points, radii, strict=True)]
        if weave is not None:
            points, radii = refined(points, radii)
        parts.append(Surface(limb(points, radii), colour, cloth, 8 if weave is None else 20, weave=weave))
        if kind == "jeans":
            faded = mix(colour, Rgb(206, 210, 214), 0.32)
            top, knee_cap = (
                (x, y + r * 0.55, z) for (x, y, z), r in zip((hip, joint), radii[:2], strict=True)
            )
            parts.append(
                Surface(
                    limb([between(top, knee_cap, 0.25), between(top, knee_cap, 0.85)], (0.038, 0.034)),
                    faded,
                    cloth,
                    8,
                    lift=0.015,
                    minor=True,
                )
            )
            parts.append(
                Surface(
                    limb([between(joint, ankle, 0.88), ankle], (cuff + 0.012, cuff + 0.012)),
                    faded,
                    cloth,
                    14,
                    lift=0.01,
                )
            )
        if person.lower_pattern == "side stripe":
            parts.append(
                Surface(
                    limb(seam, (0.026,) * len(seam), flat=1.3),
                    DYES[person.lower_second_colour],
                    "pigment",
                    8,
                    lift=0.02,
                )
            )
    if "skirt" in kind and person.lower_pattern == "side stripe":
        _, w, _, y = body.level(body.at(-0.05), ease=0.03)
        for side in (1, -1):
            ends = [(side * w, y, body.at(0.1)), (side * (w + 0.05), y, body.hip * 0.58)]
            parts.append(
                Surface(limb(ends, (0.03, 0.03)), DYES[person.lower_second_colour], "pigment", 8, lift=0.03)
            )
    return parts


def shoes(person: Pedestrian, body: Body) -> list[Surface]:
    """Both shoes, large enough to be told apart from above."""
    colour, kind, skin = DYES[person.shoe_colour], person.shoes, SKIN[person.skin_tone]
    cloth = "coated" if kind in ("trainers", "sandals") else "leather"
    parts: list[Surface] = []
    for side, (x, y, z) in zip((1, -1), body.ankles, strict=True):
        x += side * 0.015
        ground = z - 0.05
        foot = [(x, y - 0.06, ground), (x, y + 0.05, ground), (x + side * 0.012, y + 0.17, ground - 0.012)]
        wide = {"trainers": (0.052, 0.060, 0.052), "leather shoes": (0.044, 0.050, 0.030)}.get(
            kind, (0.048, 0.055, 0.046)
        )
        if kind == "sandals":
            parts.append(Surface(limb(foot, (0.038, 0.046, 0.040), flat=0.6), skin, "skin", 8))
            parts.append(
                Surface(
                    limb(
                        [(x - 0.05, y + 0.10, ground + 0.02), (x + 0.05, y + 0.10, ground + 0.02)],
                        (0.022, 0.022),
                    ),
                    colour,
                    cloth,
                    8,
                    lift=0.02,
                )
            )
            parts.append(
                Surface(
                    limb(
                        [(x - 0.045, y - 0.01, ground + 0.04), (x + 0.045, y - 0.01, ground + 0.04)],
                        (0.02, 0.02),
                    ),
                    colour,
                    cloth,
                    8,
                    lift=0.02,
                )
            )
            continue
        parts.append(Surface(limb(foot, wide, flat=0.75), colour, cloth, 8))
        if kind == "trainers":
            sole = [(p[0], p[1] * 1.0, p[2] - 0.03) for p in foot]
            parts.append(
                Surface(
                    limb(sole, tuple(w + 0.012 for w in wide), flat=0.35), Rgb(222, 220, 212), "rubber", 8
                )
            )
        shaft = {"ankle boots": 0.13, "high boots": 0.36}.get(kind)
        if shaft is not None:
            leg = body.knees[0 if side > 0 else 1]
            top = between((x, y, z - 0.02), leg, shaft / (0.41 * body.stature))
            parts.append(Surface(limb([(x, y, z - 0.03), top], (0.058, 0.074)), colour, cloth, 14, lift=0.02))
    return parts


def hands(person: Pedestrian, body: Body) -> list[Surface]:
    """Bare forearms and the hands."""
    skin = SKIN[person.skin_tone]
    covered = (person.long_sleeves or person.outer not in ("none", "vest")) and not (
        person.upper == "tank top" and person.outer in ("none", "vest")
    )
    parts: list[Surface] = []
    for shoulder, elbow, wrist in zip(body.shoulders, body.elbows, body.wrists, strict=True):
        if not covered:
            parts.append(Surface(limb([shoulder, elbow, wrist], (0.050, 0.040, 0.030)), skin, "skin", 8))
        tip = between(elbow, wrist, 1.38)
        parts.append(
            Surface(limb([wrist, between(wrist, tip, 0.5), tip], (0.028, 0.042, 0.026)), skin, "skin", 8)
        )
    return parts
