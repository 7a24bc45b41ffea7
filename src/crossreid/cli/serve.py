"""`crossreid serve`."""

import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crossreid.cli.options import Device

if TYPE_CHECKING:
    from crossreid.core.encoder import Encoder
    from crossreid.gallery.postgres.database import Database
    from crossreid.server.service import Service
    from crossreid.server.settings import OpenIdSettings

_INSIDE = ".server"
_CONNECTIONS, _LOCK_S = 20, 20.0


def serve(
    *,
    gallery: Annotated[
        str,
        typer.Option(
            help=(
                "Gallery: a folder with its own PostgreSQL, which may hold the output of "
                "`crossreid index`; or postgresql://user@host/database."
            )
        ),
    ] = "gallery",
    encoder: Annotated[
        str,
        typer.Option(
            help=(
                "Encoder: tiny-edge, tiny-cloud, a model folder, an edge pack, a "
                "hub id or the URL of a server."
            )
        ),
    ] = "tiny-edge",
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 picks a free one.")
    ] = 8000,
    key_file: Annotated[
        Path | None,
        typer.Option(
            help=(
                "File with 32 random bytes in base64 (`openssl rand -base64 32`), else "
                "CROSSREID_KEY. Encrypts crops and the secret rotation of stored vectors; "
                "without it neither is stored."
            )
        ),
    ] = None,
    certificate: Annotated[Path | None, typer.Option(help="TLS certificate (PEM).")] = None,
    private_key: Annotated[
        Path | None, typer.Option(help="Private key of the TLS certificate (PEM).")
    ] = None,
    proxy: Annotated[
        list[str] | None, typer.Option(help="Address of a proxy whose X-Forwarded headers are trusted.")
    ] = None,
    oidc_issuer: Annotated[
        str, typer.Option(help="URL of the OpenID provider whose tokens are accepted.")
    ] = "",
    oidc_audience: Annotated[str, typer.Option(help="Audience that the provider's tokens must name.")] = "",
    oidc_keys: Annotated[
        str, typer.Option(help="Signing keys of the provider: a JWKS file or an https:// address.")
    ] = "",
    oidc_roles: Annotated[str, typer.Option(help="Token claim that holds the roles.")] = "roles",
    oidc_tenant: Annotated[str, typer.Option(help="Token claim that holds the tenant.")] = "tenant",
    two_person: Annotated[
        bool, typer.Option("--two-person", help="Hide names until two people have verified the match.")
    ] = False,
    whole_space: Annotated[
        bool,
        typer.Option(
            "--whole-space",
            help="Accept vectors of any encoder that declares the gallery's embedding space.",
        ),
    ] = False,
    open_metrics: Annotated[
        bool, typer.Option("--open-metrics", help="Serve /v1/metrics without a key.")
    ] = False,
    new_key: Annotated[
        bool, typer.Option("--new-key", help="Print a new one-time key, for when all keys are lost.")
    ] = False,
    batch_size: Annotated[int, typer.Option(min=1, help="Maximum batch size.")] = 64,
    wait_ms: Annotated[
        float, typer.Option(min=0, help="Milliseconds that a batch waits for more items.")
    ] = 4.0,
    rate: Annotated[
        float, typer.Option(min=0.1, help="Rate limit of each key, in requests per second.")
    ] = 100.0,
    spare_mib: Annotated[
        int,
        typer.Option(
            min=0,
            help=(
                "Reject enrolment when the gallery's disk has less free space than this, "
                "in MiB. Searches still work."
            ),
        ),
    ] = 256,
    look_every: Annotated[
        float, typer.Option(min=0.1, help="Seconds between checks for expired items.")
    ] = 600.0,
    drain: Annotated[int, typer.Option(min=1, help="Seconds to finish open requests at shutdown.")] = 30,
    device: Device = None,
) -> None:
    """Serve a gallery over HTTP, with accounts and an audit log.

    The first start prints a one-time key, which creates the first permanent key.
    """
    from crossreid.server.app import create_app
    from crossreid.server.housekeeping import Housekeeper
    from crossreid.server.running import Listening, listen, server_of
    from crossreid.server.sealing import find_master_key
    from crossreid.server.service import Service
    from crossreid.server.settings import Limits, Settings
    from crossreid.server.start import first_key
    from crossreid.server.tokens import TokenReader

    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    provider = _provider(oidc_issuer, oidc_audience, oidc_keys, roles=oidc_roles, tenant=oidc_tenant)
    where = Listening(host, port, certificate, private_key, tuple(proxy or ()), drain)
    settings = Settings(
        limits=Limits(per_second=rate),
        batch_size=batch_size,
        batch_wait_ms=wait_ms,
        two_person=two_person,
        whole_space=whole_space,
        open_metrics=open_metrics,
        retention_check_s=look_every,
        spare_bytes=spare_mib * 2**20,
    )
    key = find_master_key(key_file)
    taken, where = listen(where)
    signal.signal(signal.SIGTERM, _leave)
    with taken, open_database(gallery) as database:
        model = _load(encoder, device)
        service = Service(
            database,
            model,
            settings=settings,
            key=key,
            tokens=TokenReader(provider) if provider else None,
            input_size=_input_size(model),
            disk=None if "://" in gallery else Path(gallery),
        )
        take_over_folder(service, gallery)
        first = first_key(service, again=new_key)
        taken.listen()  # whoever reads the address may come at once
        _greet(where.url, first, sealed=key is not None)
        Housekeeper(service).start()
        server_of(create_app(service), where, header_s=settings.limits.header_s).run(sockets=[taken])


