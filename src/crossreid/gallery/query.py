"""One vector that a gallery is searched by."""

import numpy as np

from crossreid.core.basis import PrincipalBasis
from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import DataError, FingerprintError
from crossreid.evaluation.calibration import Calibration
from crossreid.evaluation.fusion import fuse
from crossreid.evaluation.weights import weights_of


def query_vector(
    query: np.ndarray | Embeddings,
    stored: Embeddings,
    calibration: Calibration | None,
    basis: PrincipalBasis | None = None,
) -> np.ndarray:
    """The unit vector float32 [dim] of a query, in the coordinates of the gallery.

    Args:
        query: a vector [dim], or the rows of all evidence.
        stored: rows of the gallery, none is enough.
        calibration: whose weights the kinds of evidence get.
        basis: the rotation by which the gallery turned the vectors of its encoder.

    Raises:
        DataError: the query is not a finite vector of the gallery's width.
        FingerprintError: the embeddings are of another space.
    """
    if isinstance(query, Embeddings):
        turned = turn(query, basis)
        try:
            stored.check_comparable(turned)
        except FingerprintError as error:
            raise FingerprintError(
                f"the gallery and the query have {error.found}",
                expected="the gallery's encoder, or one trained into the same space",
                remedy="search with the encoder of the gallery, or index again with --rebuild",
            ) from error
        weights = calibration.weights if calibration else None
        return fuse(list(turned.vectors), weights_of(turned.modalities, weights))
    if query.shape != (stored.dim,):
        raise DataError(f"a query of shape {query.shape}", expected=f"({stored.dim},)")
    return fuse([query if basis is None else query @ basis.directions])


def turn(embeddings: Embeddings, basis: PrincipalBasis | None) -> Embeddings:
    """The same in the gallery's coordinates; what has been rotated stays as it is."""
    return embeddings if basis is None or embeddings.rotation else basis.project(embeddings)
