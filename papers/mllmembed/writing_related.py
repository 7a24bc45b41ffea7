"""The records of the comparisons of DSMD and MLLMReID -> sections of the page of results."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from crossreid.core.wording import spread
from papers.mllmembed.answers import in_words
from papers.mllmembed.claims import Judgement
from papers.mllmembed.confidence import over_seeds
from papers.mllmembed.sections import Grid, Picture, Section, made_by

RELATED: Mapping[str, str] = {
    "dsmd": "DSMD beside cosine, PCM and FR",
    "mllmreid": "MLLMReID: Common Instruction, DirectReID and lambda",
}
"""Comparisons of their own, by the name of their record and script."""

_NOTE = "Percent; mean ± sample deviation over the seeds."
_OWN = "cosine + PCM + FR"
_NOTHING = "task only"


def related_claims(name: str, record: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the claims of one comparison, to be judged with all others of a page.

    Args:
        name: of `RELATED`.
        record: what `benchmarks/NAME.py` wrote.
    """
    return {claim["claim"]: claim for claim in _CLAIMS[name](record)}


def write_related(name: str, record: Mapping[str, Any] | None, judged: Mapping[str, Judgement]) -> Section:
    """Return the section of one comparison; without a record it says so.

    Args:
        name: of `RELATED`.
        record: what `benchmarks/NAME.py` wrote.
        judged: the verdicts of all claims of the page.
    """
    if record is None:
        return Section(name, RELATED[name])
    claims = related_claims(name, record)
    answers = tuple(in_words(claim, judged[words]) for words, claim in claims.items())
    return replace(_WRITERS[name](record), answers=answers)


def _dsmd_claims(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    numbers = record["numbers"]
    trained = [name for name in numbers if name in record["variants"]]
    claims = [
        _compared(f"{name} beats {_NOTHING}", numbers[name], numbers[_NOTHING], "E2E mAP")
        for name in trained
        if name != _NOTHING
    ]
    return claims + [
        _compared(f"{name} beats {_OWN}", numbers[name], numbers[_OWN], "E2E mAP")
        for name in trained
        if name.startswith(("DSMD", f"{_OWN}, "))
    ]


def _dsmd(record: Mapping[str, Any]) -> Section:
    numbers, size = record["numbers"], record["configuration"]
    columns = ("E2E mAP", "E2C mAP", "E2E rSum")
    rows = [(name, *(spread(found.get(column, [])) for column in columns)) for name, found in numbers.items()]
    words = (
        f"{size['train_people']:,} drawn people to learn from, {size['test_people']} others to search for; every row is"
        f" {size['student']} after {size['steps']} steps at {size['learning_rate']:g}, with the stored features of"
        f" {size['teacher']} where it follows a teacher. mAP: mean of the three tasks by `source-excluded`, the edge"
        " model in its own gallery (E2E) and in the teacher's (E2C). rSum: R@1, R@5 and R@10 between photographs and"
        " captions both ways, added up."
    )
    return Section(
        "dsmd",
        RELATED["dsmd"],
        paragraphs=(words,),
        grids=(Grid("", ("learnt from", *columns), 1, tuple(rows), (True,) * len(rows), _NOTE),),
        pictures=tuple(
            Picture(name, "Mean mAP of validation people over the steps; means over the seeds.")
            for name in record["pictures"]
        ),
        made=made_by(record),
    )


def _mllmreid_claims(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    claims = (
        ("(b) beats (a)", "(b) Common Instruction", "(a) many instructions"),
        ("(c) beats (b)", "(c) Common Instruction + DirectReID", "(b) Common Instruction"),
        (
            "DirectReID beats SyncReID",
            "(c) Common Instruction + DirectReID",
            "(b) + ReID on the vision tower (SyncReID)",
        ),
        (
            "DirectReID beats ReID on the vision tower alone",
            "(c) Common Instruction + DirectReID",
            "ReID on the vision tower alone",
        ),
    )
    found = []
    for style, place in (("day", "in its own style"), ("evening", "in the other style")):
        for claim, better, worse in claims:
            one, other = (record["numbers"]["ablation"][name]["day"] for name in (better, worse))
            found.append(_compared(f"{claim}, {place}", one, other, f"vision mAP {style}"))
    return found


def _mllmreid(record: Mapping[str, Any]) -> Section:
    size, numbers = record["configuration"], record["numbers"]
    words = (
        f"Photographs searched by photographs of other cameras (`market`): {size['train_people']} drawn people to learn"
        f" from and {size['test_people']} others to search for, in each of two styles; {size['steps']} steps of"
        f" {size['batch_people'] * size['batch_groups']} photographs from one backbone, whose language model had learnt"
        " to read pictures. The feature is the vision tower's unless it says latent. *Sight*: by how many nats a token"
        " the words about unseen people are likelier beside their own picture than beside another's; 0 is said without"
        " looking."
    )
    return Section(
        "mllmreid",
        RELATED["mllmreid"],
        paragraphs=(words,),
        grids=(
            _styles("Trained by day and in the evening", "trained", list(_ablation_rows(numbers))),
            _styles("λ, trained by day", "λ", list(_lambda_rows(numbers))),
        ),
        made=made_by(record),
    )


_FIGURES = (
    "vision mAP day",
    "vision R1 day",
    "vision mAP evening",
    "vision R1 evening",
    "latent mAP day",
)


def _ablation_rows(numbers: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    start = numbers["start"]["backbone"]["none"]
    yield ("before training", "-", *_cells(start))
    for name, styles in numbers["ablation"].items():
        for style, found in styles.items():
            yield (name, style, *_cells(found))


def _lambda_rows(numbers: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    chosen = numbers["ablation"]["(c) Common Instruction + DirectReID"]["day"]
    rows = {float(name): styles["day"] for name, styles in numbers["lambda"].items()} | {0.7: chosen}
    for value in sorted(rows):
        yield ("Common Instruction + DirectReID", f"{value:g}", *_cells(rows[value]))


def _cells(found: Mapping[str, list[float]]) -> list[str]:
    nats = (found.get(f"nats {whose} picture", []) for whose in ("other", "own"))
    sight = [other - own for other, own in zip(*nats, strict=True)]
    return [*(spread(found.get(figure, [])) for figure in _FIGURES), spread(sight, digits=3)]


def _styles(title: str, second: str, rows: Sequence[tuple[str, ...]]) -> Grid:
    header = (
        "",
        second,
        "mAP by day",
        "R1 by day",
        "mAP in the evening",
        "R1 in the evening",
        "latent, mAP by day",
        "sight",
    )
    return Grid(title, header, 2, tuple(rows), (True,) * len(rows), f"{_NOTE} Sight in nats.")


def _compared(
    claim: str, better: Mapping[str, list[float]], worse: Mapping[str, list[float]], figure: str
) -> dict[str, Any]:
    """Seed by seed, with the interval over the seeds."""
    gains = [one - two for one, two in zip(better[figure], worse[figure], strict=True)]
    return {"claim": claim, "unit": "points of mAP", "estimate": over_seeds(gains).to_json()}


_WRITERS = {"dsmd": _dsmd, "mllmreid": _mllmreid}
_CLAIMS = {"dsmd": _dsmd_claims, "mllmreid": _mllmreid_claims}
