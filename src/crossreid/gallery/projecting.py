"""A gallery in full width -> one that a low-rank pack can search."""

from crossreid.core.basis import PrincipalBasis
from crossreid.core.errors import DataError
from crossreid.gallery.gallery import Gallery


def project_gallery(gallery: Gallery, target: Gallery, basis: PrincipalBasis, *, source: str = "") -> int:
    """Enrol a gallery's pictures again, in a few directions. Returns how many.

    Calibrations stay behind, since other cosines mean other things; and an index is built anew.

    Args:
        gallery: with something in it, whose vectors have not been rotated.
        target: that is empty.
        basis: of the pack.
        source: from which an encoder for its queries can be loaded: the pack.

    Raises:
        DataError: there is nothing in the gallery, or something in the target.
        FingerprintError: the vectors are of another width, or rotated.
    """
    if len(target):
        raise DataError(
            f"{target.uri}, where {len(target)} pictures are enrolled",
            expected="an empty gallery",
            remedy="choose another --out",
        )
    count = 0
    for batch in gallery.batches():
        target.enrol(batch.items, basis.project(batch.embeddings), crops=batch.crops, source=source)
        count += len(batch.items)
    if not count:
        raise DataError(f"no pictures are enrolled in {gallery.uri}", expected="a filled gallery")
    return count
