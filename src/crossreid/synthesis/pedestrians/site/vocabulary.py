"""The words of the site's guards: terse and abbreviated. The first of several is the plain one, used most."""

COLOURS: dict[str, tuple[str, ...]] = {
    "black": ("black", "blk", "black", "jet", "v dark"),
    "white": ("white", "wht", "off-white", "white"),
    "grey": ("grey", "charcoal", "ash", "gry"),
    "navy": ("navy", "dk blue", "midnight blue", "dark blue"),
    "blue": ("blue", "royal blue", "mid blue", "blu"),
    "sky blue": ("light blue", "lt blue", "powder blue", "baby blue"),
    "teal": ("teal", "petrol", "sea green", "blue/green"),
    "green": ("green", "grn", "bottle green", "green"),
    "olive": ("olive", "khaki", "army green", "mud green"),
    "yellow": ("yellow", "mustard", "ylw", "gold"),
    "orange": ("orange", "rust", "amber", "orange"),
    "red": ("red", "scarlet", "brick red", "red"),
    "maroon": ("maroon", "burgundy", "wine", "dk red"),
    "pink": ("pink", "rose", "salmon", "pink"),
    "purple": ("purple", "violet", "plum", "aubergine"),
    "brown": ("brown", "brn", "chocolate", "tan brown"),
    "beige": ("beige", "sand", "stone", "cream"),
}
# What poor light makes of a colour.
CONFUSED: dict[str, str] = {
    "black": "navy", "white": "beige", "grey": "black", "navy": "black", "blue": "purple", "sky blue": "grey",
    "teal": "green", "green": "olive", "olive": "brown", "yellow": "beige", "orange": "red", "red": "orange",
    "maroon": "brown", "pink": "beige", "purple": "navy", "brown": "black", "beige": "white",
}  # fmt: skip

