"""The pictures of an archive -> the gallery."""

import time
from collections.abc import Iterator
from typing import Any

from crossreid.server.archives import Archive, Member, keyed
from crossreid.server.arrivals import Arrival, note, store, vectors_of
from crossreid.server.evidence import decode_picture
from crossreid.server.jobs import Job
from crossreid.server.refusals import RefusalError
from crossreid.server.service import Service

_STEP = 64
_PATIENCE_S = 600.0
_MOST_NAMED = 100


def import_archive(job: Job) -> None:
    """Enrol in steps, each of which is committed together with how far the job is."""
    service, tenant = job.service, job.caller.tenant
    archive = Archive(job.body, service.settings.limits)
    total = len(archive.members)
    seen = round(job.progress * total)
    counts: dict[str, Any] = {"enrolled": 0, "known": 0, "erased": 0, "skipped": 0, "first_skipped": []}
    counts |= job.result
    for step in _steps(archive, seen):
        arrivals: dict[str, Arrival] = {}
        for member, data in step:
            try:
                arrival = _arrival(service, member, data)
            except RefusalError as problem:
                told = {"name": member.name, "reason": f"{problem.code}: {problem.found}"}
                counts["skipped"] += 1
                counts["first_skipped"] = [*counts["first_skipped"], told][:_MOST_NAMED]
            else:
                arrivals.setdefault(arrival.item.key, arrival)
        seen += len(step)
        counts = _enrol(job, list(arrivals.values()), counts, seen / total)
    with service.transaction(tenant) as connection:
        job.finish(connection, counts)


def _enrol(job: Job, arrivals: list[Arrival], counts: dict[str, Any], share: float) -> dict[str, Any]:
    """Embed one step, and commit it with its counts, which are returned."""
    service, tenant = job.service, job.caller.tenant
    if not arrivals:
        with service.transaction(tenant) as connection:
            job.note(connection, progress=share, result=counts)
        return counts
    deadline = time.monotonic() + _PATIENCE_S
    embeddings = vectors_of(service, arrivals, fingerprint="", rotation="", deadline=deadline)
    with service.transaction(tenant) as connection:
        done = store(service, connection, tenant, arrivals, embeddings)
        new = {"enrolled": done.accepted, "known": done.known, "erased": done.erased}
        counts = counts | {name: counts[name] + len(keys) for name, keys in new.items()}
        job.note(connection, progress=share, result=counts)
        note(service, connection, job.caller, "import", done)
    return counts


def _steps(archive: Archive, seen: int) -> Iterator[list[tuple[Member, bytes | str]]]:
    step: list[tuple[Member, bytes | str]] = []
    for found in archive.pictures(seen):
        step.append(found)
        if len(step) == _STEP:
            yield step
            step = []
    if step:
        yield step


def _arrival(service: Service, member: Member, data: bytes | str) -> Arrival:
    if isinstance(data, str):
        raise RefusalError("bad_picture", data)
    image = decode_picture(data, member.name, service.settings.limits, size_hint=service.input_size)
    return Arrival(keyed(member, data), image, None, data)
