"""Who a procedural pedestrian is: every attribute that stays with the person from camera to camera."""

from bisect import bisect_right
from dataclasses import dataclass, fields, replace
from functools import cache
from itertools import accumulate
from typing import Literal, get_args, get_origin

import numpy as np

Colour = Literal[
    "black", "white", "grey", "navy", "blue", "sky blue", "teal", "green", "olive",
    "yellow", "orange", "red", "maroon", "pink", "purple", "brown", "beige",
]  # fmt: skip
Gender = Literal["man", "woman"]
Age = Literal["young", "middle-aged", "elderly"]
Height = Literal["short", "average", "tall"]
Weight = Literal["slim", "average", "heavy"]
SkinTone = Literal["pale", "light", "tan", "brown", "dark"]
HairStyle = Literal["bald", "buzz cut", "short", "bob", "long", "ponytail", "bun", "afro"]
HairColour = Literal["black", "dark brown", "brown", "blond", "red", "grey"]
Beard = Literal["none", "beard"]
Glasses = Literal["none", "glasses", "sunglasses"]
Headwear = Literal["none", "cap", "beanie", "brimmed hat", "headscarf"]
UpperKind = Literal["t-shirt", "shirt", "polo shirt", "sweater", "hoodie", "tank top", "dress"]
Pattern = Literal["plain", "horizontal stripes", "vertical stripes", "checks", "dots", "two-tone"]
Print = Literal["none", "square logo", "round logo", "chest band", "number", "star"]
OuterKind = Literal["none", "open jacket", "closed jacket", "long coat", "vest", "blazer"]
LowerKind = Literal["trousers", "jeans", "shorts", "short skirt", "long skirt", "leggings"]
LowerPattern = Literal["plain", "side stripe", "checks"]
ShoeKind = Literal["trainers", "ankle boots", "high boots", "sandals", "leather shoes"]
BagKind = Literal["none", "backpack", "shoulder bag", "crossbody bag", "handbag", "suitcase"]
Neckwear = Literal["none", "scarf", "tie"]
Carried = Literal["none", "umbrella", "phone", "bottle", "folder", "shopping bag", "cup"]
Gait = Literal["strolling", "striding", "standing", "shuffling"]
ArmHabit = Literal["hanging", "swinging", "hand in pocket", "hand on hip"]


@dataclass(frozen=True, slots=True)
class Pedestrian:
    """One person. `right_handed` says on which side bags and carried things are."""

    gender: Gender
    age: Age
    height: Height
    weight: Weight
    skin_tone: SkinTone
    hair_style: HairStyle
    hair_colour: HairColour
    beard: Beard
    glasses: Glasses
    headwear: Headwear
    headwear_colour: Colour
    upper: UpperKind
    long_sleeves: bool
    upper_colour: Colour
    upper_second_colour: Colour
    upper_pattern: Pattern
    upper_print: Print
    outer: OuterKind
    outer_colour: Colour
    lower: LowerKind
    lower_colour: Colour
    lower_second_colour: Colour
    lower_pattern: LowerPattern
    shoes: ShoeKind
    shoe_colour: Colour
    bag: BagKind
    bag_colour: Colour
    neckwear: Neckwear
    neckwear_colour: Colour
    carried: Carried
    carried_colour: Colour
    gait: Gait
    arms: ArmHabit
    right_handed: bool


_NAMES = tuple(field.name for field in fields(Pedestrian))

# How common each value is where it is not uniform, in the order of its Literal.
_WEIGHTS: dict[str, tuple[float, ...]] = {
    "age": (4, 4, 2),
    "height": (1, 2, 1),
    "weight": (2, 3, 2),
    "hair_style": (1, 1, 4, 2, 3, 2, 1, 1),
    "hair_colour": (4, 3, 3, 2, 1, 2),
    "beard": (3, 1),
    "glasses": (6, 2, 1),
    "headwear": (6, 2, 1, 1, 1),
    "upper": (4, 4, 2, 3, 3, 1, 2),
    "upper_pattern": (5, 2, 2, 2, 1, 2),
    "upper_print": (4, 1, 1, 1, 1, 1),
    "outer": (5, 2, 2, 1, 1, 1),
    "lower": (4, 3, 2, 2, 1, 1),
    "lower_pattern": (5, 1, 1),
    "bag": (4, 3, 2, 2, 2, 1),
    "neckwear": (6, 2, 1),
    "carried": (6, 1, 1, 1, 1, 1, 1),
    "gait": (4, 2, 2, 1),
    "arms": (3, 3, 1, 1),
}

