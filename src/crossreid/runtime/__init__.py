"""Edge packs -> encoders, without torch."""

from crossreid.runtime.encoder import PackEncoder
from crossreid.runtime.pack import Pack, is_pack, read_pack
from crossreid.runtime.verification import open_pack

__all__ = ["Pack", "PackEncoder", "is_pack", "open_pack", "read_pack"]
