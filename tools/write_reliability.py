"""Writes docs/reliability.md from the records of benchmarks; `--check` says where the page and the records disagree."""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tools.written_pages import write_or_check

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reliability.md"
RESULTS = ROOT / "benchmarks" / "results"

HEADING = """# Reliability

Written by `make docs` from `reliability.json`, `soak.json`, `server.json` and `search_page.json` in
[`benchmarks/results/`](../benchmarks/results), which the scripts in [`benchmarks/`](../benchmarks) leave.
What the [server](server.md) promises: *an enrolment that was answered is committed, whatever happens next; a search
that was answered is in the audit log; what is refused changed nothing*.

## Faults

`python benchmarks/reliability.py`. Each fault is a real one, of a `crossreid serve` with the encoder {encoder}. Half of
the clients enrol pictures, and send the same again with the same idempotency key until it is acknowledged; the others
search. In the end every acknowledged item must be in the gallery once, with its picture, and in exactly one entry of
the audit log; every answered search must have its entry; and the hash chain must be whole. *Again after* counts from
the beginning of the repair, or from the fault where the server helps itself, and holds the start of whatever was
started again; *longest wait* is that of any request from the fault on. Both hold whatever else the machine did.
"""
FAULTS = {
    "server killed": (
        "The server is killed",
        """`kill -9`, as when an encoder takes its process down, and a start on the same folder. Its PostgreSQL lives
on and is joined; jobs are taken up where they were.""",
    ),
    "encoder away": (
        "The encoder's server is killed",
        """The encoder is another server's (`--encoder http://...`), and that is killed and started again. A call waits
for it for some seconds, then the request is refused; whatever needs no encoder goes on.""",
    ),
    "database killed": (
        "The server's own database is killed",
        """`kill -9` of the PostgreSQL that the server started. The server notices within a second and starts it, and it
recovers from its log.""",
    ),
    "database away": (
        "A database by address goes away",
        """`kill -9` of a PostgreSQL that somebody else runs, and starts again. The server lives on and connects
anew.""",
    ),
    "disk nearly full": (
        "The disk fills up",
        """A file of somebody else leaves less than `--spare-mib`. Enrolments are refused; searches, which write their
entry of the log, and erasures go on.""",
    ),
    "disk full": (
        "The disk is full to the last byte",
        """With `--spare-mib 0`, while pictures are enrolled. Whatever has to write is refused, searches too; should
PostgreSQL itself end, it is started again until there is room.""",
    ),
    "clock jumps": (
        "The clock jumps",
        """The server's clock goes 400 days ahead and back, then 400 days behind and back, with items that are kept for
30 days and a look for what has expired each second. After a jump of more than five minutes nothing goes for its age
for a day. A server that is *started* with a wrong clock cannot know it. (libfaketime makes each look at a clock
slow.)""",
    ),
    "two servers": (
        "Two servers on one database",
        """Each has its clients; both are given the same items at the same moments, and one of them enrols them. Then
one is killed and started again, while the other goes on.""",
    ),
    "pool exhausted": (
        "All connections are in use",
        """Somebody holds a lock on a table, and 40 clients wait for it with the 20 connections of the server. A request
waits for a connection for 5 seconds and for a lock for 20.""",
    ),
}
_PICTURES = 8
HEADER = (
    "fault",
    "meanwhile clients are told",
    "again after, s",
    "longest wait, s",
    "acknowledged",
    "lost",
    "twice",
    "log",
)


def page(results: Path = RESULTS) -> str:
    """The whole of it; what has no record yet is named as such."""
    record = _read(results / "reliability.json")
    encoder = f"`{record['configuration']['encoder']}`" if record else "not measured yet"
    lines = [HEADING.replace("{encoder}", encoder)]
    lines += [f"| {' | '.join(HEADER)} |", "| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |"]
    told = record["faults"] if record else {}
    lines += [f"| {' | '.join(row(title, told.get(name)))} |" for name, (title, _) in FAULTS.items()]
    lines += ["", *details(told), *where(record)]
    lines += ["## Memory over a soak", "", *soak(_read(results / "soak.json"))]
    lines += ["## Load", "", *load(_read(results / "server.json"))]
    lines += ["## The search page", "", *first_result(_read(results / "search_page.json"))]
    return "\n".join(lines)