# Attributes that can tell look-alikes apart without changing the person's outline much.
SMALL_DETAILS: tuple[str, ...] = (
    "glasses", "headwear_colour", "upper_print", "upper_second_colour", "shoes", "shoe_colour",
    "bag_colour", "neckwear", "carried", "beard",
)  # fmt: skip


@cache
def choices(attribute: str) -> tuple[str | bool, ...]:
    """All values that an attribute may take, in their declared order."""
    annotation = next(field.type for field in fields(Pedestrian) if field.name == attribute)
    return get_args(annotation) if get_origin(annotation) is Literal else (False, True)


def attribute_sizes() -> tuple[int, ...]:
    """Number of choices of every attribute, in the order of the fields."""
    return tuple(len(choices(name)) for name in _NAMES)


def attribute_labels(person: Pedestrian) -> tuple[int, ...]:
    """Which choice every attribute of a person is, in the order of the fields."""
    return tuple(choices(name).index(getattr(person, name)) for name in _NAMES)


@cache
def _thresholds(attribute: str) -> tuple[float, ...]:
    """Cumulative probabilities of the choices, the last one 1 and left out."""
    weights = _WEIGHTS.get(attribute, (1,) * len(choices(attribute)))
    return tuple(total / sum(weights) for total in accumulate(weights))[:-1]


def _draw(attribute: str, rng: np.random.Generator) -> str | bool:
    return choices(attribute)[bisect_right(_thresholds(attribute), rng.random())]


def hides_lower(person: Pedestrian) -> bool:
    """Whether a dress or a long coat falls over all of the lower garment."""
    return (person.upper == "dress" or person.outer == "long coat") and person.lower in (
        "shorts",
        "short skirt",
    )


def draw_pedestrian(rng: np.random.Generator) -> Pedestrian:
    """Draw a person. Combinations that no one would wear are mended, never rejected."""
    person = Pedestrian(**{name: _draw(name, rng) for name in _NAMES})  # type: ignore[arg-type]
    return _plausible(person)


def draw_look_alike(person: Pedestrian, rng: np.random.Generator) -> Pedestrian:
    """Draw somebody who differs visibly from `person`, in one to three small details only."""
    changed = person
    while changed == person:
        names = rng.choice(SMALL_DETAILS, size=rng.integers(1, 4), replace=False)
        changed = _plausible(replace(person, **{str(name): _draw(str(name), rng) for name in names}))
    return changed


def _plausible(person: Pedestrian) -> Pedestrian:
    changes: dict[str, object] = {}
    if person.gender == "woman":
        changes["beard"] = "none"
        if person.neckwear == "tie":
            changes["neckwear"] = "scarf"
    elif person.upper == "dress" or "skirt" in person.lower:
        changes["upper"] = "shirt" if person.upper == "dress" else person.upper
        changes["lower"] = "trousers" if "skirt" in person.lower else person.lower
    if person.age == "elderly" and person.hair_colour not in ("grey", "blond"):
        changes["hair_colour"] = "grey"
    if person.upper == "tank top":
        changes["long_sleeves"] = False
    if person.upper in ("sweater", "hoodie"):
        changes["long_sleeves"] = True
    person = replace(person, **changes) if changes else person
    return _without_unseen(person)


def _without_unseen(person: Pedestrian) -> Pedestrian:
    """Fix the attributes that nothing shows, so that nobody differs from another person in them alone."""
    changes: dict[str, object] = {}
    covered = person.outer in ("closed jacket", "long coat")
    if covered:
        changes |= {"upper_pattern": "plain", "upper_print": "none"}
        changes["neckwear"] = "none" if person.neckwear == "tie" else person.neckwear
    if hides_lower(person):
        changes |= {"lower": "shorts", "lower_colour": "black", "lower_pattern": "plain"}
    person = replace(person, **changes)
    changes = {
        f"{thing}_colour": "black"
        for thing in ("headwear", "outer", "bag", "neckwear", "carried")
        if getattr(person, thing) == "none"
    }
    plain = person.upper_pattern == "plain" and person.upper_print == "none"
    if plain or person.upper_second_colour == person.upper_colour:
        changes["upper_second_colour"] = "white" if person.upper_colour != "white" else "black"
    if person.lower_pattern == "plain" or person.lower_second_colour == person.lower_colour:
        changes["lower_second_colour"] = "white" if person.lower_colour != "white" else "black"
    return replace(person, **changes)
