"""Reading in another process: whatever a file does to its reader, this process stands, and the next file is read."""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from quoth.documents import workers
from quoth.documents.confinement import Limits
from quoth.documents.workers import Workers
from quoth.errors import (
    FormatError,
    MissingReaderError,
    NoTextError,
    ReaderCrashError,
    ReaderMemoryError,
    SourceError,
    TooSlowError,
)

LINUX = sys.platform == "linux" and platform.machine() == "x86_64"
BOOT = workers._BOOT.replace("main(Limits", "import tests.documents.misbehaving; main(Limits")


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workers]:
    monkeypatch.setattr(workers, "_BOOT", BOOT)
    pool = Workers(Limits(cpu_seconds=2, wall_seconds=20.0))
    yield pool
    pool.close()


def read(pool: Workers, kind: str, data: bytes = b"Words.") -> str:
    return pool.read("." + kind, data, "a.file").text


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(
    ("kind", "error", "message"),
    [
        ("segfault", ReaderCrashError, r"signal 11"),
        ("abort", ReaderCrashError, r"signal 6"),
        ("quiet_exit", ReaderCrashError, r"status 3"),
        ("endless", TooSlowError, r"more than 2 seconds"),
        ("greedy", ReaderMemoryError, r"more than 2\.0 GB"),
        ("greedy_in_c", ReaderMemoryError, r"more than 2\.0 GB"),
        ("wordy", FormatError, r"40,000,000 bytes of text .*split it"),
        ("in_pieces", FormatError, r"300,000 paragraphs.*split it"),
        ("beyond", ReaderCrashError, r"not in the text"),
        ("recursive", FormatError, r"nested too deeply"),
        ("wrong_key", ReaderCrashError, r"KeyError"),
        ("missing", MissingReaderError, r"pip install 'quoth\[documents\]'"),
        ("blank", NoTextError, r"a\.file holds pictures"),
        ("garbage", ReaderCrashError, r"its reader gave"),
    ],
)
def test_what_a_reader_does_is_that_files_failure_and_the_next_file_is_read(pool, kind, error, message):
    assert read(pool, "sound") == "Words."
    if kind == "greedy_in_c" and workers._peak_memory() > 0.7 * Limits().memory_bytes:
        pytest.skip("this process had as much memory itself, of which a crash can't be told apart")
    with pytest.raises(error, match=message) as caught:
        read(pool, kind)
    assert str(caught.value).startswith("a.file ")
    assert read(pool, "sound", b"The next words.") == "The next words."


