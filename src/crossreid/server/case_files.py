"""A case as a file to hand on."""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO

from crossreid.core.errors import DataError
from crossreid.server.chain import Entry
from crossreid.server.crops import show
from crossreid.server.schemas import Case, Pin

_HEIGHT = 560
_A4 = (8.27, 11.69)
_ON_A_PAGE = 4
_LATEST = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True, eq=False)
class CaseFile:
    """What goes into it.

    Args:
        case: with its pins.
        pictures: picture files by the id of the item, where there are any.
        by: who asked for it.
        tenant: whose it is.
        audit: the entry about this export.
    """

    case: Case
    pictures: Mapping[str, bytes]
    by: str
    tenant: str
    audit: Entry


def write_zip(file: CaseFile) -> bytes:
    """`case.json`, and a JPEG for each pin. The same case gives the same pictures, drawn anew from their pixels."""
    stream = BytesIO()
    names: dict[str, str] = {}
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, pin in enumerate(file.case.pins, start=1):
            picture = _picture(file, pin)
            if picture:
                names[pin.id] = f"pictures/{number:03d}.jpg"
                archive.writestr(zipfile.ZipInfo(names[pin.id], _LATEST), picture)
        content = {
            "case": file.case.model_dump(mode="json"),
            "pictures": names,
            "exported_by": file.by,
            "tenant": file.tenant,
            "audit": file.audit.to_dict(),
        }
        archive.writestr(zipfile.ZipInfo("case.json", _LATEST), json.dumps(content, indent=1))
    return stream.getvalue()


def write_pdf(file: CaseFile) -> bytes:
    """Four pins a page, each with its picture, what is known of it and what people said."""
    from matplotlib.backends.backend_pdf import PdfPages
    from matplotlib.figure import Figure

    stream = BytesIO()
    with PdfPages(stream, metadata={"Title": file.case.name, "Creator": "CrossReID"}) as document:
        pins = file.case.pins
        for start in range(0, max(1, len(pins)), _ON_A_PAGE):
            figure = Figure(figsize=_A4)
            figure.text(
                0.08, 0.95, _plain(f"{file.case.name}  ({file.case.reference})"), size=14, weight="bold"
            )
            figure.text(0.08, 0.925, _plain(_heading(file)), size=8, va="top")
            for place, pin in enumerate(pins[start : start + _ON_A_PAGE]):
                top = 0.68 - place * 0.21
                figure.text(0.34, top + 0.18, _plain(_words(pin)), size=9, va="top", linespacing=1.5)
                _draw(figure, [0.08, top, 0.22, 0.19], _picture(file, pin))
            foot = f"{file.tenant} - audit entry {file.audit.sequence} - {file.audit.hash}"
            figure.text(0.08, 0.03, _plain(foot), size=6)
            document.savefig(figure)
    return stream.getvalue()


def _draw(figure, box: list[float], picture: bytes) -> None:
    from crossreid.data.images import decode_image

    axes = figure.add_axes(box)
    axes.set_axis_off()
    if picture:
        axes.imshow(decode_image(picture))


def _heading(file: CaseFile) -> str:
    note = f"\n{file.case.note}" if file.case.note else ""
    return f"Purpose: {file.case.purpose or '-'}. Exported by {file.by} on {file.audit.at[:19]} UTC.{note}"


def _words(pin: Pin) -> str:
    item = pin.item
    who = "not shown: two people have not verified it" if item.identity_hidden else item.person or "not known"
    lines = [
        f"Person: {who}",
        f"Camera: {item.camera or '-'}   Time: {item.time.isoformat() if item.time else '-'}   Kind: {item.modality}",
        f"Score: {'-' if pin.score is None else f'{pin.score:.3f}'}   State: {pin.state}",
        *(f"{verdict.verdict} by {verdict.by}, {verdict.time:%Y-%m-%d %H:%M}" for verdict in pin.verdicts),
        pin.note,
    ]
    return "\n".join(line for line in lines if line)


def _picture(file: CaseFile, pin: Pin) -> bytes:
    try:
        return show(file.pictures[pin.id], _HEIGHT) if pin.id in file.pictures else b""
    except DataError:
        return b""


def _plain(text: str) -> str:
    """Words, whatever somebody wrote: a dollar sign would begin a formula."""
    return text.replace("$", r"\$")
