"""Everything that an encoder says."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from crossreid.core.errors import DataError, FingerprintError
from crossreid.core.frames import data_frame
from crossreid.core.modality import Modality
from crossreid.core.wording import several

if TYPE_CHECKING:
    from pandas import DataFrame

_KEYS = ("modalities", "person_ids", "camera_ids", "source_ids", "item_ids")
_SCHEMA_VERSION = 1


@dataclass(frozen=True, eq=False, repr=False)
class Embeddings:
    """Vectors with the keys of what they were made from and the fingerprint of what made them.

    Like an array: `np.asarray(embeddings)`, `len(embeddings)` and `embeddings @ matrix` are those of `vectors`, and
    `embeddings[:3]` are embeddings again.

    Args:
        vectors: float32 [n, dim], finite.
        modalities: str [n], values of `Modality`.
        person_ids: int64 [n], -1 where unknown.
        camera_ids: int64 [n], -1 where unknown.
        source_ids: str [n], the group of each item; "" where there is none.
        item_ids: str [n].
        fingerprint: of the encoder, `<encoder>` or `<encoder>@<space>`; only vectors of one space are mixed.
        rotation: fingerprint of the rotation onto principal coordinates; "" when the vectors are not rotated.

    Raises:
        DataError: a length, a type or a value is wrong.
    """

    vectors: np.ndarray
    modalities: np.ndarray
    person_ids: np.ndarray
    camera_ids: np.ndarray
    source_ids: np.ndarray
    item_ids: np.ndarray
    fingerprint: str
    rotation: str = ""

    def __post_init__(self) -> None:
        vectors = np.ascontiguousarray(self.vectors, dtype=np.float32)
        if vectors.ndim != 2:
            raise DataError(f"vectors of shape {vectors.shape}", expected="[n, dim]")
        broken = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
        if broken.size:
            raise DataError(
                f"{several(broken.size, 'vector')} with NaN or infinity, the first in row {broken[0]}",
                expected="finite values",
            )
        if not self.fingerprint:
            raise DataError("an empty fingerprint", expected="the encoder's fingerprint")
        object.__setattr__(self, "vectors", vectors)
        for name in _KEYS:
            column = np.asarray(
                getattr(self, name), dtype=np.int64 if name in ("person_ids", "camera_ids") else np.str_
            )
            if column.shape != (len(vectors),):
                raise DataError(
                    f"{name} of shape {column.shape}", expected=f"({len(vectors)},), one a vector"
                )
            object.__setattr__(self, name, column)
        unknown = set(np.unique(self.modalities)) - set(Modality)
        if unknown:
            raise DataError(
                f"modalities {sorted(map(str, unknown))}", expected=f"some of {[str(m) for m in Modality]}"
            )

    def __len__(self) -> int:
        return len(self.vectors)

    def __repr__(self) -> str:
        kinds, counts = np.unique(self.modalities, return_counts=True)
        rows = ", ".join(f"{count} {kind}" for kind, count in zip(kinds, counts, strict=True)) or "no rows"
        rotation = f", rotation {self.rotation!r}" if self.rotation else ""
        return f"Embeddings({rows}, {self.dim} dimensions, {self.fingerprint!r}{rotation})"

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.vectors, dtype=dtype, copy=copy)

    def __getitem__(self, index: int | np.integer | slice | np.ndarray | Sequence[int]) -> "Embeddings":
        if isinstance(index, int | np.integer):
            return self.select([range(len(self))[index]])
        return self.select(index)

    def __iter__(self) -> Iterator["Embeddings"]:
        return (self[row] for row in range(len(self)))

    def __matmul__(self, matrix: np.ndarray) -> np.ndarray:
        """The vectors times a matrix [dim, k] or a vector [dim]."""
        if isinstance(matrix, Embeddings):
            raise DataError(
                "a product of embeddings with embeddings",
                expected="first @ second.T",
                remedy="first.similarity(second) is that of cosines, and checks the embedding spaces",
            )
        return self.vectors @ matrix

    @property
    def T(self) -> np.ndarray:  # noqa: N802 the name that arrays have for it
        """The vectors as columns: float32 [dim, n]."""
        return self.vectors.T

    @property
    def dim(self) -> int:
        """Width of the vectors."""
        return self.vectors.shape[1]

    def select(self, index: np.ndarray | slice | Sequence[int]) -> "Embeddings":
        """The rows that a slice, an index array or a boolean mask [n] names, in its order."""
        columns = {name: getattr(self, name)[index] for name in _KEYS}
        return replace(self, vectors=self.vectors[index], **columns)

    def of(self, *modalities: Modality | str) -> "Embeddings":
        """The rows of the given modalities."""
        return self.select(np.isin(self.modalities, [str(Modality(modality)) for modality in modalities]))

    def unit(self) -> "Embeddings":
        """The same with rows of length 1; a row of zeros stays as it is."""
        norms = np.linalg.norm(self.vectors, axis=1, keepdims=True)
        return replace(self, vectors=self.vectors / np.where(norms == 0, 1, norms))

    def similarity(self, other: "Embeddings", *, compatible: bool = False) -> np.ndarray:
        """Return the cosine of each row with each row of `other`: float32 [n, m]; 0 for a row of zeros.

        Args:
            other: of the same width and embedding space.
            compatible: skip the embedding-space check.

        Raises:
            FingerprintError: the two cannot be compared.
        """
        self.check_comparable(other, compatible=compatible)
        return self.unit() @ other.unit().T

    def check_comparable(self, other: "Embeddings", *, compatible: bool = False) -> None:
        """Refuse vectors of another width or space, unless `compatible` skips the space check.

        A fingerprint reads `<encoder>` or `<encoder>@<space>`. Encoders that declare one space (a teacher and
        its distilled student) are comparable; an encoder that declares none is comparable only with itself.

        Raises:
            FingerprintError: the two cannot be compared.
        """
        if self.dim != other.dim:
            raise FingerprintError(f"vectors of widths {self.dim} and {other.dim}", expected="one width")
        if compatible:
            return
        check_same_space(self.fingerprint, other.fingerprint)
        if self.rotation != other.rotation:
            raise _unlike("rotations", self.rotation, other.rotation)

    @classmethod
    def concatenate(cls, parts: Sequence["Embeddings"], *, compatible: bool = False) -> "Embeddings":
        """Join rows; `compatible=True` joins different encoders of one space under a joint fingerprint.

        Raises:
            DataError: there is nothing to join.
            FingerprintError: the parts are not comparable.
        """
        if not parts:
            raise DataError("no embeddings to join", expected="at least one part")
        for part in parts[1:]:
            parts[0].check_comparable(part, compatible=compatible)
        columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _KEYS}
        fingerprint = "+".join(dict.fromkeys(part.fingerprint for part in parts))
        rotation = "+".join(dict.fromkeys(part.rotation for part in parts if part.rotation))
        vectors = np.concatenate([part.vectors for part in parts])
        return cls(vectors=vectors, fingerprint=fingerprint, rotation=rotation, **columns)

    def to_pandas(self) -> "DataFrame":
        """Return a table with one row an item: its keys, and its vector as an array in the column `vector`.

        `DataFrame.attrs` holds fingerprint and rotation.

        Raises:
            MissingDependencyError: pandas is not installed.
        """
        columns = {
            "item_id": self.item_ids,
            "modality": self.modalities,
            "person_id": self.person_ids,
            "camera_id": self.camera_ids,
            "source_id": self.source_ids,
            "vector": list(self.vectors),
        }
        return data_frame(columns, attributes={"fingerprint": self.fingerprint, "rotation": self.rotation})

    def save(self, path: str | Path, *, half: bool = False) -> Path:
        """Write one Parquet file, atomically; with `half` the vectors lose half of their digits. Returns its path."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = Path(path)
        flat = pa.array(self.vectors.reshape(-1).astype(np.float16 if half else np.float32))
        columns = {"vector": pa.FixedSizeListArray.from_arrays(flat, self.dim)}
        columns |= {name: pa.array(getattr(self, name)) for name in _KEYS}
        header = {"version": _SCHEMA_VERSION, "fingerprint": self.fingerprint, "rotation": self.rotation}
        table = pa.table(columns).replace_schema_metadata({"crossreid": json.dumps(header)})
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            pq.write_table(table, partial, compression="zstd")
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        return path

    @classmethod
    def load(cls, path: str | Path) -> "Embeddings":
        """Read what `save` wrote.

        Raises:
            DataError: the file is missing, or not one of ours.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            table = pq.read_table(path)
            header = json.loads((table.schema.metadata or {})[b"crossreid"])
            if header["version"] != _SCHEMA_VERSION:
                raise DataError(
                    f"{path} of version {header['version']}", expected=f"version {_SCHEMA_VERSION}"
                )
            vectors = table["vector"].combine_chunks()
            dim = vectors.type.list_size
            columns = {name: np.asarray(table[name].to_pylist()) for name in _KEYS}
        except (OSError, KeyError, ValueError, pa.ArrowException) as error:
            raise DataError(
                f"{path} is not a file of embeddings ({error})",
                expected="a Parquet file written by Embeddings.save",
            ) from error
        flat = vectors.flatten().to_numpy()
        return cls(
            vectors=flat.reshape(-1, dim),
            fingerprint=header["fingerprint"],
            rotation=header["rotation"],
            **columns,
        )


def check_same_space(first: str, second: str) -> None:
    """Refuse fingerprints of encoders whose vectors cannot be compared.

    Raises:
        FingerprintError: they declare different spaces, or none and are not the same.
    """
    if _spaces(first) != _spaces(second):
        raise _unlike("fingerprints", first, second)


def _unlike(what: str, first: str, second: str) -> FingerprintError:
    return FingerprintError(
        f"{what} {first!r} and {second!r}",
        expected="vectors of one encoder, or of encoders that declare one space",
        remedy="pass compatible=True if the encoders were trained into one space",
    )


def _spaces(fingerprint: str) -> frozenset[str]:
    """What each part of a (joint) fingerprint is comparable by: `@space`, or the whole of it without one."""
    parts = (part.rpartition("@") for part in fingerprint.split("+"))
    return frozenset(f"@{space}" if at and space else f"{encoder}{at}{space}" for encoder, at, space in parts)
