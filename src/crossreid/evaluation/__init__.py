"""Arrays in, numbers out."""

from crossreid.evaluation.comparison import Comparison, compare_reports
from crossreid.evaluation.evaluate import BOTH_WAYS, evaluate
from crossreid.evaluation.fusion import fuse
from crossreid.evaluation.protocols import PROTOCOLS
from crossreid.evaluation.ranking import Ranking, rank
from crossreid.evaluation.report import Report
from crossreid.evaluation.reranking import RERANKINGS
from crossreid.evaluation.seeds import SpreadReport, average_reports

__all__ = [
    "BOTH_WAYS",
    "PROTOCOLS",
    "RERANKINGS",
    "Comparison",
    "Ranking",
    "Report",
    "SpreadReport",
    "average_reports",
    "compare_reports",
    "evaluate",
    "fuse",
    "rank",
]
