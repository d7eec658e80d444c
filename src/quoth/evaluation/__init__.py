"""Measuring Quoth on datasets: retrieval, quotes, abstention, and whether every quote is verbatim."""

from quoth.evaluation.report import Report
from quoth.evaluation.run import evaluate_dataset
from quoth.evaluation.statistics import Figure

__all__ = ["Figure", "Report", "evaluate_dataset"]
