"""A gallery as one Parquet file: to keep, to move, to look at with other tools."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.gallery.gallery import Gallery
from crossreid.gallery.item import GalleryItem
from crossreid.gallery.parts import ITEM_FIELDS, keyed
from crossreid.gallery.records import Batch, EncoderRecord, Enrolment

_FORMAT = 1
_HEADER = b"crossreid gallery"


@runtime_checkable
class Exportable(Protocol):
    """What an export needs of a gallery."""

    @property
    def uri(self) -> str:
        """Where it is kept."""
        ...

    @property
    def encoder(self) -> EncoderRecord | None:
        """That of its vectors."""
        ...

    def batches(self, rows: int = 4096) -> Iterator[Batch]:
        """See `Gallery.batches`."""
        ...


def export_gallery(gallery: Exportable, file: str | Path, *, rows: int = 4096) -> int:
    """Write items, vectors and crops. Returns how many items.

    Watchlists, calibrations and proofs of erasure are not among them: they belong to where they were made.

    Args:
        gallery: with something in it.
        file: is replaced in one step.
        rows: in memory at a time.

    Raises:
        DataError: nothing is enrolled, or the file cannot be written.
    """
    file, encoder = Path(file), gallery.encoder
    batches = gallery.batches(rows)
    first = next(batches, None)
    if encoder is None or first is None:
        raise DataError(f"no pictures are enrolled in {gallery.uri}", expected="a filled gallery")
    schema = _schema(encoder, first.embeddings)
    partial = file.with_name(f".{file.name}.{os.getpid()}")
    count = 0
    try:
        with pq.ParquetWriter(partial, schema, compression="zstd") as writer:
            for batch in (first, *_same_space(batches, first.embeddings)):
                writer.write_table(_table(batch, schema))
                count += len(batch.items)
        partial.replace(file)
    except OSError as error:
        raise DataError(f"{file} cannot be written ({error.strerror or error})") from error
    finally:
        partial.unlink(missing_ok=True)
    return count


def import_gallery(gallery: Gallery, file: str | Path, *, rows: int = 4096) -> Enrolment:
    """Enrol what `export_gallery` wrote; what is there, or was erased, stays as it is. It may be stopped and run again.

    Raises:
        DataError: the file is missing, damaged or something else.
        FingerprintError: the gallery was filled by another encoder.
    """
    verdicts = []
    for encoder, batch in read_export(Path(file), rows):
        verdicts.append(
            gallery.enrol(batch.items, batch.embeddings, crops=batch.crops, source=encoder.source)
        )
    return Enrolment(
        *(
            tuple(key for one in verdicts for key in getattr(one, name))
            for name in ("accepted", "known", "erased")
        )
    )


def rows_of_export(file: Path | BytesIO) -> tuple[int, int]:
    """How many rows an exported file has, and how many bytes they are unpacked, as its head says.

    Raises:
        DataError: the file is missing, damaged or something else.
    """
    with _opened(file) as (parquet, _):
        head = parquet.metadata
        return head.num_rows, sum(head.row_group(n).total_byte_size for n in range(head.num_row_groups))


def read_export(file: Path | BytesIO, rows: int) -> Iterator[tuple[EncoderRecord, Batch]]:
    """Batches of an exported file, in its order, each with the encoder that they are of.

    Raises:
        DataError: the file is missing, damaged or something else.
    """
    with _opened(file) as (parquet, header):
        encoder = EncoderRecord(header["fingerprint"], header["source"])
        for piece in parquet.iter_batches(rows):
            yield encoder, _batch(piece, header)


def _same_space(batches: Iterator[Batch], first: Embeddings) -> Iterator[Batch]:
    """The rest, unless the encoder was replaced meanwhile."""
    for batch in batches:
        first.check_comparable(batch.embeddings)
        yield batch


def _schema(encoder: EncoderRecord, embeddings: Embeddings) -> pa.Schema:
    columns = ITEM_FIELDS | {"crop": pa.binary(), "vector": pa.list_(pa.float32(), embeddings.dim)}
    header = {"version": _FORMAT, "rotation": embeddings.rotation} | asdict(encoder)
    return pa.schema(columns, metadata={_HEADER: json.dumps(header).encode()})


def _table(batch: Batch, schema: pa.Schema) -> pa.Table:
    rows = [
        asdict(item) | {"modality": str(item.modality), "crop": batch.crops.get(item.key)}
        for item in batch.items
    ]
    known = pa.Table.from_pylist(rows, schema=schema.remove(schema.get_field_index("vector")))
    flat = pa.array(batch.embeddings.vectors.reshape(-1))
    vectors = pa.FixedSizeListArray.from_arrays(flat, batch.embeddings.dim)
    return known.append_column("vector", vectors).cast(schema)


@contextmanager
def _opened(file: Path | BytesIO) -> Iterator[tuple[pq.ParquetFile, dict[str, Any]]]:
    """A file and what its header says; errors until it is closed are named."""
    where = file if isinstance(file, Path) else "what was sent"
    try:
        with pq.ParquetFile(file) as parquet:
            header = json.loads((parquet.schema_arrow.metadata or {})[_HEADER])
            if header["version"] != _FORMAT:
                raise DataError(f"{where} of version {header['version']!r}", expected=f"version {_FORMAT}")
            yield parquet, header
    except (OSError, KeyError, ValueError, TypeError, pa.ArrowException) as error:
        raise DataError(
            f"{where} is not an exported gallery ({error})", expected="a file of export_gallery"
        ) from error


def _item(row: dict[str, Any]) -> GalleryItem:
    values: dict[str, Any] = {name: row[name] for name in ITEM_FIELDS}
    values["modality"] = Modality(row["modality"])
    return GalleryItem(**values)


def _batch(piece: pa.RecordBatch, header: dict[str, Any]) -> Batch:
    known = piece.select([*ITEM_FIELDS, "crop"]).to_pylist()
    crops = {row["path"]: row["crop"] for row in known if row["crop"] is not None}
    items = tuple(map(_item, known))
    column = piece.column("vector")
    vectors = column.flatten().to_numpy().reshape(len(items), column.type.list_size)
    blank = np.full(len(items), "")
    embeddings = Embeddings(
        vectors=vectors,
        modalities=np.full(len(items), "rgb"),
        person_ids=np.full(len(items), -1),
        camera_ids=np.full(len(items), -1),
        source_ids=blank,
        item_ids=blank,
        fingerprint=header["fingerprint"],
        rotation=header["rotation"],
    )
    return Batch(items, keyed(items, embeddings), crops)
