"""What the site's guards write down: telegraphic notes, now and then a whole sentence, in haste."""

from dataclasses import dataclass, replace

import numpy as np

from crossreid.synthesis.pedestrians.attributes import Pedestrian, hides_lower
from crossreid.synthesis.pedestrians.site import vocabulary as words

_MISTAKES = 0.06  # of the notes have a wrong colour or side
_TYPOS = 0.12  # of the notes have a slip of the keyboard
_SENTENCES = 0.40  # of the notes are sentences
_PLAIN = 0.9  # of the words are the plain one, the rest any of the site's


def write_note(person: Pedestrian, view: str, rng: np.random.Generator) -> str:
    """Note down `person` as seen from the `view`. The same state of `rng` gives the same words.

    What the view hides is not told. Colours and kinds of the main garments nearly always are.
    """
    if rng.random() < _MISTAKES:
        person = _mistaken(person, rng)
    guard = _Guard(person, view, rng)
    items = guard.items()
    text = _sentence(guard, items) if guard.chance(_SENTENCES) else _telegram(guard, items)
    return _slip(text, rng) if rng.random() < _TYPOS else text


def _mistaken(person: Pedestrian, rng: np.random.Generator) -> Pedestrian:
    names = ["lower_colour", "shoe_colour", "upper_colour" if person.outer == "none" else "outer_colour"]
    names += ["bag_colour", "right_handed"] if person.bag != "none" else []
    name = names[int(rng.random() * len(names))]
    if name == "right_handed":
        return replace(person, right_handed=not person.right_handed)
    return replace(person, **{name: words.CONFUSED[getattr(person, name)]})


def _slip(text: str, rng: np.random.Generator) -> str:
    """Swap, drop or double one letter inside a longer word."""
    places = [i for i in range(1, len(text) - 2) if text[i - 1 : i + 3].isalpha()]
    if not places:
        return text
    place = places[int(rng.random() * len(places))]
    match int(rng.random() * 3):
        case 0:
            return text[:place] + text[place + 1] + text[place] + text[place + 2 :]
        case 1:
            return text[:place] + text[place + 1 :]
        case _:
            return text[:place] + text[place] + text[place:]


