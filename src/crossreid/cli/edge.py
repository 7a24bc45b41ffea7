"""`crossreid edge run` and `crossreid edge send`."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from crossreid.cli.options import command_line

if TYPE_CHECKING:
    from crossreid.core.modality import Modality
    from crossreid.edge.detection import Detector
    from crossreid.edge.device import Summary
    from crossreid.edge.meters import Meters
    from crossreid.edge.night import Night
    from crossreid.edge.spool import Spool

TOKEN = "CROSSREID_TOKEN"
_MIB = 2**20

app = typer.Typer(no_args_is_help=True, add_completion=False)

SpoolFolder = Annotated[
    Path,
    typer.Option("--spool", help="Folder of the spool, which keeps undelivered tracks. Use one per camera."),
]
Patience = Annotated[
    float,
    typer.Option("--patience", min=0, help="Seconds to wait for the server after the last frame."),
]


@app.callback()
def edge() -> None:
    """Track people in a camera stream and send their embeddings."""


@app.command()
def run(
    *,
    pack: Annotated[Path, typer.Option(help="Edge pack that embeds the people.")],
    camera: Annotated[str, typer.Option(help="Camera name.")],
    spool: SpoolFolder,
    source: Annotated[
        str, typer.Option(help="Video file, folder of frames, rtsp:// address or camera number.")
    ] = "",
    detector: Annotated[Path | None, typer.Option(metavar="ONNX", help="Person detector (.onnx).")] = None,
    crops: Annotated[
        Path | None,
        typer.Option(
            help=(
                "Instead of a detector: bounding boxes in the MOT challenge's format (.txt) or, "
                "without --source, a folder of crops with one sub-folder per track."
            )
        ),
    ] = None,
    cloud: Annotated[str, typer.Option(help=f"URL of the server. The key is read from {TOKEN}.")] = "",
    modality: Annotated[
        Literal["auto", "rgb", "ir"],
        typer.Option(
            help="Modality of the frames. auto follows --night; without it, grey frames count as infrared."
        ),
    ] = "auto",
    night: Annotated[
        str,
        typer.Option(
            metavar="HH:MM-HH:MM", help="Hours of infrared in the device's local time, such as 20:00-06:00."
        ),
    ] = "",
    layout: Annotated[
        str,
        typer.Option(
            help="Output layout of the detector: auto, yolov8, yolov5, yolox, rt-detr or end-to-end."
        ),
    ] = "auto",
    person_class: Annotated[int, typer.Option(min=0, help="Class index of people in the detector.")] = 0,
    every: Annotated[int, typer.Option(min=1, help="Process every Nth frame.")] = 1,
    fps: Annotated[float, typer.Option(min=0.001, help="Frame rate of a folder of frames.")] = 25.0,
    start: Annotated[
        datetime | None, typer.Option(help="Time of a recording's first frame, in UTC. By default now.")
    ] = None,
    crops_per_track: Annotated[
        int, typer.Option(min=1, help="Number of best crops per track that are embedded.")
    ] = 4,
    send_crops: Annotated[
        bool,
        typer.Option("--send-crops", help="Also send the best crop. Otherwise no picture leaves the device."),
    ] = False,
    spool_mib: Annotated[
        float,
        typer.Option(
            min=0.01, help="Maximum size of the spool in MiB. The oldest tracks are dropped beyond it."
        ),
    ] = 512.0,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads of the encoder and of the detector.")
    ] = None,
    metrics: Annotated[
        str,
        typer.Option(
            metavar="[HOST:]PORT",
            help="Serve Prometheus metrics at [HOST:]PORT. Without HOST only this machine can read them.",
        ),
    ] = "",
    patience: Patience = 30.0,
) -> None:
    """Detect and track people, embed their best crops, and send one embedding per track to the server.

    Can be stopped and restarted at any time, online or offline. Undelivered tracks are kept and sent later. Needs the
    extra `tracking` to track people in frames.
    """
    from datetime import UTC

    from crossreid.edge.device import Device, Settings
    from crossreid.edge.meters import Meters
    from crossreid.edge.sightings import CropRules
    from crossreid.edge.sources import open_source
    from crossreid.runtime.verification import open_pack

    ready_made, meters = crops is not None and not source, Meters()
    name = str(crops if ready_made else source)
    opened = open_source(name, fps=fps, every=every, crops=ready_made, meters=meters)
    found_by = _detector(
        detector, crops, ready_made=ready_made, layout=layout, person_class=person_class, threads=threads
    )
    settings = Settings(
        camera=camera,
        modality=_light(modality, night),
        crops=CropRules(most=crops_per_track, spacing=1 if ready_made else 5, send_crops=send_crops),
    )
    encoder = open_pack(pack, threads=threads)
    with (
        _open(spool, spool_mib) as own,
        _metrics(metrics, spool, meters, camera),
        _sending(spool, cloud, patience),
    ):
        device = Device(encoder, found_by, own, settings, meters=meters)
        done = device.run(opened, name, start=None if start is None else start.replace(tzinfo=UTC))
        _tell(done)
    _report(spool, cloud)


@app.command()
def send(
    *,
    spool: SpoolFolder,
    cloud: Annotated[str, typer.Option(help=f"URL of the server. The key is read from {TOKEN}.")],
    patience: Patience = 30.0,
) -> None:
    """Send the undelivered tracks of a spool."""
    with _open(spool, float("inf")), _sending(spool, cloud, patience):
        pass
    _report(spool, cloud)


@contextmanager
def _open(folder: Path, size_mib: float) -> Iterator["Spool"]:
    import contextlib

    from crossreid.cli.outputs import check_output_folder
    from crossreid.edge.spool import LOCK, Spool
    from crossreid.gallery.lock import exclusive_lock

    check_output_folder(folder)
    with (
        exclusive_lock(folder / LOCK),
        contextlib.closing(Spool(folder, limit_bytes=int(min(size_mib * _MIB, 2**62)))) as spool,
    ):
        yield spool


@contextmanager
def _sending(folder: Path, cloud: str, patience: float) -> Iterator[None]:
    """Deliver beside what is done inside, and for a while after it."""
    from crossreid.edge.sender import Cloud, Sender

    logging.basicConfig(format="%(levelname)s %(message)s")
    if not cloud:
        yield
        return
    with Sender(folder, Cloud(cloud, token=os.environ.get(TOKEN, ""))) as sender:
        yield
        sender.drain(patience)


def _detector(
    file: Path | None,
    crops: Path | None,
    *,
    ready_made: bool,
    layout: str,
    person_class: int,
    threads: int | None,
) -> "Detector":
    from crossreid.core.errors import ConfigurationError
    from crossreid.edge.detection import GivenBoxes, OnnxDetector, WholePicture

    if (file is None) == (crops is None):
        raise ConfigurationError(
            "both --detector and --crops" if file else "neither --detector nor --crops",
            expected="one of the two",
            remedy="no detector travels with the program: name an ONNX file, or boxes that others found",
        )
    if file is not None:
        return OnnxDetector(file, layout=layout, person_class=person_class, threads=threads)
    return WholePicture() if crops is None or ready_made else GivenBoxes.read(crops)


def _light(modality: str, night: str) -> "Modality | Night | None":
    from crossreid.core.errors import ConfigurationError
    from crossreid.core.modality import Modality
    from crossreid.edge.night import Night

    if modality == "auto":
        return Night.parse(night) if night else None
    if night:
        raise ConfigurationError(f"--night with --modality {modality}", expected="one of the two")
    return Modality(modality)


@contextmanager
def _metrics(address: str, folder: Path, meters: "Meters", camera: str) -> Iterator[None]:
    from crossreid.edge.metrics import parse_address, serving_metrics

    if not address:
        yield
        return
    with serving_metrics(parse_address(address), folder, meters, camera=camera) as url:
        print(f"Metrics at {url}", flush=True)
        yield


def _tell(done: "Summary") -> None:
    rate = done.frames / done.elapsed_s if done.elapsed_s else 0.0
    print(
        f"Looked at {done.frames} frames in {done.elapsed_s:.1f} s ({rate:.1f} a second),"
        f" passed over {done.passed_over}, embedded {done.embedded} crops"
    )
    if not done.frames:
        print("What was looked at in an earlier run is not looked at again; another --spool begins anew")


def _report(folder: Path, cloud: str) -> None:
    import contextlib

    from crossreid.edge.spool import Spool

    with contextlib.closing(Spool(folder)) as spool:
        counts = spool.counts()
    each = counts.sent_bytes / counts.sent if counts.sent else 0.0
    print(
        f"Since the spool was made: {counts.finished} tracks, {counts.sent} sent in {counts.sent_bytes} bytes"
        f" ({each:.0f} bytes a person),"
        f" {counts.refused} refused, {counts.dropped} dropped, {counts.short} too short"
    )
    print(f"Wrote {folder}: {counts.waiting} tracks wait ({counts.waiting_bytes} bytes)")
    if counts.waiting:
        print("Next: " + command_line("edge", "send", "--spool", folder, "--cloud", cloud or "URL"))
    else:
        print("Next: " + command_line("edge", "run", "--help"))
