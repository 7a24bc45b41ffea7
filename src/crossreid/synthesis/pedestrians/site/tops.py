"""What is worn on the chest, cut another way than in the first style."""

from crossreid.synthesis.pedestrians.attributes import Pedestrian
from crossreid.synthesis.pedestrians.palette import Rgb, mix, scaled
from crossreid.synthesis.pedestrians.site.body import Body
from crossreid.synthesis.pedestrians.site.cuts import FINE_M, collar, panel, refined, rise, skirt, wrap
from crossreid.synthesis.pedestrians.site.palette import DYES, SKIN
from crossreid.synthesis.pedestrians.site.prints import PRINTS
from crossreid.synthesis.pedestrians.site.surface import Surface, Weave, between, limb

_CLOTH = {"sweater": "wool"}


def upper(person: Pedestrian, body: Body) -> list[Surface]:
    """The garment on the chest with its sleeves, collar, pattern and print."""
    colour, kind = DYES[person.upper_colour], person.upper
    cloth = _CLOTH.get(kind, "cotton")
    second = DYES[person.upper_second_colour]
    loose = {"sweater": 0.022, "hoodie": 0.030, "shirt": 0.016, "tank top": 0.004}.get(kind, 0.012)
    hem = body.at({"tank top": -0.02, "shirt": -0.14, "sweater": -0.02, "hoodie": -0.06}.get(kind, -0.08))
    weave = None if person.upper_pattern == "plain" else Weave(person.upper_pattern, second, body.at(0.46))
    step, sectors = (0.12, 20) if weave is None else (FINE_M, 44)
    top = body.at(0.90 if kind == "tank top" else 0.985)
    parts = [
        Surface(
            wrap(body, [*rise(hem, top, step)], ease=loose, close=True),
            colour,
            cloth,
            sectors,
            weave=weave,
        )
    ]
    if kind == "dress":
        parts.append(skirt(body, body.at(0.06), body.hip * 0.50, 0.13, colour, cloth, weave))
    if kind == "tank top":
        parts[0] = Surface(
            wrap(body, [*rise(hem, body.at(0.80), step)], ease=loose), colour, cloth, sectors, weave=weave
        )
        skin = SKIN[person.skin_tone]
        parts.append(
            Surface(
                wrap(body, rise(body.at(0.79), body.at(0.99), 0.05), ease=0.0, close=True),
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
        parts.append(Surface(collar(body, 0.018, 0.05), pale, cloth, 14, lift=0.01))
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
        parts.append(Surface(collar(body, 0.012, 0.03), scaled(trim, 0.78), cloth, 14, lift=0.01))
    if kind == "hoodie":
        _, y, z = body.head
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
            points, radii = refined(points, radii)
        parts.append(Surface(limb(points, radii), colour, cloth, 8 if woven is None else 14, weave=woven))
    return parts


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
