"""What a device is doing, for Prometheus: a page in its text format (version 0.0.4)."""

import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from crossreid.core.errors import ConfigurationError, DataError
from crossreid.edge.meters import Meters
from crossreid.edge.spool import Counts, Spool

PATH = "/metrics"
_HOST = "127.0.0.1"
_SENSORS = Path("/sys/class/thermal")
_CONTENT = "text/plain; version=0.0.4; charset=utf-8"

_TRACKS = {
    "finished": "written into the spool",
    "short": "seen too briefly to be worth sending",
    "sent": "delivered to the cloud",
    "refused": "that the cloud will never take",
    "dropped": "given up, oldest first, because the spool was full",
}


def write_page(meters: Meters, counts: Counts, *, camera: str, celsius: float | None) -> str:
    """All numbers of one camera.

    Args:
        meters: since the device was started.
        counts: since the spool was made.
        camera: a label of every number.
        celsius: of the hottest sensor, where there is one.
    """
    label = camera.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    rows: list[tuple[str, str, str, float]] = [
        ("frames_total", "counter", "Frames looked at.", meters.frames),
        ("frames_passed_over_total", "counter", "Frames that came too fast.", meters.passed_over),
        ("crops_embedded_total", "counter", "Crops made into vectors.", meters.embedded),
        ("detecting_seconds_total", "counter", "Time spent on finding people.", meters.detecting_s),
        ("embedding_seconds_total", "counter", "Time spent on vectors.", meters.embedding_s),
        *(
            (f"tracks_{name}_total", "counter", f"Tracks {meaning}.", getattr(counts, name))
            for name, meaning in _TRACKS.items()
        ),
        ("sent_bytes_total", "counter", "Bytes of the bodies that delivered tracks.", counts.sent_bytes),
        ("tracks_waiting", "gauge", "Tracks not delivered yet.", counts.waiting),
        ("waiting_bytes", "gauge", "Bytes of the tracks not delivered yet.", counts.waiting_bytes),
    ]
    if meters.last_frame is not None:
        taken = meters.last_frame.timestamp()
        rows.append(("last_frame_timestamp_seconds", "gauge", "When the last frame was taken.", taken))
    if celsius is not None:
        rows.append(("temperature_celsius", "gauge", "Of the device's hottest sensor.", celsius))
    return "".join(
        f"# HELP crossreid_{name} {meaning}\n# TYPE crossreid_{name} {kind}\n"
        f'crossreid_{name}{{camera="{label}"}} {value!r}\n'
        for name, kind, meaning, value in rows
    )


def parse_address(written: str) -> tuple[str, int]:
    """`PORT`, to be heard on this machine alone, or `HOST:PORT`.

    Raises:
        ConfigurationError: it is something else.
    """
    host, _, port = written.rpartition(":")
    if not port.isdecimal() or int(port) > 65535:
        raise ConfigurationError(f"the address {written!r} of metrics", expected="PORT or HOST:PORT")
    return host or _HOST, int(port)


def hottest(sensors: Path = _SENSORS) -> float | None:
    """The highest temperature that the machine tells of itself, in degrees Celsius."""
    found = []
    for file in sensors.glob("thermal_zone*/temp"):
        with contextlib.suppress(OSError, ValueError):
            found.append(int(file.read_text()) / 1000)
    return max(found, default=None)


@contextmanager
def serving_metrics(address: tuple[str, int], folder: Path, meters: Meters, *, camera: str) -> Iterator[str]:
    """Answer `GET /metrics` while the device works; gives the page's URL.

    Args:
        address: host and port; port 0 for any that is free.
        folder: of the spool.
        meters: of the device.
        camera: its label.

    Raises:
        ConfigurationError: the address cannot be listened on.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path != PATH:
                self.send_error(404)
                return
            try:
                with contextlib.closing(Spool(folder)) as spool:
                    counts = spool.counts()
            except DataError as error:
                self.send_error(503, explain=str(error))
                return
            page = write_page(meters, counts, camera=camera, celsius=hottest()).encode()
            self.send_response(200)
            self.send_header("Content-Type", _CONTENT)
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, format: str, *args: object) -> None:
            """Scrapes are no news."""

    try:
        server = ThreadingHTTPServer(address, Handler)
    except OSError as error:
        raise ConfigurationError(
            f"metrics at {address[0]}:{address[1]} ({error})", expected="a free address of this machine"
        ) from error
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="metrics")
    thread.start()
    try:
        yield f"http://{server.server_address[0]}:{server.server_address[1]}{PATH}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
