"""Sections as one self-contained HTML file, and as Markdown."""

import base64
import html
from collections.abc import Mapping, Sequence
from pathlib import Path

from papers.mllmembed.sections import NOT_RUN, Answer, Grid, Picture, Section

_STYLE = """
:root{color-scheme:light dark;--text:#20262e;--quiet:#5a6572;--rule:#d5dae1;--ground:#fff;--own:#eaf2fb}
@media(prefers-color-scheme:dark){:root{--text:#e6e9ee;--quiet:#a5afbb;--rule:#3b434e;--ground:#14181d;--own:#1c2b3d}}
body{margin:0 auto;padding:1.5rem;max-width:72rem;color:var(--text);background:var(--ground);
  font:16px/1.5 system-ui,sans-serif}
h1{font-size:1.8rem}h2{margin-top:2.6rem;border-top:1px solid var(--rule);padding-top:1rem}h3{font-size:1rem}
p,li,dd{max-width:48rem}dt{font-weight:600}dd{margin:0 0 .6rem 1.2rem}.quiet{color:var(--quiet);font-size:.9rem}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
td,th{padding:.25rem .6rem;border-bottom:1px solid var(--rule);text-align:right;white-space:nowrap}
td.word,th.word{text-align:left}tr.own{background:var(--own)}
img{max-width:100%;background:#fff}figure{margin:1rem 0}code{font-family:ui-monospace,monospace}
"""
_OWN_ROWS = "Shaded rows were measured here; the others are the paper's."


def write_html(
    path: Path,
    *,
    title: str,
    paragraphs: Sequence[str],
    setup: Sequence[str],
    answers: Sequence[Answer],
    sections: Sequence[Section],
    pictures: Path,
) -> Path:
    """Write the page with its pictures inside.

    Args:
        path: of the HTML file.
        title: above everything.
        paragraphs: below it.
        setup: what is not as in the paper, a sentence each.
        answers: to the questions of the whole page.
        sections: in order.
        pictures: folder of the PNG files.
    """
    parts = [f"<h1>{html.escape(title)}</h1>", *(f"<p>{_inline(words)}</p>" for words in paragraphs)]
    if answers:
        parts.append(f"<h2>Answers</h2>{_answers(answers)}")
    if setup:
        items = "".join(f"<li>{_inline(words)}</li>" for words in setup)
        parts.append(f"<h2>What is not as in the paper</h2><ul>{items}</ul>")
    parts += [_section(section, pictures) for section in sections]
    path.write_text(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><main>{''.join(parts)}</main></body></html>\n",
        encoding="utf-8",
    )
    return path


def _section(section: Section, pictures: Path) -> str:
    parts = [f'<h2 id="{section.item}">{html.escape(_heading(section))}</h2>']
    if not section.run:
        return parts[0] + f"<p>{NOT_RUN}</p>"
    parts += [f"<p>{_inline(words)}</p>" for words in section.paragraphs]
    parts.append(_answers(section.answers) if section.answers else "")
    parts += [_table(grid) for grid in section.grids]
    parts += [_figure(picture, pictures) for picture in section.pictures]
    return "".join(parts) + f'<p class="quiet">{html.escape(section.made)}</p>'


def _answers(answers: Sequence[Answer]) -> str:
    items = (
        f"<dt>{html.escape(_asked(one))} <em>{html.escape(one.verdict)}</em></dt><dd>{html.escape(one.words)}</dd>"
        for one in answers
    )
    return f"<dl>{''.join(items)}</dl>"


def _table(grid: Grid) -> str:
    kinds = ['class="word"' if place < grid.words else "" for place in range(len(grid.header))]
    head = "".join(
        f'<th scope="col" {kind}>{html.escape(name)}</th>'
        for kind, name in zip(kinds, grid.header, strict=True)
    )
    rows = []
    for cells, ours in zip(grid.rows, grid.ours, strict=True):
        line = "".join(
            f"<td {kind}>{html.escape(cell)}</td>" for kind, cell in zip(kinds, cells, strict=True)
        )
        rows.append(f'<tr class="own">{line}</tr>' if ours else f"<tr>{line}</tr>")
    title = f"<h3>{_inline(grid.title)}</h3>" if grid.title else ""
    note = " ".join(filter(None, (grid.note, _OWN_ROWS if not all(grid.ours) else "")))
    return (
        f'{title}<div class="wide" tabindex="0"><table><thead><tr>{head}</tr></thead>'
        f'<tbody>{"".join(rows)}</tbody></table></div><p class="quiet">{html.escape(note)}</p>'
    )


def _figure(picture: Picture, folder: Path) -> str:
    data = base64.b64encode((folder / f"{picture.name}.png").read_bytes()).decode()
    words = html.escape(picture.words)
    return f'<figure><img alt="{words}" src="data:image/png;base64,{data}"><figcaption>{words}</figcaption></figure>'


def _inline(words: str) -> str:
    """Text with `code` in it."""
    pieces = html.escape(words).split("`")
    return "".join(f"<code>{one}</code>" if place % 2 else one for place, one in enumerate(pieces))


def markdown(
    *,
    title: str,
    paragraphs: Sequence[str],
    setup: Sequence[str],
    answers: Sequence[Answer],
    sections: Sequence[Section],
    pictures: Mapping[str, str],
) -> str:
    """The same page as Markdown.

    Args:
        title: above everything.
        paragraphs: below it.
        setup: what is not as in the paper, a sentence each.
        answers: to the questions of the whole page.
        sections: in order.
        pictures: where each picture lies, as a link from the page, by name.
    """
    lines = [f"# {title}", *paragraphs]
    if answers:
        lines += ["## Answers", _markdown_answers(answers)]
    if setup:
        lines += ["## What is not as in the paper", "\n".join(f"- {words}" for words in setup)]
    for section in sections:
        lines.append(f"## {_heading(section)}")
        if not section.run:
            lines.append(f"{NOT_RUN[0].upper()}{NOT_RUN[1:]}.")
            continue
        lines += section.paragraphs
        lines += [_markdown_answers(section.answers)] if section.answers else []
        for grid in section.grids:
            lines += [f"**{grid.title}**"] if grid.title else []
            lines += [_markdown_table(grid), grid.note]
        lines += [f"![{one.words}]({pictures[one.name]})\n\n{one.words}" for one in section.pictures]
        lines.append(f"*{section.made}*")
    return "\n\n".join(filter(None, lines)) + "\n"


def _markdown_answers(answers: Sequence[Answer]) -> str:
    return "\n".join(f"- {_asked(one)} **{one.verdict}**. {one.words}".rstrip() for one in answers)


def _asked(answer: Answer) -> str:
    """A question as it is; a claim with a colon."""
    return answer.question if answer.question.endswith("?") else f"{answer.question}:"


def _markdown_table(grid: Grid) -> str:
    """Rows measured here are bold."""
    lines = [grid.header, ["---"] * grid.words + ["---:"] * (len(grid.header) - grid.words)]
    for cells, ours in zip(grid.rows, grid.ours, strict=True):
        lines.append(tuple(f"**{cell}**" if ours and not all(grid.ours) else cell for cell in cells))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _heading(section: Section) -> str:
    kind, number = section.item[:-1], section.item[-1]
    return f"{kind.capitalize()} {number}: {section.heading}" if number.isdigit() else section.heading
