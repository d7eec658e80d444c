import json
import os
import signal
import subprocess
import sys
import time

import pytest
from towns import write_towns

QUOTH = [sys.executable, "-c", "import sys; from quoth.cli import main; sys.exit(main())"]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ((), "DATASET"),
        (("set", "--clear-cache"), "--clear-cache"),
        (("set", "--sizes", "many"), "no whole number"),
        (("set", "--sizes", "1e6"), "no whole number"),
        (("set", "--sizes", ""), "no whole number"),
        (("set", "--sizes", "1000,"), "no whole number"),
        (("set", "--sizes", "99"), "from 100 to"),
        (("set", "--sizes", "-1000"), "from 100 to"),
        (("set", "--sizes", "1000,99999999999"), "from 100 to"),
        (("set", "--sizes", "1000,1000"), "twice"),
        (("set", "--questions", "0"), "--questions"),
        (("set", "--questions", "x"), "--questions"),
    ],
)
def test_arguments_that_make_no_sense_are_refused_at_once(arguments, word, quoth, tmp_path):
    ran = quoth("bench", *arguments, "--library", tmp_path / "kept")
    assert ran.code == 2 and ran.out == ""
    assert word in " ".join(ran.err.replace("│", " ").split())
    assert not (tmp_path / "kept").exists()


def test_a_set_that_is_not_there_leaves_no_trace(quoth, tmp_path):
    ran = quoth("bench", tmp_path / "none", "--library", tmp_path / "kept")
    assert ran.code == 1 and ran.out == "" and "There is no dataset" in ran.err
    assert not (tmp_path / "kept").exists()


def test_what_was_kept_can_be_cleared(quoth, tmp_path):
    kept = tmp_path / "kept" / "vectors"
    kept.mkdir(parents=True)
    (kept / "a.npy").write_bytes(b"12345")
    ran = quoth("bench", "--clear-cache", "--library", tmp_path / "kept", "--json")
    assert ran.json == {"folder": str(tmp_path / "kept"), "removed_bytes": 5} and not kept.exists()
    assert quoth("bench", "--clear-cache", "--library", tmp_path / "kept").out.endswith("0 MB removed\n")


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send")
def test_interrupting_leaves_no_half_of_a_library_and_no_process(tmp_path):
    towns, kept = write_towns(tmp_path / "towns", 60), tmp_path / "kept"
    with subprocess.Popen(
        [*QUOTH, "bench", str(towns), "--sizes", "1000", "--questions", "5", "--library", str(kept), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A shell starts what runs in its background with the signal ignored, and children inherit that
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        start_new_session=True,
    ) as process:
        until = time.monotonic() + 120
        while not list(kept.glob("libraries/.new-*/made")) and process.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
        assert process.poll() is None, process.stderr.read()
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(60) == 130
        assert process.stdout.read() == b""
        assert process.stderr.read().endswith(b"quoth: interrupted\n")
    assert list((kept / "libraries").iterdir()) == []
    assert list(kept.glob("vectors/*.npy")), "what was embedded is kept for the next run"


def test_a_run_prints_one_line_of_json(quoth, tmp_path):
    towns = write_towns(tmp_path / "towns", 40)
    ran = quoth(
        "bench", towns, "--sizes", "100", "--questions", "4", "--reader", "off", "--library", tmp_path / "kept",
        "--no-cache", "--json",
    )  # fmt: skip
    found = json.loads(ran.out)
    assert ran.code == 0 and ran.out.count("\n") == 1
    assert found["sizes"][0]["passages"] == 100 and found["sizes"][0]["ask"] is None and found["reader"] == "off"
    assert list((tmp_path / "kept").iterdir()) == []
