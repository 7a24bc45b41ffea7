"""The witness's vocabulary: wordings of each attribute value, the commonest ones more than once."""

COLOURS: dict[str, tuple[str, ...]] = {
    "black": ("black",),
    "white": ("white",),
    "grey": ("grey", "grey", "gray"),
    "navy": ("navy", "navy blue", "dark blue"),
    "blue": ("blue", "blue", "bright blue"),
    "sky blue": ("light blue", "sky blue", "pale blue"),
    "teal": ("teal", "teal", "turquoise", "blue-green"),
    "green": ("green", "green", "bright green"),
    "olive": ("olive", "olive green", "khaki"),
    "yellow": ("yellow",),
    "orange": ("orange",),
    "red": ("red", "red", "bright red"),
    "maroon": ("maroon", "dark red", "burgundy"),
    "pink": ("pink", "pink", "light pink"),
    "purple": ("purple", "purple", "violet"),
    "brown": ("brown", "brown", "dark brown"),
    "beige": ("beige", "beige", "cream", "tan"),
}
VAGUE_COLOURS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("black", "navy", "maroon", "brown"), ("dark", "dark coloured")),
    **dict.fromkeys(("white", "sky blue", "beige", "pink"), ("light", "light coloured", "pale")),
    **dict.fromkeys(("yellow", "orange", "red", "green"), ("bright", "brightly coloured")),
}
# The colours that a witness confuses.
NEIGHBOURS: dict[str, tuple[str, ...]] = {
    "black": ("navy", "grey"), "white": ("beige", "grey"), "grey": ("black", "white"),
    "navy": ("black", "blue"),
    "blue": ("navy", "sky blue"), "sky blue": ("blue", "white"), "teal": ("green", "blue"),
    "green": ("olive", "teal"), "olive": ("green", "brown"), "yellow": ("orange", "beige"),
    "orange": ("yellow", "red"), "red": ("orange", "maroon"), "maroon": ("brown", "red"),
    "pink": ("red", "purple"), "purple": ("maroon", "pink"), "brown": ("maroon", "beige"),
    "beige": ("white", "yellow"),
}  # fmt: skip

PEOPLE = {
    "man": ("man", "man", "man", "guy", "gentleman", "male"),
    "woman": ("woman", "woman", "woman", "lady", "female"),
}
SOMEBODY = ("person", "pedestrian")
AGES = {
    "young": ("young",),
    "middle-aged": ("middle-aged",),
    "elderly": ("elderly", "old", "older"),
}
HEIGHTS = {"short": ("short", "small"), "tall": ("tall",)}
WEIGHTS = {"slim": ("slim", "thin", "slender"), "heavy": ("heavy", "stout", "large", "heavily built")}
SKIN = {
    "pale": ("pale skin", "a pale face"),
    "light": ("light skin", "fair skin"),
    "tan": ("tanned skin",),
    "brown": ("brown skin",),
    "dark": ("dark skin",),
}

HAIR_COLOURS = {
    "black": ("black", "black", "dark"),
    "dark brown": ("dark brown", "dark brown", "dark"),
    "brown": ("brown",),
    "blond": ("blond", "blonde", "fair"),
    "red": ("red", "ginger"),
    "grey": ("grey", "gray", "silver"),
}
# {a} is an article that agrees with the next word, {c} the colour of the hair.
HAIR = {
    "bald": ("{a} bald head", "{a} shaved head", "no hair"),
    "buzz cut": ("very short {c} hair", "{a} {c} buzz cut", "closely cropped {c} hair"),
    "short": ("short {c} hair", "short {c} hair", "short hair"),
    "bob": ("{a} {c} bob", "chin-length {c} hair", "medium length {c} hair"),
    "long": ("long {c} hair", "long {c} hair", "long loose {c} hair", "long hair"),
    "ponytail": (
        "{a} {c} ponytail",
        "{c} hair in {a} ponytail",
        "{c} hair tied back in {a} ponytail",
        "{a} ponytail",
    ),
    "bun": ("{a} {c} bun", "{c} hair in {a} bun", "{c} hair tied up in {a} bun", "{a} bun"),
    "afro": ("{a} {c} afro", "curly {c} hair", "big curly {c} hair", "{a} afro"),
}
BEARD = ("{a} beard", "{a} {c} beard", "{a} full beard", "facial hair")
GLASSES = {"glasses": ("glasses", "spectacles"), "sunglasses": ("sunglasses", "dark glasses", "sunglasses")}
HEADWEAR = {
    "cap": ("cap", "baseball cap"),
    "beanie": ("beanie", "woolly hat", "knitted hat"),
    "brimmed hat": ("brimmed hat", "hat", "hat with a brim"),
    "headscarf": ("headscarf", "headscarf", "scarf over the head"),
}

