"""What is worn between neck and ankles, cut another way than in the first style."""

import math
from collections.abc import Callable

from crossreid.synthesis.pedestrians.attributes import Pedestrian, hides_lower
from crossreid.synthesis.pedestrians.palette import Rgb, mix, scaled
from crossreid.synthesis.pedestrians.site.body import Body
from crossreid.synthesis.pedestrians.site.palette import DYES, SKIN
from crossreid.synthesis.pedestrians.site.prints import PRINTS
from crossreid.synthesis.pedestrians.site.surface import FULL, Ring, Surface, Weave, between, column, limb

_FINE = 0.024  # metres: the faces of a patterned cloth
_FRONT = math.pi / 2.0

_CLOTH = {"sweater": "wool", "hoodie": "cotton", "dress": "cotton", "shirt": "cotton"}
_LOWER_CLOTH = {"trousers": "wool", "jeans": "denim", "leggings": "coated", "shorts": "cotton"}
_OUTER_CLOTH = {"blazer": "wool", "long coat": "wool"}


def _shares(low: float, high: float, step: float) -> list[float]:
    count = max(2, math.ceil((high - low) / step) + 1)
    return [low + (high - low) * index / (count - 1) for index in range(count)]


def wrap(
    body: Body, ups: list[float], *, ease: float, arc: tuple[float, float] = FULL, close: bool = False
) -> tuple[Ring, ...]:
    """Rings around the trunk at heights from low to high; `close` shuts the top."""
    levels = [body.level(up, ease=ease) for up in ups]
    if close:
        z, _, _, y = levels[-1]
        levels.append((z + 0.01, 1e-3, 1e-3, y))
    return column(levels, arc=arc)


def panel(
    body: Body,
    low: float,
    high: float,
    half: float,
    *,
    ease: float,
    right: float = 0.0,
    back: bool = False,
    step: float = 0.05,
) -> tuple[Ring, ...]:
    """A patch `half` metres wide to each side of `right` on the front (or back) between two heights."""
    rings: list[Ring] = []
    for up in _shares(low, high, step):
        z, w, d, y = body.level(up, ease=ease)
        middle = (-_FRONT if back else _FRONT) + (right if back else -right) / w
        rings.append((0.0, y, z, w, 0.0, 0.0, 0.0, d, 0.0, middle - half / w, middle + half / w))
    return tuple(rings)


