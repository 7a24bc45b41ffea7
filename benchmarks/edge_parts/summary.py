"""Rounds -> medians, ratios and what they say of the targets."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

Rounds = Mapping[str, Sequence[float]]
"""Milliseconds of each way, one a round."""

FULL_COSINE = 0.999
HALVES = ("onnx fp32", "onnx fp16", "openvino fp32", "openvino fp16", "openvino bf16")
EIGHTS = ("onnx int8", "openvino int8")
AROUND = "around the model"


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, smallest and largest."""
    middle = statistics.median(values)
    return {
        name: float(f"{value:.4g}")
        for name, value in zip(("median", "min", "max"), (middle, min(values), max(values)), strict=True)
    }


def times_faster(rounds: Rounds, way: str, than: str) -> dict[str, float]:
    """How many times the time of `way` the other took, each within a round."""
    return spread([other / own for own, other in zip(rounds[way], rounds[than], strict=True)])


def best(rounds: Rounds, candidates: Sequence[str]) -> str | None:
    """The one of smallest median."""
    there = [name for name in candidates if name in rounds]
    return min(there, key=lambda name: statistics.median(rounds[name]), default=None)


def peaks(rounds: Rounds, side: int) -> dict[str, float]:
    """Billions of operations a second in the fastest product of each precision, median over the rounds.

    A product in eight bits that is slower than one in bf16 was not computed in eight bits, and is no peak.
    """
    found: dict[str, float] = {}
    for precision in ("fp32", "bf16", "int8"):
        names = [name for name in rounds if name.startswith(f"product {precision},")]
        fastest = [min(times) for times in zip(*(rounds[name] for name in names), strict=True)]
        rate = round(2 * side**3 / statistics.median(fastest) / 1e6, 1)
        if precision != "int8" or rate > found["bf16"]:
            found[precision] = rate
    return found


def shares_of_peak(rounds: Rounds, operations: int, found: Mapping[str, float]) -> dict[str, float]:
    """Of each way, the share of the peak of the precision that its products have, where that is known."""
    shares = {}
    for name, times in rounds.items():
        kind = name.rpartition(" ")[2].rpartition("+")[2]
        if name.startswith("product ") or name == AROUND:
            continue
        if kind == "fp16":  # of the weights: ONNX Runtime multiplies them in fp32, OpenVINO in bf16
            kind = "bf16" if name.startswith("openvino") else "fp32"
        if kind in found:
            shares[name] = round(operations / statistics.median(times) / 1e6 / found[kind], 3)
    return shares


def judge(rounds: Rounds, packs: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The targets for photographs one at a time: what was wanted, what was found, and whether that is enough.

    Args:
        rounds: of the image tower at batch 1.
        packs: with the cosines of each.
    """
    full = best(rounds, [name for name in HALVES if name in packs and packs[name]["lowest"] >= FULL_COSINE])
    eight = best(rounds, [name for name in EIGHTS if name in packs and packs[name]["mean"] >= FULL_COSINE])
    asked = [
        ("best pack of full accuracy against eager fp32", full, "eager fp32", 4.5),
        ("best pack of full accuracy against eager bf16", full, "eager bf16", 1.3),
        ("best int8 pack against the bf16 pack", eight, "openvino bf16", 1.7),
    ]
    rows = []
    for what, way, than, wanted in asked:
        found = None if way is None or than not in rounds else times_faster(rounds, way, than)
        met = found is not None and found["median"] >= wanted
        rows.append({"what": what, "way": way, "wanted": f">= {wanted}", "found": found, "met": met})
    fastest = best(rounds, [*HALVES, *EIGHTS])
    if fastest is not None:
        share = spread([own / model for own, model in zip(rounds[AROUND], rounds[fastest], strict=True)])
        what = "time around the model, of the fastest pack's"
        rows.append(
            {"what": what, "way": fastest, "wanted": "<= 0.1", "found": share, "met": share["median"] <= 0.1}
        )
    return rows
