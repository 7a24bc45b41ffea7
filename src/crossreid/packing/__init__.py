"""Models -> edge packs, which `crossreid.runtime` opens without torch."""

from crossreid.packing.export import export

__all__ = ["export"]
