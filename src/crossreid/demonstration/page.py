"""One self-contained HTML page: searches, bars, figures and tables inside the file."""

import base64
import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from crossreid.demonstration.searches import Hit, Search
from crossreid.evaluation.report import Report, ReportRow

_STYLE = """
:root{color-scheme:light dark;--ink:#1d2530;--soft:#5d6875;--line:#d9dee5;--paper:#fbfaf7;--main:#eef4fb;--code:#f0eee8;
  --right:#1f7a45;--wrong:#b3322f}
@media(prefers-color-scheme:dark){:root{--ink:#e4e8ee;--soft:#a3adb9;--line:#3a424d;--paper:#15191f;--main:#1d2a3a;
  --code:#232932;--right:#5fc98b;--wrong:#f08a86}}
body{font:16px/1.55 system-ui,sans-serif;color:var(--ink);background:var(--paper);margin:0 auto;
  max-width:72rem;padding:2rem 1.2rem}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 .5rem}h2{font-size:1.25rem;margin:2.6rem 0 .6rem}
h3{font-size:1rem;margin:1.4rem 0 .5rem}h4{font-size:.9rem;margin:0 0 .4rem;font-weight:600}
p,ul{max-width:46rem}.soft{color:var(--soft)}.scroll{overflow-x:auto}
.search{display:grid;gap:1rem 1.6rem;grid-template-columns:8.5rem 1fr 1fr;align-items:start}
.query img,.hits img{display:block;width:100%;height:auto;border-radius:3px}
.query img{max-width:5.4rem}blockquote{margin:0;font-size:.9rem;line-height:1.4}
.hits{list-style:none;display:grid;grid-template-columns:repeat(5,minmax(0,1fr));gap:.4rem;margin:0;padding:0;
  max-width:27rem}
.hits img{border:3px solid;box-sizing:border-box}.hits .right{color:var(--right)}.hits .wrong{color:var(--wrong)}
.hits span{display:block;font-size:.78rem;text-align:center}
@media(max-width:52rem){.search{grid-template-columns:1fr}}
.bars svg{display:block;width:100%;max-width:34rem;height:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.92rem}
th,td{padding:.3rem .7rem;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
th:first-child,th:nth-child(2),td:nth-child(2){text-align:left}tbody th{font-weight:normal}
.facts td{white-space:normal}
tr.first>*{border-top:2px solid var(--line)}tr.main{background:var(--main)}
.figure{max-width:100%;height:auto;border:1px solid var(--line);border-radius:4px;background:#fff}
details{margin:1rem 0}summary{cursor:pointer;font-weight:600}
code,pre{font:.9rem/1.5 ui-monospace,monospace;background:var(--code);border-radius:4px}
code{padding:.1rem .3rem}pre{padding:.8rem 1rem;overflow-x:auto}
"""
_INTRODUCTION = (
    "A site draws, photographs and describes its people in a way that neither model has seen before. The large cloud"
    " model learns the site from labelled people; the small edge model learns it from the cloud model. Everything below"
    " was drawn, trained, measured and written by one command on this machine."
)
_SEARCHES = (
    "The edge model searches the photographs of people whom no model has seen in training. The three queries are chosen"
    " by their place in the list, whatever they find. ✓: the right person. The photograph that a sketch or an infrared"
    " picture was made from is left out."
)
_PROTOCOLS = {
    "source-excluded": "The photograph that a sketch or infrared picture was made from is not in its gallery.",
    "all": "Nothing is left out: the source photograph may be found.",
}
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
    searches: Sequence[Search],
    bars: str,
    claims: Sequence[str],
    aims: Sequence[str],
    figures: Sequence[Figure],
    commands: Sequence[str],
    facts: Mapping[str, str],
    report: Report,
) -> Path:
    """Write the page.

    Args:
        path: of the HTML file.
        searches: before and after training.
        bars: the picture of the bars, SVG.
        claims: sentences that say what was measured.
        aims: lines that say what was asked for, and what was reached.
        figures: in order.
        commands: what to type next.
        facts: seed, hardware, versions and the like.
        report: rows of all settings and protocols, folded at the end.
    """
    parts = [
        "<h1>One site, before and after training</h1>",
        f'<p class="soft">{_INTRODUCTION}</p>',
        f"<h2>The same three searches, before and after</h2><p>{_SEARCHES}</p>",
        *(_search(search) for search in searches),
        f'<h2>What the models find</h2><div class="bars">{bars}</div>{_listed(claims)}',
        *(_figure(figure) for figure in figures),
        f"<h2>The aims, in points of mean mAP</h2>{_listed(aims)}",
        '<h2>What to type next</h2><pre tabindex="0">' + html.escape("\n".join(commands)) + "</pre>",
        f"<h2>How it was made</h2>{_facts(facts)}",
        "<h2>All numbers, in percent</h2>",
        *(_folded(report, protocol) for protocol in _PROTOCOLS),
    ]
    path.write_text(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>CrossReID demonstration</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><main>{''.join(parts)}</main></body></html>\n",
        encoding="utf-8",
    )
    return path


def _search(search: Search) -> str:
    query = search.query
    asked = (
        f"<blockquote>“{html.escape(query.caption or '')}”</blockquote>"
        if query.path is None
        else f'<img alt="The query: a picture of one person" src="{_source(query.path)}">'
    )
    return (
        f'<h3>{html.escape(search.heading)}</h3><div class="search"><div class="query"><h4>Query</h4>{asked}</div>'
        f"<div><h4>Before training</h4>{_hits(search.before)}</div>"
        f"<div><h4>After training</h4>{_hits(search.after)}</div></div>"
    )


def _hits(hits: Iterable[Hit]) -> str:
    items = []
    for place, hit in enumerate(hits, start=1):
        kind, mark, words = ("right", "✓", "right person") if hit.correct else ("wrong", "✗", "somebody else")
        items.append(
            f'<li class="{kind}"><img alt="Place {place}: {words}" src="{_source(hit.path)}">'
            f'<span aria-hidden="true">{mark} {hit.score:.2f}</span></li>'
        )
    return f'<ol class="hits">{"".join(items)}</ol>'


def _listed(lines: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{html.escape(line)}</li>" for line in lines) + "</ul>"


def _folded(report: Report, protocol: str) -> str:
    rows = [row for row in report.rows if row.protocol == protocol]
    return (
        f"<details><summary>Protocol {protocol}: {len(rows)} rows</summary>"
        f"<p>{_PROTOCOLS[protocol]}</p>{_table(rows)}</details>"
    )


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


def _facts(facts: Mapping[str, str]) -> str:
    items = "".join(
        f'<tr><th scope="row">{html.escape(name)}</th><td>{html.escape(value)}</td></tr>'
        for name, value in facts.items()
    )
    return _scrolled(f"<tbody>{items}</tbody>", kind="facts")


def _scrolled(table: str, *, kind: str = "") -> str:
    """On a narrow screen the table scrolls, by keyboard too, and not the page."""
    return f'<div class="scroll" tabindex="0"><table class="{kind}">{table}</table></div>'


def _figure(figure: Figure) -> str:
    return (
        f"<h2>{html.escape(figure.heading)}</h2><p>{html.escape(figure.words)}</p>"
        f'<img class="figure" alt="{html.escape(figure.heading)}" src="{_source(figure.path)}">'
    )


def _source(path: Path) -> str:
    kind = "png" if path.suffix == ".png" else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
