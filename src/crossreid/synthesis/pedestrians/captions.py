"""What a witness would say about a pedestrian: in varied words, incomplete, now and then wrong."""

from dataclasses import dataclass, replace

import numpy as np

from crossreid.synthesis.pedestrians import words
from crossreid.synthesis.pedestrians.attributes import Pedestrian, hides_lower

_MISTAKE_RATE = 0.04
_VAGUE_COLOUR_RATE = 0.05
_SHORTEST, _LONGEST, _ATTEMPTS = 20, 45, 12  # words, words, descriptions begun anew until one fits


def write_caption(person: Pedestrian, view: str, rng: np.random.Generator) -> str:
    """Describe `person` as seen from the `view` (front, back, left or right) in one to three sentences.

    What the view hides is not told, main garments nearly always are, small things often are not.
    About 3 % of the captions hold one mistake. The same state of `rng` gives the same words.
    """
    if rng.random() < _MISTAKE_RATE:
        person = _misremember(person, rng)
    caption = ""
    for _ in range(_ATTEMPTS):
        caption = _tell(_Witness(person, view, rng, unsure=rng.random() < 0.06))
        if _SHORTEST <= caption.count(" ") + 1 <= _LONGEST:
            break
    return caption


@dataclass(frozen=True, slots=True)
class _Witness:
    """One look at one person, and the dice that choose the words. `unsure`: man or woman?"""

    person: Pedestrian
    view: str
    rng: np.random.Generator
    unsure: bool

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def pick(self, options: tuple[str, ...]) -> str:
        return options[int(self.rng.random() * len(options))]

    def shuffled(self, details: list[str]) -> list[str]:
        return sorted(details, key=lambda _: self.rng.random()) if len(details) > 1 else details

    def colour(self, name: str) -> str:
        if name in words.VAGUE_COLOURS and self.chance(_VAGUE_COLOUR_RATE):
            return self.pick(words.VAGUE_COLOURS[name])
        return self.pick(words.COLOURS[name])

    def coloured(self, noun: str, colour: str, *, told: float) -> str:
        return f"{self.colour(colour)} {noun}" if self.chance(told) else noun

    def pair(self, phrase: str) -> str:
        return f"a pair of {phrase}" if self.chance(0.25) else phrase

    @property
    def possessive(self) -> str:
        return "their" if self.unsure else "his" if self.person.gender == "man" else "her"

    @property
    def side(self) -> str:
        return "right" if self.person.right_handed else "left"


def _misremember(person: Pedestrian, rng: np.random.Generator) -> Pedestrian:
    """One error that witnesses make: a colour next to the true one, or the wrong side."""
    seen = [
        "lower_colour",
        "shoe_colour",
        "upper_colour" if person.outer in ("none", "open jacket") else "outer_colour",
    ]
    seen += ["bag_colour", "right_handed"] if person.bag != "none" else []
    wrong = seen[int(rng.random() * len(seen))]
    if wrong == "right_handed":
        return replace(person, right_handed=not person.right_handed)
    colour = words.NEIGHBOURS[getattr(person, wrong)][int(rng.random() * 2)]
    return replace(person, **{wrong: colour})


def _with_article(phrase: str) -> str:
    return f"{'an' if phrase[0] in 'aeiou' else 'a'} {phrase}"


def _fill(template: str, **parts: str) -> str:
    """Fill the {parts} in, then each {a} with the article that the next word asks for."""
    text = template.format(a="@", **parts)
    while "@ " in text:
        before, after = text.split("@ ", 1)
        text = before + _with_article(after)
    return text


def _join(details: list[str]) -> str:
    return details[0] if len(details) == 1 else f"{', '.join(details[:-1])} and {details[-1]}"


def _who(witness: _Witness) -> str:
    person, adjectives = witness.person, []
    if person.height in words.HEIGHTS and witness.chance(0.4):
        adjectives.append(witness.pick(words.HEIGHTS[person.height]))
    if person.weight in words.WEIGHTS and witness.chance(0.45):
        adjectives.append(witness.pick(words.WEIGHTS[person.weight]))
    if witness.chance(0.5):
        adjectives.append(witness.pick(words.AGES[person.age]))
    noun = witness.pick(words.SOMEBODY if witness.unsure else words.PEOPLE[person.gender])
    return _with_article(" ".join([*adjectives, noun]))


def _patterned(witness: _Witness, noun: str, colour: str, second: str, templates: tuple[str, ...]) -> str:
    first, other = witness.pick(words.COLOURS[colour]), witness.pick(words.COLOURS[second])
    return _fill(witness.pick(templates), c=first, d=other, n=noun)


