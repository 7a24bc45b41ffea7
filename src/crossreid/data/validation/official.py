"""How much each public data set is said to hold."""

from dataclasses import dataclass
from typing import Literal

What = Literal["people", "pictures", "rgb", "ir", "sketch", "text"]


@dataclass(frozen=True, slots=True)
class OfficialCount:
    """A published number.

    Args:
        splits: that it is the sum, or for people the union, of.
        what: is counted: a modality, all `pictures`, or `people`.
        number: as published.
        confirmed: sources agree on it; otherwise a difference is worth no more than a note.
    """

    splits: tuple[str, ...]
    what: What
    number: int
    confirmed: bool = True


def _split(splits: str, *, confirmed: bool = True, **numbers: int) -> tuple[OfficialCount, ...]:
    names = tuple(splits.split("+"))
    return tuple(OfficialCount(names, what, number, confirmed) for what, number in numbers.items())  # type: ignore[arg-type]


_CUHK_PEDES = (
    *_split("train", people=11003, rgb=34054, text=68126),
    *_split("val", people=1000, rgb=3078, text=6158),
    *_split("test", people=1000, rgb=3074, text=6156),
)
_ICFG_PEDES = (
    *_split("train", rgb=34674, text=34674),
    *_split("train", confirmed=False, people=3102),
    *_split("test", rgb=19848, text=19848),
    *_split("test", confirmed=False, people=1000),
)
_RSTPREID = (
    *_split("train", people=3701, rgb=18505, text=37010),
    *_split("val", people=200, rgb=1000, text=2000),
    *_split("test", people=200, rgb=1000, text=2000),
)

OFFICIAL: dict[str, tuple[OfficialCount, ...]] = {
    "cuhk-pedes": _CUHK_PEDES,
    "icfg-pedes": _ICFG_PEDES,
    "rstpreid": _RSTPREID,
    "tri-cuhk-pedes": (*_CUHK_PEDES, *_split("train+val+test", sketch=40206)),
    "tri-icfg-pedes": (*_ICFG_PEDES, *_split("train+test", sketch=54522)),
    "tri-rstpreid": (*_RSTPREID, *_split("train+val+test", sketch=20505)),
    "qrcm-reid": _split("train", people=17278),
    "sysu-mm01": (
        *_split("train", people=296),
        *_split("val", people=99),
        *_split("test", people=96, ir=3803),
    ),
    "regdb": (
        *_split("train", confirmed=False, people=206, rgb=2060, ir=2060),
        *_split("test", confirmed=False, people=206, rgb=2060, ir=2060),
    ),
    "llcm": (*_split("train", confirmed=False, people=713), *_split("test", confirmed=False, people=351)),
    "market-1501": (
        *_split("train", people=751, rgb=12936),
        *_split("query", people=750, rgb=3368),
        *_split("gallery", people=750, rgb=15913),
    ),
    "dukemtmc-reid": (
        *_split("train", people=702, rgb=16522),
        *_split("query", people=702, rgb=2228),
        *_split("gallery", people=1110, rgb=17661),
    ),
    "msmt17": (
        *_split("train+val", people=1041, rgb=32621),
        *_split("query", people=3060, rgb=11659),
        *_split("gallery", people=3060, rgb=82161),
    ),
    "pku-sketch": _split("train+test", people=200, rgb=400, sketch=200),
    "orbench": (*_split("train", people=600), *_split("query+gallery", people=400)),
    "flickr30k": (
        *_split("train", rgb=29000, text=145000),
        *_split("val", rgb=1014, text=5070),
        *_split("test", rgb=1000, text=5000),
    ),
    "mscoco": (
        *_split("train+restval", rgb=113287),
        *_split("val", rgb=5000),
        *_split("test", rgb=5000),
    ),
}
