"""One self-contained HTML page: tables and figures inside the file."""

import base64
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from crossreid.evaluation.report import Report, ReportRow

_STYLE = """
:root{color-scheme:light dark;--ink:#1d2530;--soft:#5d6875;--line:#d9dee5;--paper:#fbfaf7;--main:#eef4fb;--code:#f0eee8}
@media(prefers-color-scheme:dark){:root{--ink:#e4e8ee;--soft:#a3adb9;--line:#3a424d;--paper:#15191f;--main:#1d2a3a;
  --code:#232932}}
body{font:16px/1.55 system-ui,sans-serif;color:var(--ink);background:var(--paper);margin:0 auto;
  max-width:68rem;padding:2rem 1.2rem}
h1{font-size:1.9rem;margin:0 0 .3rem}h2{font-size:1.25rem;margin:2.4rem 0 .6rem}p{max-width:46rem}
.soft{color:var(--soft)}.scroll{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.92rem}
th,td{padding:.3rem .7rem;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
th:first-child,th:nth-child(2),td:nth-child(2){text-align:left}tbody th{font-weight:normal}
tr.first>*{border-top:2px solid var(--line)}tr.main{background:var(--main)}
img{max-width:100%;height:auto;border:1px solid var(--line);border-radius:4px;background:#fff}
code,pre{font:.9rem/1.5 ui-monospace,monospace;background:var(--code);border-radius:4px}
code{padding:.1rem .3rem}pre{padding:.8rem 1rem;overflow-x:auto}
"""
_INTRODUCTION = (
    "Everything below was drawn, trained, measured and written by one command on this machine. "
    "Nobody in the gallery was seen in pretraining, fine-tuning or distillation."
)
_COLUMNS = ("Task", "Setting", "R1", "R5", "R10", "mAP", "mINP", "Queries")
_MAIN_SETTINGS = ("C2C", "E2E", "E2C", "C2E")


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture file with a heading and what it shows."""

    path: Path
    heading: str
    words: str


def write_page(
    path: Path,
    *,
    report: Report,
    claims: Sequence[str],
    figures: Sequence[Figure],
    commands: Sequence[str],
    facts: Mapping[str, str],
) -> Path:
    """Write the page.

    Args:
        path: of the HTML file.
        report: rows of all settings and protocols.
        claims: sentences at the top.
        figures: in order.
        commands: what to type next.
        facts: seed, hardware, versions and the like.
    """
    parts = [
        "<h1>CrossReID on people drawn by the program</h1>",
        f'<p class="soft">{_INTRODUCTION}</p>',
        "<ul>" + "".join(f"<li>{html.escape(claim)}</li>" for claim in claims) + "</ul>",
    ]
    for protocol, words in (
        (
            "source-excluded",
            "The photograph that a sketch or infrared frame was made from is not in its gallery.",
        ),
        ("all", "Nothing is left out: the source photograph may be found."),
    ):
        rows = [row for row in report.rows if row.protocol == protocol]
        parts.append(f"<h2>Who is found: protocol <code>{protocol}</code></h2><p>{words}</p>{_table(rows)}")
    parts += [_figure(figure) for figure in figures]
    parts.append('<h2>What to type next</h2><pre tabindex="0">' + html.escape("\n".join(commands)) + "</pre>")
    items = "".join(
        f'<tr><th scope="row">{html.escape(name)}</th><td>{html.escape(value)}</td></tr>'
        for name, value in facts.items()
    )
    parts.append("<h2>How it was made</h2>" + _scrolled(f"<tbody>{items}</tbody>"))
    path.write_text(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>CrossReID demonstration</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><main>{''.join(parts)}</main></body></html>\n",
        encoding="utf-8",
    )
    return path


def _table(rows: Sequence[ReportRow]) -> str:
    settings = list(dict.fromkeys(row.setting for row in rows))
    tasks = list(dict.fromkeys(row.task for row in rows))
    head = "".join(f'<th scope="col">{column}</th>' for column in _COLUMNS)
    body = []
    for task in tasks:
        for place, setting in enumerate(settings):
            row = next(row for row in rows if (row.task, row.setting) == (task, setting))
            numbers = (row.r1, row.r5, row.r10, row.mean_ap, row.mean_inp)
            cells = [f'<th scope="row">{html.escape(task)}</th>', f"<td>{html.escape(setting)}</td>"]
            cells += [f"<td>{number:.1f}</td>" for number in numbers] + [f"<td>{row.queries}</td>"]
            kinds = ["first"] * (place == 0) + ["main"] * (setting in _MAIN_SETTINGS)
            body.append(f'<tr class="{" ".join(kinds)}">{"".join(cells)}</tr>')
    return _scrolled(f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody>")


def _scrolled(table: str) -> str:
    """On a narrow screen the table scrolls, by keyboard too, and not the page."""
    return f'<div class="scroll" tabindex="0"><table>{table}</table></div>'


def _figure(figure: Figure) -> str:
    data = base64.b64encode(figure.path.read_bytes()).decode()
    return (
        f"<h2>{html.escape(figure.heading)}</h2><p>{html.escape(figure.words)}</p>"
        f'<img alt="{html.escape(figure.heading)}" src="data:image/png;base64,{data}">'
    )
