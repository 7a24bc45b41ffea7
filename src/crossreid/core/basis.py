"""The few directions in which a space has its energy."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import ConfigurationError, DataError, FingerprintError

_NAME = "directions"
_TOLERANCE = 1e-3


@dataclass(frozen=True, eq=False)
class PrincipalBasis:
    """The first k principal directions of a space.

    Args:
        directions: float32 [dim, k], orthonormal columns, strongest first.

    Raises:
        DataError: the columns are not orthonormal.
    """

    directions: np.ndarray

    def __post_init__(self) -> None:
        directions = np.ascontiguousarray(self.directions, dtype=np.float32)
        if directions.ndim != 2 or not 1 <= directions.shape[1] <= directions.shape[0]:
            raise DataError(f"directions of shape {directions.shape}", expected="[dim, k] with 1 <= k <= dim")
        gram = directions.T.astype(np.float64) @ directions
        if not np.allclose(gram, np.eye(len(gram)), atol=_TOLERANCE):
            raise DataError("directions that are not orthonormal", expected="columns of PrincipalBasis.of")
        object.__setattr__(self, "directions", directions)

    @property
    def dim(self) -> int:
        """Width of the space."""
        return self.directions.shape[0]

    @property
    def rank(self) -> int:
        """How many directions: k."""
        return self.directions.shape[1]

    @property
    def fingerprint(self) -> str:
        """What `Embeddings.rotation` says of vectors in these directions."""
        return hashlib.sha256(self.directions.tobytes()).hexdigest()[:16]

    @classmethod
    def of(cls, embeddings: Embeddings, rank: int) -> "PrincipalBasis":
        """The first right singular vectors of the vectors as they are, without taking their mean away.

        The sign is free in theory; here the entry of largest magnitude in each column is positive.

        Args:
            embeddings: of the training set, by the model whose space it is.
            rank: at most min(rows, dim).

        Raises:
            ConfigurationError: the rank is out of range.

        Source: MLLMEmbed-ReID eq. 8, 11.
        """
        highest = min(embeddings.vectors.shape)
        if not 1 <= rank <= highest:
            raise ConfigurationError(
                f"rank {rank} for {len(embeddings)} vectors of width {embeddings.dim}",
                expected=f"1 to {highest}",
                remedy="take fewer directions or more vectors",
            )
        vectors = embeddings.vectors.astype(np.float64)
        if len(vectors) > embeddings.dim:
            directions = np.linalg.eigh(vectors.T @ vectors).eigenvectors[:, ::-1][:, :rank]
        else:
            directions = np.linalg.svd(vectors, full_matrices=False)[2][:rank].T
        largest = np.take_along_axis(directions, np.abs(directions).argmax(axis=0)[None], axis=0)
        return cls(directions * np.sign(largest))

    def project(self, embeddings: Embeddings) -> Embeddings:
        """The unit vectors [n, k] in these directions: what a pack of this rank says of the same items.

        Raises:
            FingerprintError: the vectors are of another width, or rotated already.
        """
        if embeddings.dim != self.dim or embeddings.rotation:
            raise FingerprintError(
                f"vectors of width {embeddings.dim} and rotation {embeddings.rotation!r}",
                expected=f"width {self.dim}, not rotated",
            )
        vectors = embeddings.vectors @ self.directions
        return replace(embeddings, vectors=vectors, rotation=self.fingerprint).unit()

    def save(self, path: Path) -> Path:
        """Write a safetensors file. Returns its path."""
        from safetensors.numpy import save_file

        save_file({_NAME: self.directions}, path)
        return path

    @classmethod
    def load(cls, path: Path) -> "PrincipalBasis":
        """Read what `save` wrote.

        Raises:
            DataError: the file is missing, or not one of ours.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            return cls(load_file(path)[_NAME])
        except (OSError, KeyError, SafetensorError) as error:
            raise DataError(
                f"{path} holds no principal directions ({error!r})", expected="a file of PrincipalBasis.save"
            ) from error


def principal_rotation(vectors: np.ndarray) -> np.ndarray:
    """Return an orthogonal matrix [dim, dim] whose columns are the principal directions, strongest first, uncentred.

    Args:
        vectors: [n, dim], any n.
    """
    matrix = np.asarray(vectors, dtype=np.float64)
    _, directions = np.linalg.eigh(matrix.T @ matrix)
    return directions[:, ::-1]