UPPERS = {
    "t-shirt": ("t-shirt", "t-shirt", "tee shirt"),
    "shirt": ("shirt", "shirt", "button-up shirt"),
    "polo shirt": ("polo shirt", "polo"),
    "sweater": ("sweater", "jumper", "pullover"),
    "hoodie": ("hoodie", "hoodie", "hooded sweatshirt", "hooded top"),
    "tank top": ("tank top", "sleeveless top", "tank top"),
    "dress": ("dress",),
}
# {n} is the garment, {c} and {d} its two colours.
PATTERNS = {
    "horizontal stripes": (
        "{c} and {d} striped {n}", "{c} {n} with {d} stripes", "{c} {n} with horizontal {d} stripes",
        "striped {n} in {c} and {d}", "{c} striped {n}",
    ),
    "vertical stripes": (
        "{c} and {d} vertically striped {n}", "{c} {n} with vertical {d} stripes",
        "{c} {n} with {d} stripes running down it", "{c} {n} with {d} pinstripes",
    ),
    "checks": (
        "{c} and {d} checked {n}", "{c} and {d} plaid {n}", "checked {n} in {c} and {d}", "{c} checked {n}",
        "{c} {n} with {d} checks",
    ),
    "dots": ("{c} {n} with {d} dots", "{c} {n} with {d} spots", "{c} polka dot {n}", "{c} dotted {n}"),
    "two-tone": ("{c} and {d} {n}", "two-tone {n} in {c} and {d}", "{n} that is {c} above and {d} below"),
}  # fmt: skip
PRINTS = {
    "square logo": ("square logo", "square print", "square patch"),
    "round logo": ("round logo", "round print", "circle"),
    "chest band": ("band", "wide stripe", "bar"),
    "number": ("number", "large number", "printed number"),
    "star": ("star", "star print"),
}
CHEST = ("on the chest", "on the front")
OUTERS = {
    "open jacket": ("open jacket", "unzipped jacket", "jacket worn open", "jacket"),
    "closed jacket": ("closed jacket", "zipped-up jacket", "jacket", "jacket"),
    "long coat": ("long coat", "long coat", "overcoat", "coat"),
    "vest": ("vest", "gilet", "sleeveless jacket"),
    "blazer": ("blazer", "blazer", "suit jacket"),
}
LOWERS = {
    "trousers": ("trousers", "pants", "trousers", "slacks"),
    "jeans": ("jeans", "jeans", "denim pants"),
    "shorts": ("shorts",),
    "short skirt": ("short skirt", "mini skirt", "short skirt", "skirt above the knee"),
    "long skirt": ("long skirt", "long skirt", "ankle-length skirt"),
    "leggings": ("leggings", "leggings", "tight pants"),
}
LOWER_PATTERNS = {
    "side stripe": ("{c} {n} with {a} {d} stripe down the side", "{c} {n} with {d} side stripes"),
    "checks": ("{c} and {d} checked {n}", "{c} checked {n}", "{c} plaid {n}", "{c} {n} with {d} checks"),
}
SHOES = {
    "trainers": ("trainers", "sneakers", "sneakers", "running shoes", "sports shoes"),
    "ankle boots": ("ankle boots", "boots", "short boots"),
    "high boots": ("high boots", "knee-high boots", "tall boots"),
    "sandals": ("sandals",),
    "leather shoes": ("leather shoes", "leather shoes", "dress shoes", "smart shoes"),
}

BAGS = {
    "backpack": ("backpack", "backpack", "rucksack"),
    "shoulder bag": ("shoulder bag", "shoulder bag", "tote bag"),
    "crossbody bag": ("crossbody bag", "messenger bag"),
    "handbag": ("handbag", "handbag", "purse"),
    "suitcase": ("suitcase", "rolling suitcase", "trolley case"),
}
# {p} is his, her or their; {s} the side.
BAG_PLACES = {
    "backpack": ("on {p} back",),
    "shoulder bag": ("over {p} {s} shoulder", "over {p} shoulder", "on {p} {s} side"),
    "crossbody bag": ("across the body", "on {p} {s} side"),
    "handbag": ("in {p} {s} hand", "in {p} hand"),
    "suitcase": ("on {p} {s} side", "in {p} {s} hand"),
}
CARRIED = {
    "umbrella": ("umbrella",),
    "phone": ("phone", "phone", "mobile phone"),
    "bottle": ("bottle", "water bottle"),
    "folder": ("folder", "folder", "file"),
    "shopping bag": ("shopping bag", "carrier bag"),
    "cup": ("cup", "cup", "drink"),
}
NECKWEAR = {"scarf": ("scarf",), "tie": ("tie", "necktie")}

GAITS = {
    "strolling": ("strolling along", "walking slowly", "walking at an easy pace"),
    "striding": ("striding along", "walking quickly", "walking with long steps"),
    "standing": ("standing still", "standing"),
    "shuffling": ("shuffling along", "walking with short steps"),
}
ARMS = {
    "hanging": ("with arms hanging down",),
    "swinging": ("with swinging arms", "swinging both arms"),
    "hand in pocket": ("with one hand in {p} pocket", "with a hand in a pocket"),
    "hand on hip": ("with one hand on {p} hip", "with a hand on the hip"),
}