def upper(person: Pedestrian, body: Body) -> list[Surface]:
    """The garment on the chest with its sleeves, collar, pattern and print."""
    colour, kind = DYES[person.upper_colour], person.upper
    cloth = _CLOTH.get(kind, "cotton")
    second = DYES[person.upper_second_colour]
    loose = {"sweater": 0.022, "hoodie": 0.030, "shirt": 0.016, "tank top": 0.004}.get(kind, 0.012)
    hem = body.at({"tank top": -0.02, "shirt": -0.14, "sweater": -0.02, "hoodie": -0.06}.get(kind, -0.08))
    weave = None if person.upper_pattern == "plain" else Weave(person.upper_pattern, second, body.at(0.46))
    step, sectors = (0.12, 20) if weave is None else (_FINE, 44)
    top = body.at(0.90 if kind == "tank top" else 0.985)
    parts = [
        Surface(
            wrap(body, [*_shares(hem, top, step)], ease=loose, close=True),
            colour,
            cloth,
            sectors,
            weave=weave,
        )
    ]
    if kind == "dress":
        parts.append(_skirt(body, body.at(0.06), body.hip * 0.50, 0.13, colour, cloth, weave))
    if kind == "tank top":
        parts[0] = Surface(
            wrap(body, [*_shares(hem, body.at(0.80), step)], ease=loose), colour, cloth, sectors, weave=weave
        )
        skin = SKIN[person.skin_tone]
        parts.append(
            Surface(
                wrap(body, _shares(body.at(0.79), body.at(0.99), 0.05), ease=0.0, close=True),
                skin,
                "skin",
                20,
            )
        )
        for side in (1, -1):
            ends = [
                body.chest(side * 0.09, 0.78, ease=0.012),
                (side * 0.105, body.stoop, body.at(0.985)),
                body.chest(side * 0.09, 0.78, ease=0.012, back=True),
            ]
            parts.append(Surface(limb(ends, (0.022, 0.022, 0.022), flat=0.5), colour, cloth, 8, lift=0.02))
    parts += _sleeves(person, body, colour, cloth, loose, weave)
    trim = mix(colour, second, 0.0) if weave is None else second
    if kind in ("shirt", "polo shirt"):
        pale = mix(colour, Rgb(232, 228, 216), 0.45)
        parts.append(Surface(_collar(body, 0.018, 0.05), pale, cloth, 14, lift=0.01))
        low = hem if kind == "shirt" else body.at(0.74)
        parts.append(
            Surface(
                panel(body, low, body.at(0.95), 0.018, ease=loose + 0.006),
                scaled(colour, 0.72),
                cloth,
                4,
                lift=0.012,
                minor=True,
            )
        )
    if kind == "sweater":
        parts.append(
            Surface(
                wrap(body, [hem - 0.02, hem + 0.05], ease=loose + 0.008),
                scaled(trim, 0.78),
                cloth,
                20,
                lift=0.01,
            )
        )
        parts.append(Surface(_collar(body, 0.012, 0.03), scaled(trim, 0.78), cloth, 14, lift=0.01))
    if kind == "hoodie":
        x, y, z = body.head
        parts.append(
            Surface(
                limb(
                    [(-0.10, y - 0.07, z - 0.13), (0.0, y - 0.17, z - 0.16), (0.10, y - 0.07, z - 0.13)],
                    (0.05, 0.075, 0.05),
                ),
                scaled(colour, 0.88),
                cloth,
                14,
                lift=0.02,
            )
        )
        parts.append(
            Surface(
                panel(body, body.at(0.02), body.at(0.26), 0.11, ease=loose + 0.012),
                scaled(colour, 0.78),
                cloth,
                4,
                lift=0.012,
                minor=True,
            )
        )
    return parts + _print(person, body, loose)


def _collar(body: Body, ease: float, height: float) -> tuple[Ring, ...]:
    z, y = body.at(0.965), body.stoop
    return column([(z, 0.085 + ease, 0.08 + ease, y), (z + height, 0.070 + ease, 0.066 + ease, y + 0.008)])


def _sleeves(
    person: Pedestrian, body: Body, colour: Rgb, cloth: str, loose: float, weave: Weave | None
) -> list[Surface]:
    if person.upper == "tank top":
        return []
    parts: list[Surface] = []
    woven = weave if weave is not None and weave.kind != "two-tone" else None
    for shoulder, elbow, wrist in zip(body.shoulders, body.elbows, body.wrists, strict=True):
        thick = 0.056 * (0.5 + 0.5 * body.girth) + loose * 0.7
        end = between(elbow, wrist, 0.94)
        points = [shoulder, elbow, end] if person.long_sleeves else [shoulder, between(shoulder, elbow, 0.80)]
        radii = [thick, thick * 0.86, thick * 0.74] if person.long_sleeves else [thick, thick * 1.08]
        if woven is not None:
            points, radii = _refined(points, radii)
        parts.append(Surface(limb(points, radii), colour, cloth, 8 if woven is None else 14, weave=woven))
    return parts


def _refined(points: list[tuple[float, float, float]], radii: list[float]) -> tuple[list, list]:
    fine, wide = [points[0]], [radii[0]]
    for (first, second), (thin, thick) in zip(zip(points, points[1:]), zip(radii, radii[1:])):
        steps = max(1, math.ceil(math.dist(first, second) / _FINE))
        for step in range(1, steps + 1):
            fine.append(between(first, second, step / steps))
            wide.append(thin + (thick - thin) * step / steps)
    return fine, wide


def _print(person: Pedestrian, body: Body, ease: float) -> list[Surface]:
    kind = person.upper_print
    if kind == "none":
        return []
    colour, cut = DYES[person.upper_second_colour], PRINTS[kind]
    wide = 0.19 if kind == "chest band" else 0.115
    low, high = (0.56, 0.72) if kind == "chest band" else (0.42, 0.80)
    sides = (False, True) if kind == "number" else (False,)
    return [
        Surface(
            panel(body, body.at(low), body.at(high), wide, ease=ease + 0.006, back=back, step=0.016),
            colour, "pigment", 14, lift=0.015, cut=cut,
        )
        for back in sides
    ]  # fmt: skip


