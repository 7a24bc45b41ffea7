"""Enrol people, search them, forget them."""

from crossreid.gallery.gallery import Gallery, GalleryWriter, Replacement, open_gallery
from crossreid.gallery.indexing import IndexReport, index_folder
from crossreid.gallery.item import GalleryItem, SearchResult
from crossreid.gallery.records import (
    Batch,
    EncoderRecord,
    Enrolment,
    ErasureProof,
    IndexRecord,
    Statistics,
    Watchlist,
)
from crossreid.gallery.results import SearchResults
from crossreid.gallery.selection import Selection

__all__ = [
    "Batch",
    "EncoderRecord",
    "Enrolment",
    "ErasureProof",
    "Gallery",
    "GalleryItem",
    "GalleryWriter",
    "IndexRecord",
    "IndexReport",
    "Replacement",
    "SearchResult",
    "SearchResults",
    "Selection",
    "Statistics",
    "Watchlist",
    "index_folder",
    "open_gallery",
]
