"""The pictures of an archive -> the gallery."""

import time
from collections.abc import Iterator
from typing import Any

from crossreid.server.access import Caller
from crossreid.server.archives import Archive, Member, keyed
from crossreid.server.arrivals import Arrival, note, store, vectors_of
from crossreid.server.evidence import decode_picture
from crossreid.server.jobs import Progress
from crossreid.server.refusals import RefusalError
from crossreid.server.service import Service

_STEP = 64
_PATIENCE_S = 600.0
_MOST_NAMED = 100


def import_archive(service: Service, caller: Caller, archive: Archive, progress: Progress) -> dict[str, Any]:
    """Enrol in steps, each of which is committed by itself. Returns what the job tells at its end."""
    counts = {"enrolled": 0, "known": 0, "erased": 0}
    skipped: list[dict[str, str]] = []
    total, seen = len(archive.members), 0
    for step in _steps(archive):
        progress.report(seen / total)
        arrivals: dict[str, Arrival] = {}
        for member, data in step:
            try:
                arrival = _arrival(service, member, data)
            except RefusalError as problem:
                skipped.append({"name": member.name, "reason": f"{problem.code}: {problem.found}"})
            else:
                arrivals.setdefault(arrival.item.key, arrival)
        if arrivals:
            chosen = list(arrivals.values())
            deadline = time.monotonic() + _PATIENCE_S
            embeddings = vectors_of(service, chosen, fingerprint="", rotation="", deadline=deadline)
            with service.transaction(caller.tenant) as connection:
                done = store(service, connection, caller.tenant, chosen, embeddings)
                note(service, connection, caller, "import", done)
            for name in ("known", "erased"):
                counts[name] += len(getattr(done, name))
            counts["enrolled"] += len(done.accepted)
        seen += len(step)
    return counts | {"skipped": len(skipped), "first_skipped": skipped[:_MOST_NAMED]}


def _steps(archive: Archive) -> Iterator[list[tuple[Member, bytes | str]]]:
    step: list[tuple[Member, bytes | str]] = []
    for found in archive.pictures():
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
