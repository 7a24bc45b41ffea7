"""The section of `docs/edge.md` that says what was measured, written from the record."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- measured: written by benchmarks/edge.py -->", "<!-- end of what was measured -->"
_NAMES = {
    "vit-l-14": "ViT-L/14, random weights, 280 × 140",
    "tiny-edge": "`tiny-edge`, 112 × 56",
}


def write_section(results: Path, document: Path) -> None:
    """Put the section in place of the one that is there, between its two marks."""
    text = document.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    record = json.loads(results.read_text(encoding="utf-8"))
    document.write_text(f"{before}{BEGIN}\n\n{section(record)}\n\n{END}{after}", encoding="utf-8")


def section(record: Mapping[str, Any]) -> str:
    """Tables, targets, and what stands between a model and the peak."""
    plan, hardware = record["configuration"], record["hardware"]
    threads = f"{plan['threads']} thread{'s' if plan['threads'] > 1 else ''}"
    parts = [
        (
            f"Measured by `python benchmarks/edge.py` on {hardware['processor']}, {threads}, {plan['rounds']} rounds in"
            f" which every way has its turn, commit `{record['commit'][:7]}`: median, and smallest and largest of the"
            " rounds. Ratios are within a round. Eager and compiled are PyTorch; `bf16+int8` is the int8 pack with bf16"
            " in place of fp32 for all that is not in eight bits."
        )
    ]
    for name, subject in record["subjects"].items():
        parts.append(f"**{_NAMES.get(name, name)}**")
        parts += _subject(subject)
    return "\n\n".join(parts)


def _subject(subject: Mapping[str, Any]) -> Iterator[str]:
    picture, caption = subject["cases"]["image 1"], subject["cases"]["text 1"]
    yield "\n".join(_rows(picture, caption, subject["packs"]))
    peaks = ", ".join(f"{kind} {rate:.0f}" for kind, rate in picture["peaks_gflops"].items())
    yield f"Peak of the machine's matrix products, billions of operations a second: {peaks}."
    refused = subject["refused"] | picture["unavailable"]
    if refused:
        yield "Not timed: " + "; ".join(f"{name} ({why})" for name, why in refused.items()) + "."
    changes = list(_changes(subject["packs"]))
    if changes:
        yield "\n".join(changes)
    yield "\n".join(_targets(subject["targets"]))
    yield "\n".join(_profiles(picture["profile_ms"]))


def _rows(picture: Mapping[str, Any], caption: Mapping[str, Any], packs: Mapping[str, Any]) -> Iterator[str]:
    yield "| way | photograph, ms | × eager fp32 | × eager bf16 | share of peak | caption, ms | cosine: mean, lowest |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    for name, share in picture["share_of_peak"].items():
        faster = [picture[f"times_faster_than_eager_{kind}"][name]["median"] for kind in ("fp32", "bf16")]
        cosine = f"{packs[name]['mean']:.5f}, {packs[name]['lowest']:.5f}" if name in packs else ""
        words = _spread(caption["ms"][name]) if name in caption["ms"] else ""
        yield (
            f"| {name} | {_spread(picture['ms'][name])} | {faster[0]:.2f} | {faster[1]:.2f} | {100 * share:.0f} %"
            f" | {words} | {cosine} |"
        )


def _changes(packs: Mapping[str, Any]) -> Iterator[str]:
    """Of retrieval, where it was compared."""
    compared = {name: pack["tasks"] for name, pack in packs.items() if pack.get("tasks")}
    for number, (name, tasks) in enumerate(compared.items()):
        if not number:
            yield (
                "| change against the model, points of R1 and mAP | "
                + " | ".join(t["task"] for t in tasks)
                + " |"
            )
            yield "| --- |" + " ---: |" * len(tasks)
        moved = (f"{task['r1_change']:+.2f}, {task['mean_ap_change']:+.2f}" for task in tasks)
        yield f"| {name} | {' | '.join(moved)} |"


def _targets(targets: list[Mapping[str, Any]]) -> Iterator[str]:
    yield "| target for one photograph | wanted | found | |"
    yield "| --- | ---: | ---: | --- |"
    for row in targets:
        found = "nothing" if row["found"] is None else _spread(row["found"])
        yield (
            f"| {row['what']} ({row['way'] or 'none qualifies'}) | {row['wanted']} | {found}"
            f" | {'met' if row['met'] else 'missed'} |"
        )


def _profiles(profiles: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    yield "| where one photograph's time goes in OpenVINO | |"
    yield "| --- | --- |"
    for kind, spent in profiles.items():
        whole = sum(spent.values())
        largest = [f"{name} {100 * ms / whole:.0f} %" for name, ms in list(spent.items())[:5]]
        yield f"| {kind} | {', '.join(largest)} |"


def _spread(values: Mapping[str, float]) -> str:
    return f"{values['median']:.3g} ({values['min']:.3g}–{values['max']:.3g})"
