"""What all homes of galleries refuse, in the same words."""

from crossreid.core.errors import DataError, FingerprintError
from crossreid.gallery.records import EncoderRecord


def nothing_enrolled(uri: str) -> DataError:
    """Of an empty gallery that is to be searched."""
    return DataError(
        f"no pictures are enrolled in {uri}",
        expected="a filled gallery",
        remedy=f"crossreid index FOLDER --out {uri}",
    )


def check_same_encoder(uri: str, stored: EncoderRecord, given: EncoderRecord) -> None:
    """Refuse to mix encoders.

    Raises:
        FingerprintError: the gallery was filled by another encoder.
    """
    if stored.fingerprint != given.fingerprint:
        raise FingerprintError(
            f"{uri} was filled by encoder {stored.fingerprint!r} ({stored.source or 'source unknown'}), not"
            f" by {given.fingerprint!r}",
            expected="one encoder for the whole gallery",
            remedy="index with that encoder, or make the gallery anew with --rebuild",
        )
