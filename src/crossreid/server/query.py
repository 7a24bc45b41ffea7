"""The evidence of a search: decoded with suspicion, then unit vectors in the coordinates of the store."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import FingerprintError
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.evaluation.calibration import Calibration
from crossreid.evaluation.weights import weights_of
from crossreid.server import schemas
from crossreid.server.embeddings import bare
from crossreid.server.evidence import digest, read_picture, read_vector
from crossreid.server.phrases import Phrase, split_phrases, without
from crossreid.server.records.items import Space, find_items, read_id
from crossreid.server.refusals import RefusalError
from crossreid.server.service import Service


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """The pieces of a query.

    Args:
        vectors: float32 unit rows [n, dim], in the coordinates of the store.
        kinds: of the pieces.
        fingerprint: of what made them, joined where there are several.
        told: what the audit log says of each.
    """

    vectors: np.ndarray
    kinds: list[Modality]
    fingerprint: str
    told: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Ready:
    """What was decoded before the database is asked: samples to be embedded, and vectors that came as such."""

    samples: list[Sample]
    phrases: list[tuple[int, Phrase, str]]
    told: list[dict[str, Any]]


def decode(service: Service, asked: schemas.SearchRequest) -> Ready:
    """Everything that is to be embedded, in one list: pieces first, then descriptions without one phrase each."""
    samples: list[Sample] = []
    phrases: list[tuple[int, Phrase, str]] = []
    told: list[dict[str, Any]] = []
    for number, piece in enumerate(asked.evidence):
        where = f"evidence.{number}"
        if piece.text is not None:
            _check_kind(service, Modality.TEXT, where)
            if not piece.text.strip():
                raise RefusalError("malformed", f"{where}: blank words", expected="words")
            samples.append(Sample(Modality.TEXT, caption=piece.text))
            told.append({"modality": "text", "text": piece.text})
            if asked.explain:
                phrases += [(number, p, without(piece.text, p)) for p in split_phrases(piece.text)]
        elif piece.picture is not None:
            modality = Modality(piece.modality or "rgb")
            _check_kind(service, modality, where)
            image, data = read_picture(piece.picture, where, service.settings.limits)
            samples.append(Sample(modality, image=image, item_id=where))
            told.append({"modality": str(modality), "sha256": digest(data)})
        elif piece.vector is not None:
            told.append({"modality": str(piece.modality), "vector": True})
        else:
            told.append({"item": read_id(piece.item or "")})
    samples += [Sample(Modality.TEXT, caption=rest) for _, _, rest in phrases if rest]
    return Ready(samples, phrases, told)


def collect(
    service: Service,
    connection: Connection,
    tenant: str,
    asked: schemas.SearchRequest,
    ready: Ready,
    hidden: Embeddings | None,
    space: Space,
) -> Query:
    """The pieces as unit rows in the order in which they were given."""
    rows, kinds, fingerprints = [], [], []
    following = iter(range(len(ready.samples)))
    for number, piece in enumerate(asked.evidence):
        if piece.text is not None or piece.picture is not None:
            assert hidden is not None, "such pieces were embedded"
            vector, kind, fingerprint = (
                hidden.vectors[next(following)],
                Modality(piece.modality or "rgb"),
                hidden.fingerprint,
            )
        elif piece.vector is not None:
            given = read_vector(piece.vector, f"evidence.{number}", space.dim)
            if not piece.fingerprint:
                raise RefusalError(
                    "malformed", f"evidence.{number}: a vector without a fingerprint", expected="fingerprint"
                )
            kind, fingerprint = Modality(piece.modality or "rgb"), piece.fingerprint
            single = bare(given[None], [kind], fingerprint, piece.rotation).unit()
            vector = hide(service, connection, tenant, single, space).vectors[0]
        else:
            key = ready.told[number]["item"]
            known = find_items(connection, space, [key])
            if key not in known:
                raise RefusalError("not_found", f"evidence.{number}: no such item")
            vectors = vectors_by_key(service, connection, tenant, [key])
            vector, kind, fingerprint = vectors[key], Modality(known[key].modality), space.fingerprint
        rows.append(vector / np.linalg.norm(vector))
        kinds.append(kind)
        fingerprints.append(fingerprint)
    joint = "+".join(dict.fromkeys(fingerprints))
    return Query(np.stack(rows).astype(np.float32), kinds, joint, ready.told)


def hide(
    service: Service, connection: Connection, tenant: str, embeddings: Embeddings, space: Space
) -> Embeddings:
    """Query vectors in the coordinates of the store.

    Raises:
        RefusalError: foreign_fingerprint.
    """
    try:
        hidden = service.hide(connection, tenant, embeddings, space)
        stored = bare(np.empty((0, space.dim), np.float32), [], space.fingerprint, space.rotation)
        stored.check_comparable(hidden)
    except FingerprintError as error:
        raise RefusalError(
            "foreign_fingerprint",
            f"a query of {embeddings.fingerprint!r} in a gallery of {space.fingerprint!r}: {error.found}",
            expected="the gallery's encoder, or one of its space",
        ) from error
    return hidden


def vectors_by_key(
    service: Service, connection: Connection, tenant: str, keys: Sequence[str]
) -> dict[str, np.ndarray]:
    """Stored vectors float32 [dim], by key."""
    if not keys:
        return {}
    found = service.gallery(tenant).within(connection).vectors(keys)
    return dict(zip(keys, found.vectors, strict=True))


def weighted_by_hand(asked: schemas.SearchRequest) -> bool:
    """Whether somebody has set a weight."""
    return any(piece.weight is not None for piece in asked.evidence)


def weights_for(asked: schemas.SearchRequest, query: Query, calibration: Calibration | None) -> list[float]:
    """Those that were set, with 1 for the others; the calibration's where none was."""
    if weighted_by_hand(asked):
        return [1.0 if piece.weight is None else piece.weight for piece in asked.evidence]
    kinds = np.array([str(kind) for kind in query.kinds])
    return weights_of(kinds, calibration.weights if calibration else None)


def _check_kind(service: Service, modality: Modality, where: str) -> None:
    if modality not in service.encoder.modalities:
        raise RefusalError(
            "malformed",
            f"{where}: {modality} for this encoder",
            expected=", ".join(sorted(service.encoder.modalities)),
        )