def _upper(witness: _Witness, *, open_front: bool) -> str:
    """The garment with its sleeves, pattern and print; `open_front`: not half hidden by a jacket."""
    person = witness.person
    noun = (
        "top"
        if person.upper != "dress" and witness.chance(0.06)
        else witness.pick(words.UPPERS[person.upper])
    )
    if person.upper_pattern != "plain" and witness.chance(0.85):
        templates = words.PATTERNS[person.upper_pattern]
        phrase = _patterned(witness, noun, person.upper_colour, person.upper_second_colour, templates)
    else:
        phrase = witness.coloured(noun, person.upper_colour, told=0.95)
    sleeved = person.upper not in ("sweater", "hoodie", "tank top")
    if open_front and sleeved and witness.chance(0.3):
        phrase = f"{'long' if person.long_sleeves else 'short'}-sleeved {phrase}"
    # The only print that is on the back too is a number.
    printed = witness.view == "front" or (
        witness.view == "back" and open_front and person.upper_print == "number"
    )
    if printed and person.upper_print != "none" and witness.chance(0.7 if open_front else 0.3):
        phrase += f" {'and' if ' with ' in phrase else 'with'} {_print(witness)}"
    return _with_article(phrase)


def _print(witness: _Witness) -> str:
    person = witness.person
    mark = witness.pick(words.PRINTS[person.upper_print])
    mark = _with_article(witness.coloured(mark, person.upper_second_colour, told=0.4))
    if witness.view == "back":
        return f"{mark} on the back"
    return f"{mark} {'across the chest' if person.upper_print == 'chest band' else witness.pick(words.CHEST)}"


def _top_half(witness: _Witness) -> list[str]:
    person = witness.person
    if person.outer == "none":
        return [_upper(witness, open_front=True)]
    zip_hidden = person.outer in ("open jacket", "closed jacket") and witness.view == "back"
    noun = "jacket" if zip_hidden else witness.pick(words.OUTERS[person.outer])
    outer = _with_article(witness.coloured(noun, person.outer_colour, told=0.95))
    if not witness.chance(_upper_seen_under_outer(person, witness.view)):
        return [outer]
    upper = _upper(witness, open_front=False)
    return (
        [f"{outer} {witness.pick(('over', 'on top of'))} {upper}"] if witness.chance(0.6) else [outer, upper]
    )


def _upper_seen_under_outer(person: Pedestrian, view: str) -> float:
    """How likely a witness tells what is under a jacket; a dress shows below it, sleeves beside a vest."""
    if person.upper == "dress" and person.outer != "long coat":
        return 0.8
    if person.outer == "vest":
        return 0.75 if view == "front" else 0.5
    front = {"open jacket": 0.85, "blazer": 0.75}.get(person.outer, 0.08)
    return {"front": front, "back": 0.0}.get(view, 0.1 * front)


def _lower(witness: _Witness) -> list[str]:
    person = witness.person
    if hides_lower(person) or not witness.chance(0.93):
        return []
    noun = witness.pick(words.LOWERS[person.lower])
    if person.lower_pattern != "plain" and witness.chance(0.75):
        templates = words.LOWER_PATTERNS[person.lower_pattern]
        phrase = _patterned(witness, noun, person.lower_colour, person.lower_second_colour, templates)
    else:
        phrase = witness.coloured(noun, person.lower_colour, told=0.95)
    return [_with_article(phrase) if "skirt" in person.lower else witness.pair(phrase)]


def _accessories(witness: _Witness) -> list[str]:
    person, worn = witness.person, []
    if witness.chance(0.65):
        worn.append(
            witness.pair(
                witness.coloured(witness.pick(words.SHOES[person.shoes]), person.shoe_colour, told=0.9)
            )
        )
    if person.headwear != "none" and witness.chance(0.75):
        hat = witness.coloured(
            witness.pick(words.HEADWEAR[person.headwear]), person.headwear_colour, told=0.85
        )
        worn.append(_with_article(hat))
    seen = 0.65 if witness.view == "front" else 0.4 if person.neckwear == "scarf" else 0.0
    if person.neckwear != "none" and witness.chance(seen):
        neckwear = witness.coloured(
            witness.pick(words.NECKWEAR[person.neckwear]), person.neckwear_colour, told=0.85
        )
        worn.append(_with_article(neckwear))
    if person.glasses != "none" and witness.view != "back" and witness.chance(0.55):
        worn.append(witness.pick(words.GLASSES[person.glasses]))
    return witness.shuffled(worn)


def _features(witness: _Witness) -> list[str]:
    """Hair, beard and skin: what a person has and does not wear."""
    person, features = witness.person, []
    below_hat = person.hair_style in ("long", "ponytail", "bob") and person.headwear != "headscarf"
    seen = 0.75 if person.headwear == "none" else 0.45 if below_hat else 0.0
    hair_colour = witness.pick(words.HAIR_COLOURS[person.hair_colour])
    if witness.chance(seen):
        features.append(_fill(witness.pick(words.HAIR[person.hair_style]), c=hair_colour))
    if witness.view != "back" and person.beard != "none" and witness.chance(0.6):
        features.append(_fill(witness.pick(words.BEARD), c=hair_colour))
    if hides_lower(person) and person.shoes != "high boots" and witness.chance(0.3):
        features.append("bare legs")
    if witness.chance(0.08):
        skins = words.SKIN[person.skin_tone]
        features.append(witness.pick(skins) if witness.view != "back" else skins[0])
    return witness.shuffled(features)


