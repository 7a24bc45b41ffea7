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
    unknown = "" if "int8" in picture["peaks_gflops"] else " Peak int8 throughput was not measured."
    yield f"Peak of the machine's matrix products, billions of operations a second: {peaks}.{unknown}"
    bounds = _bounds(picture)
    if bounds:
        yield bounds
    refused = subject["refused"] | picture["unavailable"]
    if refused:
        yield "Not timed: " + "; ".join(f"{name} ({why})" for name, why in refused.items()) + "."
    changes = list(_changes(subject["packs"]))
    if changes:
        yield "\n".join(changes)
    yield "\n".join(_targets(subject["targets"]))
    yield "\n".join(_profiles(picture["profile_ms"]))


def _bounds(picture: Mapping[str, Any]) -> str:
    """What a pack in bf16 could reach, were it as fast as the machine's products."""
    peaks, shares = picture["peaks_gflops"], picture["share_of_peak"]
    if not {"fp32", "bf16"} <= peaks.keys() or not {"eager fp32", "eager bf16"} <= shares.keys():
        return ""
    ratio = peaks["bf16"] / peaks["fp32"]
    return (
        f"A product in bf16 is {ratio:.1f} times as fast here as one in fp32. At the peak of bf16 a pack would be"
        f" {ratio / shares['eager fp32']:.1f} times as fast as eager fp32 and {1 / shares['eager bf16']:.2f} times as"
        " fast as eager bf16: more cannot be had without eight bits."
    )


def _rows(picture: Mapping[str, Any], caption: Mapping[str, Any], packs: Mapping[str, Any]) -> Iterator[str]:
    yield "| way | photograph, ms | × eager fp32 | × eager bf16 | share of peak | caption, ms | cosine: mean, lowest |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    for name in picture["times_faster_than_eager_fp32"]:
        share = picture["share_of_peak"].get(name)
        reached = "" if share is None else f"{100 * share:.0f} %"
        faster = [picture[f"times_faster_than_eager_{kind}"][name]["median"] for kind in ("fp32", "bf16")]
        cosine = f"{packs[name]['mean']:.5f}, {packs[name]['lowest']:.5f}" if name in packs else ""
        words = _spread(caption["ms"][name]) if name in caption["ms"] else ""
        yield (
            f"| {name} | {_spread(picture['ms'][name])} | {faster[0]:.2f} | {faster[1]:.2f} | {reached}"
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
    median, least, most = (_number(values[name]) for name in ("median", "min", "max"))
    return f"{median} ({least}–{most})"


def _number(value: float) -> str:
    """Three digits, or all before the point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
