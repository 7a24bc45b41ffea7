"""Arrays in, numbers out."""

from crossreid.evaluation.evaluate import evaluate
from crossreid.evaluation.fusion import fuse
from crossreid.evaluation.protocols import PROTOCOLS
from crossreid.evaluation.ranking import Ranking, rank
from crossreid.evaluation.report import Report

__all__ = ["PROTOCOLS", "Ranking", "Report", "evaluate", "fuse", "rank"]
