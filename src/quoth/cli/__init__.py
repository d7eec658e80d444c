"""The command line. ``main`` is the console script ``quoth``."""

from quoth.cli.app import main

__all__ = ["main"]
