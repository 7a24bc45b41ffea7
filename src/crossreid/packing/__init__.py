"""Models -> edge packs, which `crossreid.runtime` opens without torch."""

from crossreid.packing.export import export
from crossreid.packing.triton import write_triton_repository

__all__ = ["export", "write_triton_repository"]
