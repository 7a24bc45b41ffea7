"""A part: some rows of a folder gallery, in two Parquet files that are written once and never changed."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.gallery.item import GalleryItem
from crossreid.gallery.records import check_fit

ITEM_FIELDS = {
    "path": pa.string(),
    "root": pa.string(),
    "person": pa.string(),
    "camera": pa.string(),
    "time": pa.timestamp("us", tz="UTC"),
    "modality": pa.string(),
    "source": pa.string(),
    "size_bytes": pa.int64(),
    "modified_ns": pa.int64(),
    "content_hash": pa.string(),
    "track": pa.string(),
    "collection": pa.string(),
}
"""Types of the fields of a `GalleryItem`, in their order."""

_SCHEMA = pa.schema(ITEM_FIELDS | {"enrolled": pa.timestamp("us", tz="UTC")})


@dataclass(frozen=True, eq=False)
class Part:
    """Rows of a gallery: `table` [n] of what is known about each picture, `embeddings` [n]."""

    table: pa.Table
    embeddings: Embeddings

    def __len__(self) -> int:
        return self.table.num_rows

    @property
    def paths(self) -> list[str]:
        """The names of the rows."""
        return self.table["path"].to_pylist()

    def select(self, rows: np.ndarray) -> "Part":
        """The rows of an index array, in its order."""
        return Part(
            table=self.table.take(pa.array(rows, pa.int64())), embeddings=self.embeddings.select(rows)
        )

    def items(self) -> tuple[GalleryItem, ...]:
        """What is known about each picture."""
        table = self.table.drop_columns(["enrolled"])
        return tuple(
            GalleryItem(**row | {"modality": Modality(row["modality"])}) for row in table.to_pylist()
        )

    def relabelled(self, known: Mapping[str, GalleryItem]) -> "Part":
        """The same vectors and times of enrolment, with what is known of the items now."""
        part = Part.of([known[path] for path in self.paths], self.embeddings)
        place = part.table.schema.get_field_index("enrolled")
        return Part(part.table.set_column(place, "enrolled", self.table["enrolled"]), part.embeddings)

    @classmethod
    def of(cls, items: Sequence[GalleryItem], embeddings: Embeddings) -> "Part":
        """Join pictures with their vectors; the keys of the embeddings are taken from the items.

        Raises:
            DataError: there is not one vector an item.
        """
        now = datetime.now(UTC)
        rows = [asdict(item) | {"modality": str(item.modality), "enrolled": now} for item in items]
        return cls(
            table=pa.Table.from_pylist(rows, schema=_SCHEMA), embeddings=keyed(items, embeddings).unit()
        )

    @classmethod
    def concatenate(cls, parts: Sequence["Part"]) -> "Part":
        """Join rows.

        Raises:
            FingerprintError: the parts come from different encoders.
        """
        return cls(
            table=pa.concat_tables([part.table for part in parts]).combine_chunks(),
            embeddings=Embeddings.concatenate([part.embeddings for part in parts]),
        )

    def save(self, folder: Path, name: str) -> None:
        """Write both files and wait until they are on the disk."""
        files = _files(folder, name)
        self.embeddings.save(files[0])
        pq.write_table(self.table, files[1], compression="zstd")
        for file in files:
            flush_to_disk(file)

    @staticmethod
    def load_keys(folder: Path, name: str) -> frozenset[str]:
        """The names of the rows that `save` wrote, without the rest.

        Raises:
            DataError: the file is missing or damaged.
        """
        file = _files(folder, name)[1]
        try:
            return frozenset(pq.read_table(file, columns=["path"], use_threads=False)["path"].to_pylist())
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"{file} cannot be read ({error})", expected="a part of a gallery") from error

    @classmethod
    def load(cls, folder: Path, name: str) -> "Part":
        """Read what `save` wrote.

        Raises:
            DataError: a file is missing, damaged, or does not fit the other.
        """
        vectors, table = _files(folder, name)
        embeddings = Embeddings.load(vectors)
        try:
            # pyarrow's threads would outlive a read that another writer's clean-up interrupts
            rows = pq.read_table(table, schema=_SCHEMA, use_threads=False)
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"{table} cannot be read ({error})", expected="a part of a gallery") from error
        rows = _with_labels(rows)
        if rows.num_rows != len(embeddings):
            raise DataError(
                f"{table} of {rows.num_rows} rows", expected=f"{len(embeddings)}, as in {vectors}"
            )
        return cls(table=rows, embeddings=embeddings)


def keyed(items: Sequence[GalleryItem], embeddings: Embeddings) -> Embeddings:
    """The same vectors with what is known of items as their keys.

    Raises:
        DataError: there is not one vector an item.
    """
    check_fit(items, embeddings)
    return Embeddings(
        vectors=embeddings.vectors,
        modalities=np.array([str(item.modality) for item in items], np.str_),
        person_ids=np.array([_number(item.person) for item in items], np.int64),
        camera_ids=np.array([_number(item.camera) for item in items], np.int64),
        source_ids=np.array([item.source for item in items], np.str_),
        item_ids=np.array([item.path for item in items], np.str_),
        fingerprint=embeddings.fingerprint,
        rotation=embeddings.rotation,
    )


def write_json(path: Path, content: dict) -> None:
    """Replace a JSON file in one step, and wait until it is on the disk."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    flush_to_disk(partial)
    partial.replace(path)
    flush_to_disk(path.parent)


def flush_to_disk(path: Path) -> None:
    """Wait until a file or folder has reached the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _files(folder: Path, name: str) -> tuple[Path, Path]:
    return folder / f"{name}.vectors.parquet", folder / f"{name}.items.parquet"


def _with_labels(table: pa.Table) -> pa.Table:
    """Galleries of earlier versions know neither tracks nor collections, nor when an item came."""
    for name, missing in (("track", ""), ("collection", ""), ("enrolled", datetime.now(UTC))):
        if table[name].null_count:
            filled = table[name].fill_null(pa.scalar(missing, _SCHEMA.field(name).type))
            table = table.set_column(table.schema.get_field_index(name), name, filled)
    return table


def _number(label: str) -> int:
    """The integer that a label spells, -1 when it spells none."""
    return int(label) if label.isascii() and label.isdigit() and len(label) < 19 else -1
