"""Enrol people, search them, forget them."""

from crossreid.gallery.gallery import EncoderRecord, Gallery, GalleryWriter, open_gallery
from crossreid.gallery.indexing import IndexReport, index_folder
from crossreid.gallery.item import GalleryItem, SearchResult

__all__ = [
    "EncoderRecord",
    "Gallery",
    "GalleryItem",
    "GalleryWriter",
    "IndexReport",
    "SearchResult",
    "index_folder",
    "open_gallery",
]
