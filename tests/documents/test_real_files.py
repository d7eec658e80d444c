"""Real files of other people, where a folder to keep them in is given: ``make test-real-files``."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "real_files.py"


@pytest.mark.skipif("QUOTH_REAL_FILES" not in os.environ, reason="downloads some 100 MB into QUOTH_REAL_FILES")
def test_no_real_file_ends_the_reading_and_97_of_100_readable_ones_are_indexed():
    command = [sys.executable, str(SCRIPT), os.environ["QUOTH_REAL_FILES"]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=3600, check=False)
    assert done.returncode == 0, done.stdout[-10_000:] + done.stderr[-2_000:]
