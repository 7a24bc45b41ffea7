"""What `crossreid demo --serve` adds: the search page on the gallery of the demonstration."""

import webbrowser
from datetime import UTC, datetime, timedelta
from pathlib import Path

from crossreid.cli.serve import open_database, take_over_folder
from crossreid.models.loading import load_encoder
from crossreid.server.app import create_app
from crossreid.server.records import accounts
from crossreid.server.roles import Role
from crossreid.server.running import Listening, listen, server_of
from crossreid.server.service import MAIN, Service
from crossreid.server.settings import Settings

VISITOR = "visitor of the demonstration"
_KEY_LASTS = timedelta(hours=12)


def serve_demo(folder: Path, port: int) -> None:
    """Serve the gallery and the edge model that lie in a folder of the demonstration, until interrupted.

    Nothing but this machine can reach the server. It prints a supervisor's key, and opens a browser where there is one.
    """
    gallery, settings = str(folder / "gallery"), Settings()
    taken, where = listen(Listening(port=port))
    with taken, open_database(gallery) as database:
        service = Service(database, load_encoder(folder / "edge" / "model"), settings=settings)
        database.add_tenant(MAIN)
        take_over_folder(service, gallery)
        expires = datetime.now(UTC) + _KEY_LASTS
        with service.transaction(MAIN) as connection:
            key_id, key = accounts.create_key(
                connection, MAIN, name=VISITOR, role=Role.SUPERVISOR, expires=expires
            )
            service.log(
                connection, MAIN, "server", "key", content={"did": "made", "id": key_id, "name": VISITOR}
            )
        print(f"Sign in at {where.url} with the key {key}\nServing until Ctrl+C", flush=True)
        webbrowser.open(where.url)
        server_of(create_app(service), where, header_s=settings.limits.header_s).run(sockets=[taken])