def _load(witness: _Witness) -> list[str]:
    """Bags and what the hands hold."""
    person, load = witness.person, []
    behind = witness.view in ("left", "right") and witness.view != witness.side  # the body stands before it
    half_seen = witness.view == "front" if person.bag == "backpack" else behind
    if person.bag != "none" and witness.chance(0.55 if half_seen else 0.8):
        noun = (
            "bag"
            if person.bag != "suitcase" and witness.chance(0.08)
            else witness.pick(words.BAGS[person.bag])
        )
        bag = _with_article(witness.coloured(noun, person.bag_colour, told=0.85))
        if witness.chance(0.35):
            place = witness.pick(words.BAG_PLACES[person.bag])
            bag += " " + place.format(p=witness.possessive, s=witness.side)
        load.append(bag)
    if person.carried != "none" and witness.chance(0.4 if behind or witness.view == "back" else 0.65):
        thing = witness.coloured(witness.pick(words.CARRIED[person.carried]), person.carried_colour, told=0.6)
        hand = f" in {witness.possessive} {witness.side} hand" if witness.chance(0.25) else ""
        load.append(_with_article(thing) + hand)
    return witness.shuffled(load)


def _doing(witness: _Witness) -> str:
    """How the person moves, from "walking" on; empty if it goes without saying."""
    person = witness.person
    if not witness.chance(0.3):
        return ""
    arms = witness.pick(words.ARMS[person.arms]).format(p=witness.possessive)
    told = 0.1 if person.arms == "hanging" else 0.35
    return witness.pick(words.GAITS[person.gait]) + (f" {arms}" if witness.chance(told) else "")


def _tell(witness: _Witness) -> str:
    """Choose what to tell and in which order: who and the main garments first, then up to two sentences."""
    who, features, load, doing = _who(witness), _features(witness), _load(witness), _doing(witness)
    garments = (_top_half(witness) if witness.chance(0.96) else []) + _lower(witness)
    accessories = _accessories(witness)
    if witness.chance(0.2):
        garments = garments[::-1]
    if accessories and (not garments or witness.chance(0.5)):
        garments, accessories = [*garments, accessories[0]], accessories[1:]
    if not garments:
        garments = [witness.coloured("clothes", witness.person.lower_colour, told=1.0)]
    with_features = features and witness.chance(0.45)
    subject = f"{who} with {_join(features)}" if with_features else who
    features = [] if with_features else features
    opening, load, doing = _opening(witness, subject, _join(garments), load, doing)
    actions = _actions(witness, features, accessories, load, doing)
    sentences = [opening]
    pronoun = "He" if witness.person.gender == "man" else "She"
    pronoun = witness.pick(("The person", "This person")) if witness.unsure else pronoun
    cut = len(actions) if len(actions) < 2 or witness.chance(0.5) else len(actions) // 2
    sentences += [f"{pronoun} {_join(part)}" for part in (actions[:cut], actions[cut:]) if part]
    return " ".join(f"{sentence[0].upper()}{sentence[1:]}." for sentence in sentences)


def _opening(
    witness: _Witness, subject: str, clothes: str, load: list[str], doing: str
) -> tuple[str, list[str], str]:
    """The first sentence, and what it has not told of load and movement."""
    style = witness.rng.random()
    if style < 0.2 and doing:
        return f"wearing {clothes}, {subject} is {doing}", load, ""
    if style < 0.4 and load:
        dressed, loaded = witness.pick(("in", "wearing", "dressed in")), witness.pick(("carrying", "with"))
        return f"{subject} {dressed} {clothes}, {loaded} {_join(load)}", [], doing
    if style < 0.5:
        start = witness.pick(("there is", "this is", "I saw", "the picture shows", "the person is"))
        return f"{start} {subject} {witness.pick(('in', 'wearing'))} {clothes}", load, doing
    if style < 0.6 and doing:
        return f"{subject} in {clothes} is {doing}", load, ""
    verb = witness.pick(("is wearing", "is wearing", "wears", "is dressed in", "has on"))
    if load and witness.chance(0.35):
        loaded = witness.pick(("is carrying", "carries", "has"))
        return f"{subject} {verb} {clothes} and {loaded} {_join(load)}", [], doing
    return f"{subject} {verb} {clothes}", load, doing


def _actions(
    witness: _Witness, features: list[str], accessories: list[str], load: list[str], doing: str
) -> list[str]:
    """What is left to tell, as verb phrases."""
    actions = []
    if features:
        actions.append(f"has {_join(features)}")
    if accessories:
        actions.append(f"{witness.pick(('is wearing', 'wears', 'also wears'))} {_join(accessories)}")
    if load:
        actions.append(f"{witness.pick(('is carrying', 'carries', 'has'))} {_join(load)}")
    if doing:
        actions.append(f"is {doing}")
    return witness.shuffled(actions)
