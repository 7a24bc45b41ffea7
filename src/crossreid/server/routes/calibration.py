"""What people said of results makes probabilities better."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends

from crossreid.evaluation.calibration import Calibration
from crossreid.evaluation.open_set import calibrate_scores
from crossreid.server import schemas
from crossreid.server.access import Caller, Shared, needs
from crossreid.server.records.cases import scores_by_evidence
from crossreid.server.refusals import RefusalError
from crossreid.server.roles import Permission

router = APIRouter(prefix="/calibration", tags=["calibration"])

NEEDED = 20
"""Verified and rejected results, so many of each, before a curve is fitted to them."""


@router.get("/verdicts")
def verdicts(
    caller: Annotated[Caller, Depends(needs(Permission.CASES))], service: Shared
) -> schemas.VerdictCounts:
    """How many results were verified and rejected, by combination of evidence."""
    with service.transaction(caller.tenant) as connection:
        space = service.space(connection, caller.tenant)
        known = {} if space is None else scores_by_evidence(connection, caller.tenant, space.gallery_id)
    counts = [
        schemas.VerdictCount(
            evidence=evidence,
            verified=len(right),
            rejected=len(wrong),
            enough=min(len(right), len(wrong)) >= NEEDED,
        )
        for evidence, (right, wrong) in sorted(known.items())
    ]
    return schemas.VerdictCounts(evidence=counts, needed=NEEDED)


@router.post("/refit")
def refit(
    asked: schemas.RefitRequest,
    caller: Annotated[Caller, Depends(needs(Permission.CALIBRATION))],
    service: Shared,
) -> schemas.Refit:
    """Fit the curve of probabilities to the verdicts; thresholds stay as they were calibrated.

    Source: Platt, as in `crossreid.evaluation.open_set.calibrate_scores`.
    """
    with service.transaction(caller.tenant) as connection:
        space = service.space(connection, caller.tenant)
        known = {} if space is None else scores_by_evidence(connection, caller.tenant, space.gallery_id)
        right, wrong = known.get(asked.evidence, ([], []))
        if min(len(right), len(wrong)) < NEEDED:
            raise RefusalError(
                "conflict",
                f"{len(right)} verified and {len(wrong)} rejected results of searches by {asked.evidence}",
                expected=f"{NEEDED} of each",
                remedy="verify and reject more results",
            )
        gallery = service.gallery(caller.tenant).within(connection)
        stored = "" if space is None else space.fingerprint
        pair = (service.encoder.fingerprint, stored)
        calibration = next(
            (c for c in gallery.calibrations() if (c.query_fingerprint, c.gallery_fingerprint) == pair), None
        )
        if calibration is None or asked.evidence not in calibration.evidence:
            raise RefusalError(
                "not_calibrated",
                f"a gallery without a calibration for {asked.evidence}",
                remedy="crossreid calibrate",
            )
        changed = _with_curve(calibration, asked.evidence, right, wrong)
        gallery.calibrate(changed)
        curve = changed.evidence[asked.evidence].curve
        told = schemas.Refit(
            evidence=asked.evidence,
            verified=len(right),
            rejected=len(wrong),
            slope=curve.slope,
            offset=curve.offset,
        )
        service.log(
            connection,
            caller.tenant,
            caller.name,
            "calibration",
            gallery="default",
            content=told.model_dump(),
        )
    return told


def _with_curve(
    calibration: Calibration, evidence: str, right: list[float], wrong: list[float]
) -> Calibration:
    import numpy as np

    curve = calibrate_scores(np.array(right), np.array(wrong))
    changed = replace(calibration.evidence[evidence], curve=curve)
    return replace(calibration, evidence={**calibration.evidence, evidence: changed})
