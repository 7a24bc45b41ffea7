"""Enrols into a gallery with programs that are killed all the time; prints what was acknowledged.

Usage: killed.py ADDRESS KILLS SEED [SERVER_FOLDER EVERY]. With a folder, every so many kills the database is killed
too.
"""

import importlib
import json
import os
import random
import select
import signal
import sys
import time
from pathlib import Path

import numpy as np

from crossreid.core.embeddings import Embeddings
from crossreid.gallery import Gallery, GalleryItem, open_gallery

DIM, EACH = 8, 3


def name(number: int) -> str:
    return f"item-{number:05}"


def vector(number: int) -> np.ndarray:
    return np.random.default_rng(number).normal(size=DIM).astype(np.float32)


def crop(number: int) -> bytes:
    return f"picture of {number}".encode()


def enrol(gallery: Gallery, start: int) -> None:
    numbers = range(start, start + EACH)
    embeddings = Embeddings(
        vectors=np.stack([vector(number) for number in numbers]),
        modalities=np.full(EACH, "rgb"),
        person_ids=np.full(EACH, -1),
        camera_ids=np.full(EACH, -1),
        source_ids=np.full(EACH, ""),
        item_ids=np.full(EACH, ""),
        fingerprint="maker",
    )
    items = [GalleryItem(name(number), camera=str(number % 3)) for number in numbers]
    gallery.enrol(items, embeddings, crops={name(number): crop(number) for number in numbers})


def work(address: str, start: int, pipe: int) -> None:
    gallery = open_gallery(address)
    while True:
        enrol(gallery, start)
        start += EACH
        os.write(pipe, start.to_bytes(4, "big"))


def read_until(pipe: int, count: int, seconds: float) -> int:
    """The last of so many acknowledgements, or of those that came in time; -1 where none did."""
    last, end = -1, time.monotonic() + seconds
    while count > 0 and select.select([pipe], [], [], max(0.0, end - time.monotonic()))[0]:
        data = os.read(pipe, 4)
        if len(data) < 4:
            break
        last, count = int.from_bytes(data, "big"), count - 1
    return last


def main(address: str, kills: int, seed: int, server: Path | None, every: int) -> None:
    if "://" in address:
        importlib.import_module("crossreid.gallery.postgres.address")  # once, and not after each fork
    chance, acknowledged, servers_killed = random.Random(seed), 0, 0
    for turn in range(kills):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            try:
                work(address, acknowledged, writing)
            finally:
                os._exit(1)
        os.close(writing)
        acknowledged = max(acknowledged, read_until(reading, chance.randrange(4), 60))
        time.sleep(chance.random() * 0.02)
        if server and every and turn % every == every - 1:
            servers_killed += kill_server(server)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        acknowledged = max(acknowledged, read_until(reading, 10**6, 10))
        os.close(reading)
    print(json.dumps({"acknowledged": acknowledged, "servers_killed": servers_killed}))


def kill_server(folder: Path) -> int:
    from crossreid.gallery.postgres.embedded import EmbeddedPostgres

    server = EmbeddedPostgres(folder)
    os.kill(server.pid(), signal.SIGKILL)
    server.start()
    return 1


if __name__ == "__main__":
    folder = Path(sys.argv[4]) if len(sys.argv) > 4 else None
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), folder, int(sys.argv[5]) if folder else 0)
