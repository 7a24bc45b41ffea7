"""The proof of an erasure as both homes of galleries keep it: JSON."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from crossreid.gallery.records import ErasureProof


def proof_content(proof: ErasureProof) -> dict[str, Any]:
    """What `read_proof` reads."""
    return asdict(proof) | {"id": str(proof.id), "at": proof.at.isoformat()}


def read_proof(content: Mapping[str, Any]) -> ErasureProof:
    """What `proof_content` gave."""
    known = {"id": UUID(content["id"]), "at": datetime.fromisoformat(content["at"])}
    return ErasureProof(**{**content, **known})
