"""A secret rotation of stored vectors, one a tenant.

Cosines stay, so that a gallery of rotated vectors is searched by rotated queries. The rotation has two blocks: the
first k coordinates, on which the index lies, are mixed among themselves, and so are the others.

What it is for: vectors that leave a tenant's database mean nothing beside those of another tenant or of a public
encoder, and after a leak a new rotation makes them worthless. What it is not: it hides nothing from whoever has the
secret or the running server; cosines within one tenant's gallery stay visible to whoever has its vectors; and whoever
knows as many pairs of a vector and its rotated one as a block is wide solves for that block.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import DataError, FingerprintError

SECRET_BYTES = 32
_MARK = "~"


@dataclass(frozen=True, eq=False)
class Template:
    """One secret rotation.

    Args:
        secret: 32 random bytes.
        dim: width of the vectors.
        block: k, the coordinates that stay among themselves; from 1 to `dim`.
        basis: orthogonal float32 [dim, dim] that turns the encoder's vectors onto their principal coordinates first;
            None where they are that already, or nothing is known of them yet.

    Raises:
        DataError: the secret, the block or the basis is of another size.
    """

    secret: bytes
    dim: int
    block: int
    basis: np.ndarray | None = None

    def __post_init__(self) -> None:
        square = self.basis is None or self.basis.shape == (self.dim, self.dim)
        if len(self.secret) != SECRET_BYTES or not 1 <= self.block <= self.dim or not square:
            raise DataError(
                f"a secret of {len(self.secret)} bytes, block {self.block} of {self.dim}, square basis: {square}",
                expected=f"{SECRET_BYTES} bytes, a block of 1 to {self.dim}, a basis of that width or none",
            )

    @cached_property
    def name(self) -> str:
        """Tells rotations apart, and tells nothing about the secret."""
        basis = b"" if self.basis is None else self.basis.tobytes()
        words = b"crossreid template" + self.secret + f"{self.dim}/{self.block}".encode() + basis
        return hashlib.sha256(words).hexdigest()[:12]

    def hide(self, embeddings: Embeddings) -> Embeddings:
        """Rotate vectors [n, dim]; `Embeddings.rotation` says so, and nothing else is ever compared with them.

        Raises:
            FingerprintError: they are of another width, or were rotated by a secret before.
        """
        self._check(embeddings, hidden=False)
        rotation = f"{embeddings.rotation}{_MARK}{self.name}"
        return replace(embeddings, vectors=embeddings.vectors @ self._matrix, rotation=rotation)

    def reveal(self, embeddings: Embeddings) -> Embeddings:
        """Undo `hide`.

        Raises:
            FingerprintError: they were not hidden by this secret.
        """
        self._check(embeddings, hidden=True)
        rotation = embeddings.rotation.rpartition(_MARK)[0]
        return replace(embeddings, vectors=embeddings.vectors @ self._matrix.T, rotation=rotation)

    def to_bytes(self) -> bytes:
        """To be sealed and kept."""
        head = json.dumps({"dim": self.dim, "block": self.block, "basis": self.basis is not None}).encode()
        basis = b"" if self.basis is None else self.basis.astype("<f4").tobytes()
        return head + b"\n" + self.secret + basis

    @classmethod
    def from_bytes(cls, kept: bytes) -> "Template":
        """What `to_bytes` wrote."""
        written, _, rest = kept.partition(b"\n")
        head, secret, flat = json.loads(written), rest[:SECRET_BYTES], rest[SECRET_BYTES:]
        basis = np.frombuffer(flat, "<f4").reshape(head["dim"], head["dim"]) if head["basis"] else None
        return cls(secret, head["dim"], head["block"], basis)

    def _check(self, embeddings: Embeddings, *, hidden: bool) -> None:
        mark = secret_of(embeddings.rotation)
        if embeddings.dim != self.dim or mark != (self.name if hidden else ""):
            raise FingerprintError(
                f"vectors of width {embeddings.dim} under the secret rotation {mark or 'none'}",
                expected=f"width {self.dim} under {self.name if hidden else 'none'}",
            )

    @cached_property
    def _matrix(self) -> np.ndarray:
        """Orthogonal float32 [dim, dim], from the right."""
        matrix = np.zeros((self.dim, self.dim), np.float32)
        matrix[: self.block, : self.block] = _orthogonal(self.secret + b"first", self.block)
        matrix[self.block :, self.block :] = _orthogonal(self.secret + b"rest", self.dim - self.block)
        return matrix if self.basis is None else self.basis @ matrix


def secret_of(rotation: str) -> str:
    """The name of the secret rotation in an `Embeddings.rotation`; "" for none."""
    return rotation.rpartition(_MARK)[2] if _MARK in rotation else ""


def _orthogonal(seed: bytes, size: int) -> np.ndarray:
    """A matrix float32 [size, size] drawn evenly among all orthogonal ones.

    Made from raw bits, whose stream numpy promises never to change, unlike that of its normal numbers.
    Source: Mezzadri, How to generate random matrices from the classical compact groups, 2007.
    """
    if size == 0:
        return np.zeros((0, 0), np.float32)
    key = np.frombuffer(hashlib.sha256(seed).digest()[:16], np.uint64)
    half = (size * size + 1) // 2
    bits = np.random.Philox(key=key).random_raw(2 * half)
    even = ((bits >> np.uint64(11)) + 0.5) * 2.0**-53
    radius, angle = np.sqrt(-2 * np.log(even[:half])), 2 * np.pi * even[half:]
    normal = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])[: size * size]
    q, r = np.linalg.qr(normal.reshape(size, size))
    return (q * np.sign(np.diag(r))).astype(np.float32)
