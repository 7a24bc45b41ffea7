"""A gallery in full width -> one that a low-rank pack can search."""

from crossreid.core.basis import PrincipalBasis
from crossreid.core.embeddings import check_same_space
from crossreid.core.errors import DataError
from crossreid.core.wording import several
from crossreid.gallery.gallery import Gallery
from crossreid.gallery.records import EncoderRecord


def project_gallery(gallery: Gallery, target: Gallery, basis: PrincipalBasis, pack: EncoderRecord) -> int:
    """Enrol a gallery's pictures again, in a few directions. Returns how many.

    Calibrations stay behind, since other cosines mean other things; and an index is built anew.

    Args:
        gallery: with something in it, whose vectors have not been rotated.
        target: that is empty.
        basis: of the pack.
        pack: that will search the target.

    Raises:
        DataError: there is nothing in the gallery, or something in the target.
        FingerprintError: the vectors are of another width or space than the pack's, or rotated.
    """
    if len(target):
        raise DataError(
            f"{target.uri} with {several(len(target), 'picture')}",
            expected="an empty gallery",
            remedy="choose another --out",
        )
    if gallery.encoder is not None:
        check_same_space(gallery.encoder.fingerprint, pack.fingerprint)
    count = 0
    for batch in gallery.batches():
        target.enrol(batch.items, basis.project(batch.embeddings), crops=batch.crops, source=pack.source)
        count += len(batch.items)
    if not count:
        raise DataError(f"no pictures are enrolled in {gallery.uri}", expected="a filled gallery")
    return count