def test_a_crash_is_told_as_one_however_much_memory_the_process_that_asks_once_had():
    asking = (
        "import numpy, sys; from tests.documents.test_workers import BOOT, Limits, Workers, read, workers\n"
        "workers._BOOT = BOOT\n"
        "numpy.ones(100_000_000)\n"
        "pool = Workers(Limits(memory_bytes=10**9))\n"
        "assert workers._peak_memory() > 0.7e9\n"
        "try: read(pool, 'abort')\n"
        "except Exception as error: sys.stdout.write(f'{type(error).__name__}: {error}')\n"
        "pool.close()"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    ran = subprocess.run([sys.executable, "-c", asking], capture_output=True, text=True, env=environment)
    assert ran.stdout.startswith("ReaderCrashError: a.file ") and "signal 6" in ran.stdout, ran.stderr


def test_a_reader_that_waits_for_ever_is_ended(pool: Workers):
    pool.limits = Limits(wall_seconds=1.0)
    with pytest.raises(TooSlowError, match="more than 1 seconds"):
        read(pool, "sleeping")
    assert read(pool, "sound") == "Words."


def test_a_process_reads_many_files_and_another_takes_over_after_a_crash(pool: Workers):
    pids = [read(pool, "pid") for _ in range(3)]
    assert len(set(pids)) == 1 and pids[0] != str(os.getpid())
    with pytest.raises(NoTextError):
        read(pool, "blank")
    assert read(pool, "pid") == pids[0]
    with pytest.raises(ReaderCrashError):
        read(pool, "abort")
    assert read(pool, "pid") != pids[0]
    assert not alive(int(pids[0]))


def test_a_process_that_read_its_share_makes_room_for_another(pool: Workers, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(workers, "_FILES_EACH", 2)
    pids = [read(pool, "pid") for _ in range(4)]
    assert pids[0] == pids[1] != pids[2] == pids[3]


def test_a_process_that_ended_while_it_waited_is_replaced(pool: Workers):
    pid = int(read(pool, "pid"))
    os.kill(pid, signal.SIGKILL)
    while pool._idle[0]._process.poll() is None:
        time.sleep(0.01)
    assert int(read(pool, "pid")) != pid


def test_many_threads_share_two_processes(pool: Workers):
    with ThreadPoolExecutor(8) as threads:
        pids = list(threads.map(lambda number: read(pool, "pid"), range(40)))
        texts = list(threads.map(lambda number: read(pool, "sound", f"Text {number}.".encode()), range(40)))
    assert len(set(pids)) <= 2
    assert texts == [f"Text {number}." for number in range(40)]


def test_closing_ends_what_waits_and_reading_goes_on_after_it(pool: Workers):
    pid = int(read(pool, "pid"))
    pool.close()
    assert not alive(pid)
    assert read(pool, "sound") == "Words."


def test_what_a_library_prints_is_not_taken_for_its_reply(pool: Workers):
    assert read(pool, "chatty") == "asked: ''"


def test_half_of_a_surrogate_pair_becomes_a_sign_that_can_be_stored(pool: Workers):
    assert read(pool, "half_a_pair") == "half ? a pair"


def test_a_large_file_reaches_its_reader_whole(pool: Workers):
    assert len(read(pool, "sound", b"x" * 20_000_000)) == 20_000_000


def test_the_process_knows_no_secret_of_this_one(pool: Workers, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DISCORD_TOKEN", "secret")
    assert "TOKEN" not in read(pool, "environment")


def test_python_code_in_it_reaches_no_network_no_file_and_no_process(
    pool: Workers, tmp_path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "mine.txt").write_text("Mine.")
    assert read(pool, "python_attempts", os.fsencode(tmp_path / "mine.txt")) == "done: []"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.skipif(not LINUX, reason="the filter of system calls is Linux's, and the test has x86-64's numbers")
def test_no_code_in_it_reaches_network_other_processes_or_changes_a_file(pool: Workers, tmp_path):
    (tmp_path / "mine.txt").write_text("Mine.")
    assert read(pool, "kernel_attempts", os.fsencode(tmp_path / "mine.txt")) == "done: []"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    assert "seccomp" in (pool._idle[0].measures or [])


@pytest.mark.skipif(not LINUX, reason="Landlock is Linux's")
def test_no_code_in_it_reads_a_file_of_somebody_else(pool: Workers, tmp_path, monkeypatch: pytest.MonkeyPatch):
    # "python -m" puts the current folder where modules are looked for
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    read(pool, "sound")
    if ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1) < 1:
        pytest.skip("this kernel has no Landlock")
    (tmp_path / "landlock.txt").write_text("Mine.")
    assert read(pool, "kernel_attempts", os.fsencode(tmp_path / "landlock.txt")) == "done: []"


def test_a_process_that_can_not_start_is_no_fault_of_the_file(pool: Workers, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(workers, "_BOOT", "raise SystemExit(7)")
    with pytest.raises(SourceError, match=r"ended as it started \(status 7\)") as caught:
        read(pool, "sound")
    assert not isinstance(caught.value, FormatError)
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(SourceError, match="no process can be started"):
        read(pool, "sound")


def test_ctrl_c_in_the_middle_of_a_file_leaves_no_process(pool: Workers):
    pid = int(read(pool, "pid"))
    main = threading.main_thread().ident
    assert main is not None
    timer = threading.Timer(0.5, signal.pthread_kill, [main, signal.SIGINT])
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        read(pool, "sleeping")
    assert not alive(pid)
    assert read(pool, "sound") == "Words."


PARENT = """
import os, sys, time
from quoth.documents import workers
workers._BOOT = {boot!r}
kind = sys.argv[1]
print(workers.WORKERS.read(".pid", b"", "a").text, flush=True)
if kind == "hangs":
    workers.WORKERS.read(".sleeping", b"", "a")
if kind == "waits":
    time.sleep(1000)
if kind == "forks":
    if os.fork() == 0:
        print(workers.WORKERS.read(".pid", b"", "a").text, flush=True)
        workers.WORKERS.close()
        os._exit(0)
    os.wait()
    print(workers.WORKERS.read(".pid", b"", "a").text, flush=True)
"""


def start(kind: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PARENT.format(boot=BOOT), kind],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(place for place in sys.path if place)},
    )


def gone(pid: int) -> bool:
    for _ in range(1_000):
        if not alive(pid):
            return True
        time.sleep(0.01)
    return False


@pytest.mark.parametrize("kind", ["ends", "waits", "hangs"])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_processes_end_with_the_one_that_started_them_however_it_ends(kind: str, how: signal.Signals):
    with start(kind) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        if kind != "ends":
            time.sleep(0.3)
            parent.send_signal(how)
        parent.communicate()
    assert gone(pid)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_copy_of_this_process_has_processes_of_its_own():
    with start("forks") as parent:
        output, errors = parent.communicate()
    first, copied, again = output.split()
    assert first == again != copied, errors


def test_a_large_file_may_take_longer_and_none_may_take_for_ever():
    limits = Limits(cpu_seconds=60, wall_seconds=180.0)
    assert limits.for_size(0) == limits
    larger = limits.for_size(9_000_000)
    assert (larger.cpu_seconds, larger.wall_seconds, larger.memory_bytes) == (150, 450.0, limits.memory_bytes)
    assert limits.for_size(10**12) == replace(limits, cpu_seconds=240, wall_seconds=720.0)
