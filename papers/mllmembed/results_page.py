"""The page of results that the repository keeps, from the records that it keeps."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from papers.mllmembed.answers import summarise
from papers.mllmembed.claims import claims_of, judge
from papers.mllmembed.differences import setting_words
from papers.mllmembed.gate import gate_answer
from papers.mllmembed.page import markdown
from papers.mllmembed.published import source
from papers.mllmembed.writing import ITEMS, write_section
from papers.mllmembed.writing_related import RELATED, related_claims, write_related

_INTRODUCTION = (
    "Written by `make docs` from the records in [`benchmarks/results/`](../benchmarks); `make reproduce` makes those"
    " anew ([how](reproducing.md)). Each number of ours was measured on people drawn by the program at a place"
    " that the backbones do not know: those of the paper stand beside them to compare *differences* between rows, not"
    " heights."
)


def results_page(results: Path, *, related: Path, link: str, weights: Mapping[str, str]) -> str:
    """Markdown of all tables and figures, and of the comparisons beside them; what has no record says so.

    Args:
        results: folder of the records and pictures.
        related: folder of the records and pictures of those comparisons.
        link: how the page names the folder of `related`, which `results` lies in.
        weights: signatures of the backbones that the program has now, by kind.
    """
    records = {item: read_record(results, item) for item in ITEMS}
    known = {item: record for item, record in records.items() if record is not None}
    paragraphs = [f"{source()}, and what this program measured beside it.", _INTRODUCTION]
    stale = [item for item, record in known.items() if record["weights"] != dict(weights)]
    if stale:
        paragraphs.append(
            f"**Of earlier weights than those that travel with the package now: {', '.join(stale)}.**"
        )
    own = f"{link}/{results.name}"
    pictures = {name: f"{own}/{name}.png" for record in known.values() for name in record["pictures"]}
    beside = {name: read_record(related, name) for name in RELATED}
    claims = claims_of(known)
    for comparison, record in beside.items():
        if record is not None:
            pictures |= {name: f"{link}/{name}.png" for name in record.get("pictures", ())}
            claims |= related_claims(comparison, record)
    judged = judge(claims)
    return markdown(
        title="Results",
        paragraphs=paragraphs,
        setup=setting_words(next(iter(known.values()))) if known else [],
        answers=summarise(claims, judged, gate_answer(known.values())),
        sections=[
            *(write_section(item, record, judged) for item, record in records.items()),
            *(write_related(name, record, judged) for name, record in beside.items()),
        ],
        pictures=pictures,
    )


def read_record(results: Path, item: str) -> dict[str, Any] | None:
    """What a reproduction wrote of an item; None where it was not run."""
    file = results / f"{item}.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None