def outer(person: Pedestrian, body: Body) -> list[Surface]:
    """The jacket, coat or vest over it."""
    kind = person.outer
    if kind == "none":
        return []
    colour, cloth = DYES[person.outer_colour], _OUTER_CLOTH.get(kind, "coated")
    dark = scaled(colour, 0.66)
    ease = {"long coat": 0.045, "vest": 0.045, "closed jacket": 0.045}.get(kind, 0.034)
    gap = {"open jacket": 0.60, "blazer": 0.34}.get(kind, 0.0)
    arc = (_FRONT + gap, _FRONT + 2.0 * math.pi - gap)
    hem = body.at({"closed jacket": -0.06, "open jacket": -0.10, "vest": 0.0, "blazer": -0.24}.get(kind, 0.0))
    ups = _shares(hem, body.at(0.985), 0.06)
    parts = [Surface(wrap(body, ups, ease=ease, arc=arc), colour, cloth, 20, lift=0.02)]
    if kind == "vest":
        # Quilted: every second ring stands out.
        rings = [body.level(up, ease=ease + (0.014 if index % 2 else -0.006)) for index, up in enumerate(ups)]
        parts = [
            Surface(
                column(rings, arc=(_FRONT + 0.1, _FRONT + 2 * math.pi - 0.1)), colour, cloth, 20, lift=0.02
            )
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
        parts.append(_skirt(body, body.at(0.1), body.hip * 0.36, 0.10, colour, cloth, None, lift=0.02))
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
        parts.append(Surface(_collar(body, 0.03, 0.075), dark, cloth, 14, lift=0.02))
        parts.append(
            Surface(wrap(body, [hem - 0.03, hem + 0.04], ease=ease + 0.006), dark, cloth, 20, lift=0.03)
        )
    if kind == "open jacket":
        parts.append(Surface(_collar(body, 0.03, 0.06), dark, cloth, 14, lift=0.02))
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
        parts.append(Surface(_collar(body, 0.034, 0.06), dark, cloth, 14, lift=0.02))
    return parts


def _skirt(
    body: Body,
    top: float,
    bottom: float,
    flare: float,
    colour: Rgb,
    cloth: str,
    weave: Weave | None,
    *,
    lift: float = 0.0,
) -> Surface:
    """Cloth that falls around both legs."""
    _, w, d, y = body.level(top, ease=0.02)
    reach = [(k[1], a[1]) for k, a in zip(body.knees, body.ankles, strict=True)]
    ahead, behind = max(max(r) for r in reach), min(min(r) for r in reach)
    levels = []
    for up in _shares(bottom, top, 0.10 if weave is None else _FINE):
        share = min(1.0, (top - up) / max(0.3, top))
        wide = w + flare * share
        levels.append(
            (
                up,
                wide,
                max(wide * 0.8, d + flare * share, 0.5 * (ahead - behind) * min(1.0, 1.7 * share) + 0.10),
                y + (ahead + behind) * 0.5 * min(1.0, 1.7 * share),
            )
        )
    return Surface(column(levels), colour, cloth, 20 if weave is None else 44, weave=weave, lift=lift + 0.05)


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
            _skirt(body, body.at(0.14), bottom, 0.07 if kind == "short skirt" else 0.16, colour, cloth, weave)
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
            points, radii = _refined(points, radii)
        parts.append(Surface(limb(points, radii), colour, cloth, 8 if weave is None else 20, weave=weave))
        if kind == "jeans":
            faded = mix(colour, Rgb(206, 210, 214), 0.32)
            front = [(p[0], p[1] + r * 0.55, p[2]) for p, r in zip((hip, joint), radii, strict=False)]
            parts.append(
                Surface(
                    limb([between(*front, 0.25), between(*front, 0.85)], (0.038, 0.034)),
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
