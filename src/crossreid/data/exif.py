"""The one tag of EXIF that changes what a picture shows."""

import struct

_ORIENTATION = 0x0112
_SHORT = 3
_ENTRY_BYTES = 12


def exif_orientation(exif: bytes) -> int:
    """Orientation of the first directory: 1 (upright) to 8; 1 when it is absent or damaged.

    Broken metadata is common in intact pictures, hence no error.

    Args:
        exif: the EXIF block, with or without its `Exif` prefix.

    Source: TIFF 6.0 section 2 (directories), EXIF 2.32 table 4 (orientation).
    """
    tiff = exif.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, start)
        for entry in range(start + 2, start + 2 + count * _ENTRY_BYTES, _ENTRY_BYTES):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, entry)
            if tag == _ORIENTATION:
                return value if kind == _SHORT and 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1