@dataclass(frozen=True, slots=True)
class _Guard:
    """Somebody who looks at a person and writes."""

    person: Pedestrian
    view: str
    rng: np.random.Generator

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def word(self, options: tuple[str, ...]) -> str:
        """The plain word or one of the site's own."""
        return options[0] if self.chance(_PLAIN) else self.pick(options)

    def pick(self, options: tuple[str, ...]) -> str:
        return options[int(self.rng.random() * len(options))]

    def colour(self, name: str) -> str:
        return self.word(words.COLOURS[name])

    def thing(self, table: dict[str, tuple[str, ...]], kind: str, colour: str, *, told: float) -> str:
        noun = self.word(table[kind])
        return f"{self.colour(colour)} {noun}" if self.chance(told) else noun

    def woven(self, templates: tuple[str, ...], noun: str, colour: str, second: str) -> str:
        return self.word(templates).format(n=noun, c=self.colour(colour), d=self.colour(second))

    def items(self) -> list[str]:
        """Garments first, then things, in the order of how much they say."""
        garments = [*self.upper_half(), *self.lower_half()]
        if self.chance(0.25):
            garments = garments[::-1]
        return [*garments, *sorted(self.things(), key=lambda _: self.rng.random())]

    def upper_half(self) -> list[str]:
        person, found = self.person, []
        if person.outer != "none":
            found.append(self.thing(words.OUTERS, person.outer, person.outer_colour, told=0.96))
            seen = {"open jacket": 0.85, "blazer": 0.75, "vest": 0.75}.get(person.outer, 0.05)
            if not self.chance({"front": seen, "back": 0.0}.get(self.view, seen * 0.3)):
                return found
        noun = self.word(words.UPPERS[person.upper])
        if person.upper_pattern != "plain" and self.chance(0.85):
            found.append(
                self.woven(
                    words.PATTERNS[person.upper_pattern],
                    noun,
                    person.upper_colour,
                    person.upper_second_colour,
                )
            )
        else:
            found.append(f"{self.colour(person.upper_colour)} {noun}" if self.chance(0.95) else noun)
        printed = self.view == "front" or (
            self.view == "back" and person.upper_print == "number" and person.outer == "none"
        )
        if printed and person.upper_print != "none" and self.chance(0.6):
            found[-1] += " " + self.word(words.PRINTS[person.upper_print]).format(
                d=self.colour(person.upper_second_colour)
            )
        if (
            person.outer == "none"
            and person.upper in ("t-shirt", "shirt", "polo shirt", "dress")
            and self.chance(0.25)
        ):
            found[-1] += self.pick(
                (" long slv", " l/s", " long sleeves")
                if person.long_sleeves
                else (" short slv", " s/s", " short sleeves")
            )
        return found

    def lower_half(self) -> list[str]:
        person = self.person
        if hides_lower(person) or not self.chance(0.92):
            return []
        noun = self.word(words.LOWERS[person.lower])
        if person.lower_pattern != "plain" and self.chance(0.7):
            return [
                self.woven(
                    words.LOWER_PATTERNS[person.lower_pattern],
                    noun,
                    person.lower_colour,
                    person.lower_second_colour,
                )
            ]
        return [f"{self.colour(person.lower_colour)} {noun}" if self.chance(0.95) else noun]

    def things(self) -> list[str]:
        person, found = self.person, []
        faced = self.view != "back"
        if person.headwear != "none" and self.chance(0.8):
            found.append(self.thing(words.HEADWEAR, person.headwear, person.headwear_colour, told=0.8))
        elif person.headwear == "none" and self.chance(0.7):
            found.append(self.hair())
        if person.bag != "none" and self.chance(0.8):
            found.append(self.bag())
        if person.carried != "none" and self.chance(0.5):
            found.append(self.thing(words.CARRIED, person.carried, person.carried_colour, told=0.5))
        if self.chance(0.55):
            found.append(self.thing(words.SHOES, person.shoes, person.shoe_colour, told=0.85))
        if person.neckwear != "none" and self.chance(
            0.6 if self.view == "front" else 0.3 * (person.neckwear == "scarf")
        ):
            found.append(self.thing(words.NECKWEAR, person.neckwear, person.neckwear_colour, told=0.8))
        if person.glasses != "none" and faced and self.chance(0.5):
            found.append(self.word(words.GLASSES[person.glasses]))
        if person.beard != "none" and faced and self.chance(0.55):
            found.append(self.word(words.BEARDS))
        if self.chance(0.06):
            found.append(self.word(words.SKINS[person.skin_tone]))
        if self.chance(0.15):
            found.append(self.word(words.GAITS[person.gait]))
        return found

    def hair(self) -> str:
        return self.word(words.HAIR[self.person.hair_style]).format(
            c=self.word(words.HAIR_COLOURS[self.person.hair_colour])
        )

    def bag(self) -> str:
        bag = self.thing(words.BAGS, self.person.bag, self.person.bag_colour, told=0.85)
        if self.person.bag == "backpack" or not self.chance(0.35):
            return bag
        return (
            f"{bag} {self.pick(('R side', 'on rt') if self.person.right_handed else ('L side', 'on left'))}"
        )

    def who(self) -> list[str]:
        person = self.person
        said = [self.word(words.GENDERS[person.gender])] if self.chance(0.9) else ["person"]
        if self.chance(0.55):
            said.append(self.word(words.AGES[person.age]))
        if self.chance(0.5 if person.height != "average" else 0.08):
            said.append(self.word(words.HEIGHTS[person.height]))
        if self.chance(0.5 if person.weight != "average" else 0.08):
            said.append(self.word(words.WEIGHTS[person.weight]))
        return said


def _telegram(guard: _Guard, items: list[str]) -> str:
    said = [*guard.who(), *items]
    if guard.chance(0.15):
        said.append(guard.pick(words.VIEWS[guard.view]))
    # The longer the list, the likelier the guard stops before its end.
    kept = len(said) if guard.chance(0.6) else max(4, len(said) - 2)
    separator = guard.pick((", ", ", ", "; ", ". ", " - "))
    return guard.pick(words.OPENINGS) + separator.join(said[:kept]) + guard.pick(words.CLOSINGS)


def _sentence(guard: _Guard, items: list[str]) -> str:
    person = guard.person
    noun = guard.pick(("chap", "man", "gent") if person.gender == "man" else ("woman", "lady", "female"))
    age = guard.word(words.AGES[person.age]) if guard.chance(0.3) else ""
    build = (
        guard.word(words.WEIGHTS[person.weight]) if person.weight != "average" and guard.chance(0.5) else ""
    )
    who = " ".join(word for word in (build, noun, f"({age})" if age else "") if word)
    half = max(1, len(items) - guard.rng.integers(0, 3)) if len(items) > 2 else len(items)
    first, rest = items[:half], items[half:]
    start = guard.pick(("Camera has a", "Noticed a", "There was a", "Staff report a", "One"))
    told = f"{start} {who} {guard.pick(('with', 'in', 'wearing'))} {_listed(first)}"
    if rest:
        told += f". {guard.pick(('Also', 'Had', 'Plus'))} {_listed(rest)}"
    return told + "."


def _listed(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
