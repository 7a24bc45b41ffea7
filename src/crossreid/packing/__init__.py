"""Models -> edge packs, which `crossreid.runtime` opens without torch."""

from crossreid.packing.export import export, write_pack
from crossreid.packing.original import Original, prepare
from crossreid.packing.triton import write_triton_repository

__all__ = ["Original", "export", "prepare", "write_pack", "write_triton_repository"]
