"""What an address leads to."""

from pathlib import Path

from crossreid.core.errors import DataError
from crossreid.edge.frames import USUAL_FPS, Pictures, Source, Video
from crossreid.edge.live import Live
from crossreid.edge.meters import Meters


def open_source(
    address: str,
    *,
    fps: float = USUAL_FPS,
    every: int = 1,
    crops: bool = False,
    meters: Meters | None = None,
) -> Source:
    """A folder of pictures, a video, a stream, or a camera's number.

    Args:
        address: as above.
        fps: of a folder of pictures.
        every: process every Nth frame of a video or camera.
        crops: the folder holds ready-made crops; see `Pictures`.
        meters: of the device.

    Raises:
        DataError: a path leads nowhere.
    """
    path = Path(address)
    if address and path.is_dir():
        return Pictures(path, fps=fps, crops=crops)
    if crops:
        raise DataError(f"{address} for ready-made crops", expected="a folder with one sub-folder a track")
    if address.isdecimal() or "://" in address:
        return Live(address, every=every, meters=meters or Meters())
    if not path.is_file():
        raise DataError(
            f"no source at {address or 'all'}", expected="a video, a folder, rtsp://... or a camera's number"
        )
    return Video(path, every=every)
