"""The match threshold of a search, and the probability that a match is right."""

from collections.abc import Mapping, Sequence

import numpy as np

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import DataError, FingerprintError
from crossreid.evaluation.calibration import Calibration
from crossreid.gallery.gallery import Gallery
from crossreid.gallery.records import EncoderRecord


def find_calibration(
    calibrations: Sequence[Calibration], *, query: str, gallery: str, where: str
) -> Calibration:
    """That of two encoders.

    Args:
        calibrations: of the gallery.
        query: fingerprint of the encoder of the query.
        gallery: fingerprint of the encoder that filled the gallery.
        where: the gallery's address.

    Raises:
        DataError: the gallery has no calibration.
        FingerprintError: it has, but of other encoders.
    """
    for calibration in calibrations:
        if (calibration.query_fingerprint, calibration.gallery_fingerprint) == (query, gallery):
            return calibration
    remedy = f"crossreid calibrate ENCODER --data PEOPLE --split validation --into {where}"
    if not calibrations:
        raise DataError(f"{where} has no calibration", expected="one, for --fpir", remedy=remedy)
    pairs = "; ".join(f"{c.query_fingerprint} in {c.gallery_fingerprint}" for c in calibrations)
    raise FingerprintError(
        f"{where} is calibrated for searches of {pairs}",
        expected=f"one for {query} in {gallery}",
        remedy=remedy,
    )


def check_calibration(calibration: Calibration, stored: EncoderRecord, *, where: str) -> None:
    """Refuse a calibration about the gallery of another encoder.

    Raises:
        FingerprintError: it is.
    """
    if calibration.gallery_fingerprint != stored.fingerprint:
        raise FingerprintError(
            f"a calibration for galleries of encoder {calibration.gallery_fingerprint!r}",
            expected=f"{stored.fingerprint!r} ({stored.source or 'source unknown'}), which filled {where}",
            remedy="calibrate with the gallery's encoder",
        )


def decide(
    calibration: Calibration,
    query: Embeddings,
    *,
    fpir: float,
    candidates: Mapping[str, int],
    scores: np.ndarray,
) -> tuple[int, list[float]]:
    """How many of the best candidates count as an answer, and the probability of each to be right.

    Args:
        calibration: of the encoders of query and gallery.
        query: one row a piece of evidence.
        fpir: share of searches for people who are not there that may answer.
        candidates: how many pictures of each kind were searched.
        scores: float [k], of the best, falling.

    Raises:
        ConfigurationError: no such rate.
        DataError: the calibration does not know such queries or such pictures, or has seen too few searches.
    """
    foreign = sorted(set(candidates) - {str(calibration.gallery)})
    if foreign:
        raise DataError(
            f"{', '.join(foreign)} pictures among the candidates, calibrated for {calibration.gallery} only",
            expected=f"{calibration.gallery} pictures",
            remedy=f"search with modality={calibration.gallery} (--modality {calibration.gallery})",
        )
    evidence = calibration.of(map(str, query.modalities))
    searched = sum(candidates.values())
    count = int(np.count_nonzero(scores >= evidence.threshold(fpir, candidates=searched)))
    return count, evidence.probability(scores[:count], candidates=searched).tolist()


def calibration_for(
    calibrations: Sequence[Calibration],
    query: np.ndarray | Embeddings,
    *,
    gallery: str,
    where: str,
    needed: bool,
) -> Calibration | None:
    """That of the query's encoder; None where there is none, or none is needed.

    Args:
        calibrations: of the gallery.
        query: of a search.
        gallery: fingerprint of the encoder that filled the gallery.
        where: the gallery's address.
        needed: whether the search answers at a false-positive rate.

    Raises:
        DataError: one is needed and there is none, or the query is a bare vector.
        FingerprintError: one is needed and the gallery's are of others.
    """
    if not isinstance(query, Embeddings):
        if needed:
            raise DataError(
                "a bare vector to be searched at a false-positive rate",
                expected="embeddings, which name their encoder and the kind of evidence",
            )
        return None
    if not needed and len(query) < 2:
        return None
    try:
        return find_calibration(calibrations, query=query.fingerprint, gallery=gallery, where=where)
    except (DataError, FingerprintError):
        if needed:
            raise
        return None


def expected_misses(gallery: Gallery, query: Embeddings, *, fpir: float) -> float | None:
    """Share of searches for people who are there that find nobody, as the calibration saw them, in the whole gallery.

    Args:
        gallery: filled, and calibrated for such queries.
        query: one row a piece of evidence.
        fpir: share of searches for people who are not there that may answer.

    Returns:
        None where the calibration cannot tell of so large a gallery; a search under conditions meets fewer pictures.
    """
    record = gallery.encoder
    stored = record.fingerprint if record else ""
    calibration = find_calibration(
        gallery.calibrations(), query=query.fingerprint, gallery=stored, where=gallery.uri
    )
    try:
        return calibration.of(map(str, query.modalities)).miss_rate(fpir, candidates=len(gallery))
    except DataError:
        return None
