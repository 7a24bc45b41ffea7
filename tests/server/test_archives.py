import struct
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from crossreid.core.modality import Modality
from crossreid.server.archives import Archive, keyed
from crossreid.server.refusals import RefusalError
from crossreid.server.settings import Limits

LIMITS = Limits(picture_bytes=20_000, unpacked_bytes=100_000, archive_files=50)


def picture(level: int = 0) -> bytes:
    stream = BytesIO()
    Image.fromarray(np.full((8, 4, 3), level, np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def pack(files: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return stream.getvalue()


def refusal(data: bytes, limits: Limits = LIMITS) -> str:
    with pytest.raises(RefusalError) as caught:
        Archive(data, limits)
    return caught.value.code


def test_folders_tell_person_and_kind() -> None:
    archive = Archive(
        pack({"ann/rgb/1.png": picture(), "bob/ir/2.png": picture(), "notes.txt": b"x"}), LIMITS
    )
    assert [(m.name, m.item.person, m.item.modality) for m in archive.members] == [
        ("ann/rgb/1.png", "ann", Modality.RGB),
        ("bob/ir/2.png", "bob", Modality.IR),
    ]
    assert [data for _, data in archive.pictures()] == [picture(), picture()]


def test_a_manifest_tells_more() -> None:
    rows = "path,person,camera,time,modality,track\n1.png,ann,7,2026-03-01T12:00:00,sketch,t1\n"
    (member,) = Archive(
        pack({"1.png": picture(), "other.png": picture(), "manifest.csv": rows.encode()}), LIMITS
    ).members
    item = member.item
    assert (item.person, item.camera, item.modality, item.track) == ("ann", "7", Modality.SKETCH, "t1")
    assert item.time == datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_the_key_is_of_name_and_content() -> None:
    archive = Archive(pack({"1.png": picture(0)}), LIMITS)
    (member,) = archive.members
    one, same, other = (keyed(member, picture(level)).key for level in (0, 0, 9))
    assert one == same != other
    assert one.startswith("1.png#")


@pytest.mark.parametrize(
    "name",
    ["../1.png", "a/../../1.png", "/etc/1.png", "C:/1.png", "a\\1.png", "a//1.png", "./1.png", "a\n.png",
     "x" * 401 + ".png", "a/..", "\u202e1.png"],
)  # fmt: skip
def test_names_that_lead_elsewhere_are_refused(name: str) -> None:
    assert refusal(pack({"1.png": picture(), name: picture()})) == "unsafe_name"


def test_links_are_refused() -> None:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        info = zipfile.ZipInfo("1.png")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    assert refusal(stream.getvalue()) == "unsafe_name"


def test_a_bomb_is_refused_by_what_it_says_of_itself() -> None:
    assert refusal(pack({"1.png": bytes(200_000)})) == "archive_too_large"
    assert refusal(pack({f"{n}.png": b"x" for n in range(51)})) == "archive_too_large"


def test_a_bomb_that_lies_about_its_size_is_cut() -> None:
    data = bytearray(pack({"1.png": bytes(90_000), "2.png": picture()}))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = data.find(signature)
        data[place + offset : place + offset + 4] = struct.pack("<I", 10)
    found = [outcome for _, outcome in Archive(bytes(data), LIMITS).pictures()]
    assert isinstance(found[0], str) or len(found[0]) <= 20_000
    assert found[1] == picture()


def test_all_pictures_together_are_bounded() -> None:
    files = {f"{n}.bmp": bytes(19_000) for n in range(5)}
    archive = Archive(pack(files), LIMITS)
    archive._limits = replace(LIMITS, unpacked_bytes=40_000)
    assert [isinstance(data, bytes) for _, data in archive.pictures()] == [True, True, False, False, False]


def test_encrypted_doubled_and_empty_archives_are_refused() -> None:
    data = bytearray(pack({"1.png": picture()}))
    data[data.find(b"PK\x01\x02") + 8] |= 1
    assert refusal(bytes(data)) == "bad_archive"
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("1.png", picture())
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("1.png", picture())
    assert refusal(stream.getvalue()) == "bad_archive"
    assert refusal(pack({"notes.txt": b"x"})) == "bad_archive"


@pytest.mark.parametrize(
    "rows",
    [b"", b"person\nann\n", b"path\nmissing.png\n", b"path,modality\n1.png,text\n", b"path,time\n1.png,soon\n",
     b"\xff\xfe", b'path\n"1.png', b"path,person\n1.png," + b"x" * 300],
)  # fmt: skip
def test_a_broken_manifest_is_refused(rows: bytes) -> None:
    assert refusal(pack({"1.png": picture(), "manifest.csv": rows})) == "bad_archive"


@given(st.binary(max_size=300), st.integers(0, 200), st.integers(0, 255))
def test_no_bytes_do_more_than_be_refused(junk: bytes, place: int, value: int) -> None:
    data = bytearray(pack({"1.png": picture()}))
    data[place % len(data)] = value
    for attempt in (junk, bytes(data), bytes(data[: place + 1]), junk + bytes(data)):
        try:
            archive = Archive(attempt, LIMITS)
        except RefusalError as refused:
            code = refused.code
        else:
            code = "bad_archive"
            for _, outcome in archive.pictures():
                assert len(outcome) <= LIMITS.picture_bytes
        assert code in ("bad_archive", "unsafe_name", "archive_too_large")