GENDERS = {"man": ("man", "m", "male", "M", "bloke"), "woman": ("woman", "f", "female", "F", "lady")}
AGES = {
    "young": ("young", "20s", "under 30", "youngish", "student type"),
    "middle-aged": ("middle aged", "40s", "abt 45", "mid-life", "40-50"),
    "elderly": ("elderly", "70s", "pensioner", "over 65", "old"),
}
HEIGHTS = {
    "short": ("short", "small build", "5ft3"),
    "average": ("avg height",),
    "tall": ("tall", "6ft+", "lanky"),
}
WEIGHTS = {
    "slim": ("slim", "skinny", "thin"),
    "average": ("med build",),
    "heavy": ("stocky", "big build", "heavy set", "overweight"),
}
SKINS = {
    "pale": ("v pale", "pale complexion"), "light": ("fair complexion", "light skin"), "tan": ("tanned", "tan complexion"),
    "brown": ("brown skin", "brown complexion"), "dark": ("dark skin", "dark complexion"),
}  # fmt: skip
HAIR_COLOURS = {
    "black": ("black", "blk", "dark"), "dark brown": ("dk brown", "dark", "brunette"), "brown": ("brown", "mousy", "chestnut"),
    "blond": ("blond", "fair", "straw"), "red": ("ginger", "red", "auburn"), "grey": ("grey", "silver", "white"),
}  # fmt: skip
# {c} is the colour of the hair.
HAIR = {
    "bald": ("bald", "no hair", "shaven head"),
    "buzz cut": ("{c} crew cut", "cropped {c} hair", "no. 1 cut"),
    "short": ("short {c} hair", "{c} hair", "{c} short back & sides"),
    "bob": ("{c} bob", "chin length {c} hair", "bobbed hair"),
    "long": ("long {c} hair", "{c} hair past shoulders", "hair down, {c}"),
    "ponytail": ("{c} ponytail", "hair tied back", "pony tail {c}"),
    "bun": ("{c} bun", "{c} topknot", "hair up, {c}"),
    "afro": ("{c} afro", "big curly {c} hair", "frizzy hair"),
}
BEARDS = ("beard", "bearded", "full beard", "whiskers")
GLASSES = {
    "glasses": ("glasses", "specs", "wears specs"),
    "sunglasses": ("dark glasses", "shades", "sunnies"),
}
HEADWEAR = {
    "cap": ("cap", "peaked cap", "baseball cap"),
    "beanie": ("beanie", "bobble hat", "woolly hat"),
    "brimmed hat": ("hat w brim", "wide hat", "sun hat", "fedora"),
    "headscarf": ("headscarf", "hijab", "head covering"),
}
UPPERS = {
    "t-shirt": ("t-shirt", "tee", "tshirt"),
    "shirt": ("shirt", "button shirt", "collar shirt"),
    "polo shirt": ("polo shirt", "polo", "golf shirt"),
    "sweater": ("sweater", "jumper", "knit", "pullover"),
    "hoodie": ("hoodie", "hoody", "hooded top"),
    "tank top": ("sleeveless top", "vest top", "singlet"),
    "dress": ("dress", "frock", "one-piece dress"),
}
# {n} is the garment, {c} and {d} its two colours.
PATTERNS = {
    "horizontal stripes": ("{c}/{d} striped {n}", "{c} {n} {d} hoops", "stripy {n} {c}+{d}"),
    "vertical stripes": ("{c}/{d} pinstripe {n}", "{c} {n} w vertical {d} lines", "{c} {n} {d} stripes down"),
    "checks": ("checked {n} {c}+{d}", "{c}/{d} check {n}", "{c} tartan {n}"),
    "dots": ("{c} {n} w {d} dots", "{c} spotty {n}", "polka {n} {c}/{d}"),
    "two-tone": ("{c}/{d} half & half {n}", "{c} over {d} {n}", "colour block {n} {c}+{d}"),
}
PRINTS = {
    "square logo": ("square badge on front", "{d} box logo"),
    "round logo": ("round badge on front", "{d} ring logo", "circle motif"),
    "chest band": ("{d} bar across chest", "chest stripe"),
    "number": ("no. 13 on it", "{d} number", "team number"),
    "star": ("{d} star", "star motif"),
}
OUTERS = {
    "open jacket": ("open jacket", "anorak open", "jacket undone", "open jkt"),
    "closed jacket": ("jacket", "anorak", "jacket done up", "jkt zipped", "bomber"),
    "long coat": ("long coat", "overcoat", "trench", "mac to the knee"),
    "vest": ("vest", "gilet", "body warmer", "padded waistcoat"),
    "blazer": ("blazer", "suit jkt", "sports jacket"),
}
LOWERS = {
    "trousers": ("trousers", "bottoms", "slacks", "trs"),
    "jeans": ("jeans", "denims", "jeans"),
    "shorts": ("shorts", "short trousers", "bermudas"),
    "short skirt": ("short skirt", "mini", "skirt to knee"),
    "long skirt": ("long skirt", "maxi skirt", "full length skirt"),
    "leggings": ("leggings", "tights", "skintight bottoms"),
}
LOWER_PATTERNS = {
    "side stripe": ("{c} {n} {d} side stripe", "{c} {n} w {d} line down leg"),
    "checks": ("{c}/{d} check {n}", "tartan {n} {c}+{d}"),
}
SHOES = {
    "trainers": ("trainers", "runners", "sneakers"),
    "ankle boots": ("ankle boots", "boots", "work boots"),
    "high boots": ("high boots", "long boots", "wellies"),
    "sandals": ("sandals", "open shoes", "flip flops"),
    "leather shoes": ("leather shoes", "smart shoes", "brogues"),
}
BAGS = {
    "backpack": ("backpack", "rucksack", "day sack"),
    "shoulder bag": ("shoulder bag", "tote", "shopper on shoulder"),
    "crossbody bag": ("crossbody bag", "messenger bag", "satchel", "bag across body"),
    "handbag": ("handbag", "hand bag", "clutch bag"),
    "suitcase": ("suitcase", "trolley case", "wheelie case", "luggage"),
}
CARRIED = {
    "umbrella": ("umbrella", "brolly"),
    "phone": ("phone", "mobile", "on phone"),
    "bottle": ("bottle", "drinks bottle", "flask"),
    "folder": ("folder", "file under arm", "paperwork"),
    "shopping bag": ("shopping bag", "carrier", "carrier bag"),
    "cup": ("cup", "takeaway cup", "coffee"),
}
NECKWEAR = {"scarf": ("scarf", "muffler"), "tie": ("tie", "neck tie")}
GAITS = {
    "strolling": ("ambling", "in no hurry"), "striding": ("in a hurry", "walking fast"),
    "standing": ("hanging about", "stood still"), "shuffling": ("shuffling", "limping"),
}  # fmt: skip
VIEWS = {
    "front": ("facing cam", "towards cam"),
    "back": ("from behind", "back to cam"),
    "left": ("L profile", "side on"),
    "right": ("R profile", "side on"),
}
OPENINGS = ("", "", "", "seen: ", "subj: ", "cam 3 - ", "lookout for ", "update - ")
CLOSINGS = ("", "", "", "", " no further.", " rest not seen", " approx", " heading exit", " lost sight")
