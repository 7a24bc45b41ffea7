"""Words and pictures -> vectors, for whoever has no model."""

import base64
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.server import schemas
from crossreid.server.access import Caller, Shared, needs
from crossreid.server.evidence import read_picture
from crossreid.server.refusals import RefusalError
from crossreid.server.roles import Permission
from crossreid.server.service import Service

router = APIRouter(tags=["embed"])


@router.post("/embed")
def embed(
    asked: schemas.EmbedRequest,
    request: Request,
    caller: Annotated[Caller, Depends(needs(Permission.EMBED))],
    service: Shared,
) -> schemas.EmbedAnswer:
    """Embed up to `limits.items` items. Nothing is kept."""
    check_count(len(asked.items), service.settings.limits.items, "items")
    samples = [read_piece(service, piece, f"items.{n}") for n, piece in enumerate(asked.items)]
    found = service.embed(samples, deadline=request.state.deadline)
    kind = "<f2" if asked.half else "<f4"
    rows = [base64.b64encode(row.astype(kind).tobytes()).decode() for row in found.vectors]
    return schemas.EmbedAnswer(
        fingerprint=found.fingerprint, rotation=found.rotation, dim=found.dim, vectors=rows
    )


def read_piece(service: Service, piece: schemas.Piece, where: str) -> Sample:
    """A sample; its picture is decoded.

    Raises:
        RefusalError: it cannot be, or the encoder does not take its kind.
    """
    modality = Modality(piece.modality)
    if modality not in service.encoder.modalities:
        raise RefusalError(
            "malformed",
            f"{where}: {modality} for this encoder",
            expected=", ".join(sorted(service.encoder.modalities)),
        )
    if piece.text is not None:
        if not piece.text.strip():
            raise RefusalError("malformed", f"{where}: blank words", expected="words")
        return Sample(modality, caption=piece.text)
    assert piece.picture is not None, "the schema asks for one of both"
    hint = service.input_size if piece.shrink else None
    image, _ = read_picture(piece.picture, where, service.settings.limits, size_hint=hint)
    return Sample(modality, image=image, item_id=where)


def check_count(count: int, most: int, what: str) -> None:
    """Refuse too many.

    Raises:
        RefusalError: malformed.
    """
    if count > most:
        raise RefusalError(
            "malformed", f"{count} {what}", expected=f"at most {most}", remedy="send less at once"
        )
