"""What the embeddings look like; figures and strips of pictures are in modules of their own."""

from crossreid.analysis.cases import RetrievalCase, retrieval_cases
from crossreid.analysis.low_rank import Spectrum, low_rank_spectrum, random_halves
from crossreid.analysis.projection import project

__all__ = ["RetrievalCase", "Spectrum", "low_rank_spectrum", "project", "random_halves", "retrieval_cases"]
