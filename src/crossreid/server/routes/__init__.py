"""Endpoints, one file a subject."""

from crossreid.server.routes import (
    accounts,
    audit,
    calibration,
    cases,
    embedding,
    enrolment,
    erasure,
    items,
    jobs,
    search,
    system,
    watchlists,
)

ROUTERS = tuple(
    module.router
    for module in (
        system, embedding, enrolment, items, search, cases, calibration, watchlists, erasure, jobs, audit, accounts,
    )
)  # fmt: skip
