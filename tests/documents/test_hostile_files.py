"""Files made to do harm: each is refused in words or read for what it is, and the next document is read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from quoth import errors
from quoth.documents.source import Unreadable, discover, scan
from quoth.encoder import Encoder
from quoth.library import Library
from tests.documents.hostile import FILES
from tests.documents.hostile.office import SOUND, docx

GROWTH = 64 * 1024 * 1024
SECRET = Path("/etc/passwd")

# Reads every file of a folder as indexing it does, and a sound one after each; tells what came of it, and by how much
# this process's memory had grown at most
READER = """
import json, sys
from pathlib import Path
from quoth.documents.source import discover, scan
from quoth.errors import SourceError

def memory(what):
    return next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith(what))

folder, sound = Path(sys.argv[1]), Path(sys.argv[2])
# What the first file brings with it counts for none of them
[entry.parse() for entry in scan(discover(sound))]
for path in sorted(folder.iterdir()):
    Path("/proc/self/clear_refs").write_text("5")
    before = memory("VmRSS")
    row = {"name": path.name, "error": None, "text": None}
    try:
        (entry,) = scan(discover(path))
        document = entry.parse()
        row["text"] = document.text[:200]
        row["fits"] = all(0 <= p.start < p.end <= len(document.text) for p in document.paragraphs)
        row["secret"] = "root:" in document.text
        del document, entry
    except SourceError as error:
        row["error"], row["message"] = type(error).__name__, str(error)
    row["grown"] = memory("VmHWM") - before
    (entry,) = scan(discover(sound))
    row["next"] = entry.parse().text
    print(json.dumps(row), flush=True)
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What became of each file."""
    folder = tmp_path_factory.mktemp("hostile")
    for name, make in FILES.items():
        (folder / name).write_bytes(make())
    (folder / "a sparse gigabyte.txt").touch()
    os.truncate(folder / "a sparse gigabyte.txt", 1024**3)
    (folder / "a sparse gigabyte.pdf").write_bytes(b"%PDF-1.7\n")
    os.truncate(folder / "a sparse gigabyte.pdf", 1024**3)
    (folder / "a name\n\x1b[31m with signs.pdf").write_bytes(FILES["truncated.pdf"]())
    sound = tmp_path_factory.mktemp("sound") / "sound.docx"
    sound.write_bytes(docx(SOUND))
    done = subprocess.run(
        [sys.executable, "-c", READER, str(folder), str(sound)],
        capture_output=True,
        text=True,
        timeout=1_500,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(place for place in sys.path if place)},
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, f"ended after {rows[-1:]}: {done.stderr}"
    assert len(rows) == len(FILES) + 3
    return {row["name"]: row for row in rows}


def test_there_are_many(outcomes: dict[str, dict[str, Any]]):
    assert len(outcomes) > 100


@pytest.mark.skipif(sys.platform != "linux", reason="the memory is read from Linux's /proc")
@pytest.mark.parametrize("name", [*FILES, "a sparse gigabyte.txt", "a sparse gigabyte.pdf"])
def test_a_hostile_file_is_refused_in_words_or_read_and_the_next_one_is_read(
    outcomes: dict[str, dict[str, Any]], name: str
):
    outcome = outcomes[name]
    if outcome["error"] is None:
        assert outcome["fits"] and not outcome["secret"]
    else:
        assert issubclass(getattr(errors, outcome["error"]), errors.SourceError)
        message = outcome["message"]
        assert message.startswith(name) or f"/{name}" in message
        # What is wrong, and what to do
        assert "; " in message or "not text" in message, message
        assert len(message) < 500 and message.isprintable()
    assert outcome["next"] == "The captain counts every boat in the harbour."
    assert outcome["grown"] < GROWTH, f"{outcome['grown'] / 1024**2:.0f} MB"


def test_a_folder_of_hostile_files_is_indexed_but_for_those(tmp_path: Path, encoder: Encoder):
    for name in ("truncated.pdf", "form that holds itself.pdf", "external entity.docx", "zero bytes.txt"):
        (tmp_path / name).write_bytes(FILES[name]())
    for number in range(3):
        (tmp_path / f"sound {number}.docx").write_bytes(docx(SOUND))
    with Library.open(tmp_path / "library", encoder=encoder) as library:
        summary = library.index([tmp_path])
        assert summary.added == 3
        assert sorted(name for name, _ in summary.failed) == sorted(
            ["truncated.pdf", "form that holds itself.pdf", "external entity.docx", "zero bytes.txt"]
        )
        assert library.ask("Who counts every boat?").quotes[0].text == "The captain counts every boat in the harbour."


@pytest.mark.parametrize("name", ["", "a\0.pdf", "a\n.pdf", "\ud800.pdf", "a\u2028b.txt"])
def test_a_name_that_can_not_be_shown_is_refused(tmp_path: Path, encoder: Encoder, name: str):
    with Library.open(tmp_path / "library", encoder=encoder) as library:
        with pytest.raises(errors.FormatError, match="give the file a plain name"):
            library.add(name, b"Words.")
        assert library.counts() == (0, 0)


def test_links_and_pipes_and_folders_lead_nowhere(tmp_path: Path):
    root = tmp_path / "root"
    (root / "folder.pdf").mkdir(parents=True)
    (root / "sound.txt").write_text("Words.")
    (tmp_path / "outside.txt").write_text("Secret.")
    (root / "a.txt").symlink_to("b.txt")
    (root / "b.txt").symlink_to("a.txt")
    (root / "self.txt").symlink_to("self.txt")
    (root / "out.txt").symlink_to(tmp_path / "outside.txt")
    (root / "passwords.txt").symlink_to("/etc/passwd")
    (root / "memory.txt").symlink_to("/dev/zero")
    (root / "up").symlink_to("..")
    (root / "folder.pdf" / "root").symlink_to(root)
    if hasattr(os, "mkfifo"):
        os.mkfifo(root / "pipe.txt")
    listing = discover(root)
    assert [file.name for file in listing.files] == ["sound.txt"]
    assert {one.name for one in listing.unreadable} == {"a.txt", "b.txt", "self.txt"}
    assert {one.name for one in listing.skipped} >= {"out.txt", "passwords.txt", "memory.txt", "up", "folder.pdf/root"}
    assert [entry.name for entry in scan(listing) if not isinstance(entry, Unreadable)] == ["sound.txt"]


@pytest.mark.skipif(sys.platform == "win32", reason="paths are shorter there")
def test_folders_in_folders_are_walked_as_deep_as_the_system_goes(tmp_path: Path):
    (tmp_path / "sound.txt").write_text("Words.")
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(2_100):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    try:
        listing = discover(tmp_path)
        assert [file.name for file in listing.files] == ["sound.txt"]
        # The system has no name for what lies deeper
        assert len(listing.unreadable) == 1 and "too long" in str(listing.unreadable[0].error)
    finally:
        subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=False)
