"""A pedestrian as a list: every attribute that a view shows, always in the same order."""

from crossreid.synthesis.pedestrians.attributes import Pedestrian, hides_lower

HIDDEN = "hidden"


def list_attributes(person: Pedestrian, view: str) -> str:
    """Name what is seen from the `view` (front, back, left or right), the large things first.

    What is not worn is "none", what the view or a garment hides is "hidden"; parts are separated by "; ".
    """
    from_behind = view == "back"
    covered = person.outer in ("closed jacket", "long coat")
    upper = f"{person.upper_colour} {person.upper}, {'long' if person.long_sleeves else 'short'} sleeves"
    pattern = person.upper_pattern
    if pattern != "plain" or person.upper_print != "none":
        pattern = f"{pattern} {person.upper_second_colour}, {HIDDEN if from_behind else person.upper_print}"
    lower = f"{person.lower_colour} {person.lower}"
    if person.lower_pattern != "plain":
        lower = f"{lower}, {person.lower_second_colour} {person.lower_pattern}"
    parts = [
        _worn(person.outer, person.outer_colour),
        HIDDEN if covered else f"{upper}, {pattern}",
        HIDDEN if hides_lower(person) else lower,
        f"{person.shoe_colour} {person.shoes}",
        _worn(person.bag, person.bag_colour),
        _worn(person.headwear, person.headwear_colour),
        f"{person.hair_colour} {person.hair_style}",
        _worn(person.carried, person.carried_colour),
        HIDDEN if from_behind else _worn(person.neckwear, person.neckwear_colour),
        HIDDEN if from_behind else f"{person.glasses}, {person.beard}",
        f"{person.gender}, {person.age}, {person.height}, {person.weight}, {person.skin_tone}",
        f"{person.gait}, {person.arms}, {view}",
    ]
    return "; ".join(parts) + "."


def _worn(kind: str, colour: str) -> str:
    return kind if kind == "none" else f"{colour} {kind}"
