"""Every knob of the server."""

from dataclasses import dataclass, field
from pathlib import Path

from crossreid.core.errors import ConfigurationError

_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request, one client and the whole server may take.

    Args:
        body_bytes: of a request.
        archive_bytes: of a ZIP to be imported.
        unpacked_bytes: of all that it holds.
        archive_files: how many pictures it holds.
        picture_bytes: of one picture file.
        pixels: of one picture, told from its header.
        body_s: seconds in which a whole body must have arrived.
        header_s: seconds in which the head of a request must have arrived.
        requests: that are worked on at the same time; more are told to come back.
        waiting: items that wait for the encoder; more are told to come back.
        per_second: requests of one key, on average.
        burst: requests of one key at once.
        deadline_s: of a request that names none.
        evidence: pieces in one search.
        items: in one enrolment or embedding.
        top: results of one search.
    """

    body_bytes: int = 48 * _MIB
    archive_bytes: int = 512 * _MIB
    unpacked_bytes: int = 2048 * _MIB
    archive_files: int = 50_000
    picture_bytes: int = 16 * _MIB
    pixels: int = 32 * _MIB
    body_s: float = 30.0
    header_s: float = 10.0
    requests: int = 256
    waiting: int = 2048
    per_second: float = 100.0
    burst: int = 400
    deadline_s: float = 30.0
    evidence: int = 8
    items: int = 256
    top: int = 500


@dataclass(frozen=True, slots=True)
class Settings:
    """How one server behaves.

    Args:
        limits: see there.
        batch_size: maximum batch size of the encoder.
        batch_wait_ms: how long a call waits for more items.
        two_person: show nobody's identity before two people have verified it.
        whole_space: enrol vectors of other encoders too, if they declare the space of the gallery.
        open_metrics: answer `/v1/metrics` to whoever asks.
        retention_check_s: seconds between two looks for what has expired.
        jobs_check_s: seconds between two looks for jobs of servers that have died.
        one_time_key_h: hours for which the first key is valid.
        clock_tolerance_s: by how much the clock may be set without doubts about it.
        clock_settles_s: for how long after such a jump nothing expires.
        spare_bytes: nothing is enrolled when the disk of a database of one's own has less left, so that searches,
            which are written down, and erasures go on.

    Raises:
        ConfigurationError: a value makes no sense.
    """

    limits: Limits = field(default_factory=Limits)
    batch_size: int = 64
    batch_wait_ms: float = 4.0
    two_person: bool = False
    whole_space: bool = False
    open_metrics: bool = False
    retention_check_s: float = 600.0
    jobs_check_s: float = 10.0
    one_time_key_h: float = 24.0
    clock_tolerance_s: float = 300.0
    clock_settles_s: float = 86_400.0
    spare_bytes: int = 256 * _MIB

    def __post_init__(self) -> None:
        if self.batch_size < 1 or self.batch_wait_ms < 0 or self.limits.requests < 1:
            raise ConfigurationError(
                f"batches of {self.batch_size} after {self.batch_wait_ms} ms, {self.limits.requests} requests",
                expected="1 or more, 0 or more, 1 or more",
            )


@dataclass(frozen=True, slots=True)
class OpenIdSettings:
    """Whose tokens are believed.

    Args:
        issuer: the `iss` of a token.
        audience: the `aud` of a token.
        keys: JWKS, a file or an https:// address.
        roles_claim: where the token names roles; dots lead into objects.
        tenant_claim: where it names the tenant.
        name_claim: where it names the person.
    """

    issuer: str
    audience: str
    keys: str | Path
    roles_claim: str = "roles"
    tenant_claim: str = "tenant"
    name_claim: str = "preferred_username"