def row(title: str, told: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Of the table of faults."""
    if told is None:
        return (title, "not measured yet", *[""] * (len(HEADER) - 2))
    counts = told["counts"]
    whole = counts["log_intact"] and not counts["enrolled_unnoted"] + counts["searches_unnoted"]
    return (
        title,
        meanwhile(told),
        f"{max(told['recovered_s'].values()):.1f}",
        f"{max(told['longest_wait_s'], told.get('behind', told)['longest_wait_s']):.1f}",
        str(counts["acknowledged"]),
        str(counts["lost"]),
        str(counts["twice"]),
        "whole" if whole else "BROKEN",
    )


def meanwhile(told: Mapping[str, Any]) -> str:
    """Answers during the fault, most frequent first."""
    parts: list[str] = []
    for kind, answers in told["during"].items():
        ordered = sorted(answers.items(), key=lambda pair: -pair[1])
        parts.append(f"{kind}: " + ", ".join(f"{count} × {_words(said)}" for said, count in ordered))
    return "; ".join(parts)


def details(faults: Mapping[str, Any]) -> Iterator[str]:
    """What each fault is, and what a server does about it."""
    for name, (title, words) in FAULTS.items():
        told = faults.get(name)
        yield f"**{title}.** {words}{remarks(told) if told else ''}\n"


def remarks(told: Mapping[str, Any]) -> str:
    """What else was seen."""
    counts = told["counts"]
    found = ""
    if counts["kept_unacknowledged"]:
        found += f" {counts['kept_unacknowledged']} items were committed whose answer was lost."
    if "same_items" in told:
        same = told["same_items"]
        found += (
            f" Of {same['items']} such items the one told {same['enrolled']} times that it enrolled them, and the other"
            f" {same['known']} times that they were known."
        )
    if told["without_retry_after"]:
        found += f" {told['without_retry_after']} refusals did not say when to come back."
    return found


def soak(record: Mapping[str, Any] | None) -> Iterator[str]:
    """Memory at some moments, and its growth."""
    yield "`python benchmarks/reliability.py --soak-minutes 30`. Aim: flat memory over half an hour.\n"
    if record is None:
        yield "Not measured yet.\n"
        return
    asked, memory, growth = record["configuration"], record["memory"], record["growth_mib_an_hour"]
    yield f"{asked['minutes']:g} minutes of {asked['per_second']:g} requests a second: searches by words, with"
    yield "explanations, and by pictures, enrolments, lists, crops, erasures. MiB, where what processes share is"
    yield "counted in parts:\n"
    last = len(memory["seconds"]) - 1
    places = sorted({round(step * last / 8) for step in range(9)})
    yield "| minutes | " + " | ".join(f"{memory['seconds'][n] / 60:.1f}" for n in places) + " |"
    yield "| --- |" + " ---: |" * len(places)
    for name, words in (("server_mib", "server"), ("postgres_mib", "its PostgreSQL")):
        yield f"| {words} | " + " | ".join(f"{memory[name][n]:.0f}" for n in places) + " |"
    yield f"\nAfter the first third the server grows by {growth['server']:+.1f} MiB an hour and its PostgreSQL by"
    yield f"{growth['postgres']:+.1f} (least squares). Median latencies in the first and the last third, ms:"
    yield "; ".join(f"{kind} {_two(times)}" for kind, times in record["median_ms"].items()) + "."
    answers = ", ".join(f"{count} × {said}" for said, count in record["statuses"].items())
    yield f"Answers: {answers}.\n\n{_machine(record)}\n"


def load(record: Mapping[str, Any] | None) -> Iterator[str]:
    """Requests a second and latencies by number of clients."""
    yield "`python benchmarks/server.py`. Each client asks again as soon as it is answered; clients and server share"
    yield f"the machine. An enrolment is a request with {_PICTURES} pictures, each of which is embedded.\n"
    if record is None:
        yield "Not measured yet.\n"
        return
    yield "| request | clients | requests/s | p50, ms | p95, ms | p99, ms | answers |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | --- |"
    for cell in record["cells"]:
        answers = ", ".join(f"{count} × {said}" for said, count in sorted(cell["statuses"].items()))
        latencies = [f"{cell[name]:.0f}" if name in cell else "" for name in ("p50_ms", "p95_ms", "p99_ms")]
        shown = [cell["kind"], str(cell["clients"]), f"{cell['per_second']:.1f}", *latencies, answers]
        yield f"| {' | '.join(shown)} |"
    asked, index = record["configuration"], record["index"]
    yield f"\n{asked['people']:,} people, encoder `{asked['encoder']}`, {asked['seconds']:g} seconds a cell; the"
    yield f"index over {index['width']} coordinates has recall@10 {index['recall']:.3f}. Vectors came in at"
    yield f"{record['filled_per_second']:,.0f} a second. {_machine(record)} {_busy(record)}\n"


def first_result(record: Mapping[str, Any] | None) -> Iterator[str]:
    """From the button to the first result."""
    yield "`python benchmarks/search_page.py`. Aim: the first result of a description on 100 000 people in less"
    yield "than 300 ms.\n"
    if record is None:
        yield "Not measured yet.\n"
        return
    asked = record["configuration"]
    yield "| ms | median | p95 | largest |\n| --- | ---: | ---: | ---: |"
    for name, words in (
        ("request_ms", "from the request to its answer"),
        ("page_ms", "from the button to the first card, in Chromium"),
    ):
        times = record[name]
        yield f"| {words} | {times['median']} | {times['p95']} | {times['largest']} |"
    met = "met" if record["page_ms"]["median"] < record["target_ms"] else "not met"
    yield f"\nIn this run the aim is {met}. A request costs {record['processor_ms']} ms of processor time, of server,"
    yield "client and PostgreSQL together."
    yield f"{asked['people']:,} people, {asked['queries']} descriptions, one after the other, encoder"
    yield f"`{asked['encoder']}`. {_machine(record)} {_busy(record)}\n"


def where(record: Mapping[str, Any] | None) -> Iterator[str]:
    """On what it was measured."""
    if record is not None:
        yield f"{_machine(record)}\n"


def _machine(record: Mapping[str, Any]) -> str:
    hardware, versions = record["hardware"], record["versions"]
    processor = f"{hardware['processor']}, {hardware['cores']} cores"
    return f"{processor}; Python {versions['python']}, torch {versions['torch']}."


def _busy(record: Mapping[str, Any]) -> str:
    return (
        f"The machine's load average at the end was {record['load_average']:.1f}, with this run's own work."
    )


def _two(times: Mapping[str, float | None]) -> str:
    return " → ".join("none" if time is None else f"{time:.0f}" for time in times.values())


def _words(said: str) -> str:
    status, _, code = said.partition(" ")
    return said if said == "no answer" else f"{status} `{code}`" if code else status


def _read(path: Path) -> dict[str, Any] | None:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def main() -> int:
    return write_or_check({PAGE: page()}, source="the records of faults and load")


if __name__ == "__main__":
    sys.exit(main())
