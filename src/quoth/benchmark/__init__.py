"""Measuring Quoth's speed, memory and recall on libraries of several sizes, made of real text."""

from quoth.benchmark.report import Report
from quoth.benchmark.run import measure

__all__ = ["Report", "measure"]