def _provider(issuer: str, audience: str, keys: str, *, roles: str, tenant: str) -> "OpenIdSettings | None":
    """Whose tokens are believed, and which of their claims name roles and tenant."""
    from crossreid.core.errors import ConfigurationError
    from crossreid.server.settings import OpenIdSettings

    given = (issuer, audience, keys)
    if not any(given):
        return None
    if not all(given):
        raise ConfigurationError(
            "half of a provider", expected="--oidc-issuer, --oidc-audience and --oidc-keys"
        )
    return OpenIdSettings(*given, roles_claim=roles, tenant_claim=tenant)


def _leave(*_: object) -> None:
    """End in order: the database of one's own is stopped on the way out."""
    raise SystemExit(0)


@contextmanager
def open_database(address: str) -> "Iterator[Database]":
    """The PostgreSQL at an address, or that of a gallery's folder, with its tables."""
    from contextlib import closing

    from crossreid.gallery.postgres.database import Database
    from crossreid.gallery.postgres.embedded import EmbeddedPostgres
    from crossreid.gallery.postgres.watchman import kept_alive

    if "://" in address:
        with closing(Database(address, pool_size=_CONNECTIONS, lock_timeout_seconds=_LOCK_S)) as database:
            database.upgrade()
            yield database
        return
    folder = Path(address) / _INSIDE
    folder.mkdir(parents=True, exist_ok=True)
    with (
        EmbeddedPostgres(folder / "postgres") as server,
        kept_alive(server),
        closing(Database(server.uri, pool_size=_CONNECTIONS, lock_timeout_seconds=_LOCK_S)) as database,
    ):
        database.upgrade()
        yield database


def _load(source: str, device: str | None) -> "Encoder":
    from crossreid.models.loading import load_encoder

    return load_encoder(source, device=device)


def _input_size(encoder: "Encoder") -> tuple[int, int] | None:
    """What the encoder resizes to, so that large files are decoded near that size."""
    inner = getattr(encoder, "pack", None) or getattr(encoder, "model", None)
    preprocessing = getattr(inner, "preprocessing", None)
    return (preprocessing.height, preprocessing.width) if preprocessing is not None else None


def take_over_folder(service: "Service", address: str) -> None:
    """Enrol what `crossreid index` wrote into the folder that is served, if there is anything new."""
    from crossreid.gallery.folder import FolderGallery
    from crossreid.gallery.state import STATE
    from crossreid.server.start import take_over

    if "://" in address or not (Path(address) / STATE).is_file():
        return
    service.database.add_tenant("main")
    added = take_over(service, FolderGallery(Path(address)))
    if added:
        print(f"Took over {added} items of {address}", file=sys.stderr)


def _greet(url: str, first: str | None, *, sealed: bool) -> None:
    if first is not None:
        print(
            f"One-time key, shown now and never again: {first}\n"
            f"Next: curl -X POST {url}/v1/keys/exchange -H 'Authorization: Bearer {first}'"
            ' -H \'Content-Type: application/json\' -d \'{"name": "admin", "role": "admin"}\''
        )
    if not sealed:
        print(
            "No key (--key-file or CROSSREID_KEY): crops are not kept, and vectors are stored as they are.",
            file=sys.stderr,
        )
    print(f"Serving {url}", flush=True)
