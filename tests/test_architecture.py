"""How the modules stand to each other: one direction, nothing heavy on import, nothing printed."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import quoth

SOURCE = Path(quoth.__file__).parent

# Known to everything and knowing nothing but each other, in this order
LEAVES = (
    "counted",
    "progress",
    "errors",
    "paths",
    "settings",
    "words",
    "rarity",
    "english",
    "stopwatch",
    "weights",
    "calibration",
    "disagreement",
    "figures",
    "answer",
    "answer_kind",
    "language",
)

# The way of the data. A module, or a package as a whole, imports from leaves and from what stands before it
CHAIN = (
    "documents",
    "sentences",
    "passages",
    "antecedent",
    "model_files",
    "tensors",
    "network",
    "passage_network",
    "onnx_model",
    "torch_model",
    "multilingual_model",
    "compiled",
    "encoder",
    "reader",
    "store",
    "naming",
    "index",
    "spelling",
    "question",
    "signals",
    "memory",
    "texts",
    "echo",
    "retrieve",
    "rerank",
    "read",
    "confidence",
    "second_source",
    "quote",
    "pipeline",
    "searching",
    "friendly_words",
    "conversation",
    "indexing",
    "derived",
    "turn",
    "library",
    "following",
    "datasets",
    "evaluation",
    "training",
    "benchmark",
    "cli",
)

# Packages in which the order of the modules matters as well
WITHIN = {
    "documents": (
        "model",
        "outline",
        "lines",
        "decode",
        "plain",
        "assembly",
        "archive",
        "xml",
        "rows",
        "flow",
        "opc",
        "docx_styles",
        "docx",
        "markup",
        "html_tree",
        "html_article",
        "html_blocks",
        "html",
        "odf",
        "pptx",
        "subtitles",
        "csv_dialect",
        "csv_rows",
        "mail_message",
        "mail",
        "epub",
        "markdown_blocks",
        "markdown",
        "restructuredtext",
        "jsonl",
        "pdf_characters",
        "pdf_lines",
        "pdf_columns",
        "pdf_hyphens",
        "pdf_tables",
        "pdf_paragraphs",
        "pdf_contents",
        "pdf_furniture",
        "pdf_headings",
        "pdf",
        "magic",
        "kinds",
        "formats",
        "wire",
        "seccomp",
        "landlock",
        "confinement",
        "worker",
        "workers",
        "reading",
        "ignore",
        "source",
    ),
    "store": (
        "schema",
        "postings",
        "records",
        "distrust",
        "connection",
        "check",
        "terms",
        "passages",
        "seals",
        "store",
        "salvage",
    ),
    "index": (
        "vocabulary",
        "dense",
        "lexical",
        "blocks",
        "codes",
        "sealed",
        "nearest",
        "pruned",
        "live",
        "sealing",
    ),
}

# Trains the reader, with PyTorch: no part of what answers, which must not know it
TRAINING = "training"

HEAVY = ("torch", "transformers", "sentence_transformers", "scipy", "sklearn")


def modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def part(path: Path) -> str:
    """The name under which a file stands in the order: its own, or that of its package."""
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[tuple[str, ...]]:
    """Every module of Quoth that a file imports, at its top or later, by its parts without "quoth"."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively; the order can't be read from that"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            package, *rest = name.split(".")
            if package == "quoth":
                yield tuple(rest)


def test_every_module_has_its_place_in_the_order():
    assert {part(path) for path in modules()} == {*LEAVES, *CHAIN, "__init__"}


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_a_module_imports_only_what_stands_before_it(path: Path):
    order = (*LEAVES, *CHAIN)
    here = part(path)
    # The package's own name stands for what programs use, loaded when they ask for it
    allowed = {"library", "answer"} if here == "__init__" else {*order[: order.index(here)], here}
    assert {name for name, *_ in imported(path)} <= allowed


@pytest.mark.parametrize("package", WITHIN)
def test_inside_a_package_too_a_module_imports_only_what_stands_before_it(package: str):
    order = WITHIN[package]
    files = [path for path in (SOURCE / package).glob("*.py") if path.stem != "__init__"]
    assert {path.stem for path in files} == set(order)
    for path in files:
        inside = {rest[0] for name, *rest in imported(path) if name == package and rest}
        assert inside <= set(order[: order.index(path.stem)]), path


def test_the_command_line_and_the_evaluation_stand_side_by_side():
    """The command line calls the evaluation; nothing that answers knows either."""
    aside = {"cli", "evaluation", "benchmark", TRAINING}
    below = [path for path in modules() if part(path) not in aside]
    assert not {name for path in below for name, *_ in imported(path)} & aside


def test_nothing_in_the_package_calls_print():
    calls = [
        f"{path}:{node.lineno}"
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not calls


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("module", ["quoth", "quoth.library", "quoth.cli"])
def test_importing_loads_no_model_library(module: str):
    """They take seconds; `quoth sources` needs none of them."""
    loaded = run(f"import sys, {module}; print(sorted(set({HEAVY!r}) & set(sys.modules)))")
    assert loaded == "[]"


WATCHED_IMPORT = """
import os, sys
HOME = {source!r}
touched = []

def from_quoth():
    frame = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename == os.__file__:
        frame = frame.f_back
    return frame is not None and frame.f_code.co_filename.startswith(HOME)

class Watched(type(os.environ)):
    def __getitem__(self, key):
        if from_quoth(): touched.append("environment: " + key)
        return super().__getitem__(key)
    def __contains__(self, key):
        if from_quoth(): touched.append("environment: " + str(key))
        return super().__contains__(key)
    def get(self, key, default=None):
        if from_quoth(): touched.append("environment: " + key)
        return super().get(key, default)

os.environ.__class__ = Watched

def hook(event, arguments):
    if event in ("open", "socket.connect", "subprocess.Popen") and from_quoth():
        touched.append(event + ": " + str(arguments[0]))

sys.addaudithook(hook)
import quoth.library
{more}
print(touched)
"""


def test_importing_the_library_reads_no_environment_no_file_and_no_network():
    assert run(WATCHED_IMPORT.format(source=str(SOURCE), more="")) == "[]"


def test_the_watch_over_importing_would_see_a_read():
    """The test above is worth something: the same watch sees what settings and models do read when asked."""
    seen = run(
        WATCHED_IMPORT.format(
            source=str(SOURCE),
            more="code = 'os.environ.get(\"HOME\"); open(os.devnull).close()'\n"
            "exec(compile(code, HOME + '/x.py', 'exec'))",
        )
    )
    assert seen == "['environment: HOME', 'open: /dev/null']"
