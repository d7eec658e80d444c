"""What only a process of its own shows: imports, signals and pipes."""

import json
import os
import signal
import subprocess
import sys

import pytest

QUOTH = [sys.executable, "-c", "import sys; from quoth.cli import main; sys.exit(main())"]
HEAVY = {"torch", "sentence_transformers", "transformers"}
READERS = {"quoth.documents.formats", "markdown_it", "lxml", "pypdfium2"}


@pytest.mark.parametrize("arguments", [["--help"], ["sources"], ["show", "000_05c708fc0495fc3f.txt"], ["check"]])
def test_commands_that_need_no_model_do_not_load_one(arguments, seed_library):
    if arguments != ["--help"]:
        arguments = [*arguments, "--library", str(seed_library.folder)]
    program = (
        "import sys, quoth.cli as cli\n"
        f"code = cli.main({arguments!r})\n"
        f"print(code, sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stderr == "0 []\n" and ran.stdout


def test_a_question_loads_nothing_that_reads_files(seed_library):
    """All of that takes a fifth of a second, and one of its libraries more than the rest."""
    arguments = ["ask", "Who is Hadianfar?", "--library", str(seed_library.folder)]
    program = (
        "import sys, quoth.cli as cli\n"
        f"code = cli.main({arguments!r})\n"
        f"print(code, sorted({READERS!r} & set(sys.modules)), file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stderr == "0 []\n"


@pytest.mark.parametrize("extra", [[], ["--json"]])
def test_a_closed_pipe_ends_quietly(extra, seed_library):
    command = [*QUOTH, "show", "000_05c708fc0495fc3f.txt", "--library", str(seed_library.folder), *extra]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()  # before anything can have been written, however large the pipe's buffer is
        assert process.stderr.read() == b""
        assert process.wait(30) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send")
def test_interrupting_ends_with_130_and_one_line(seed_library):
    with subprocess.Popen(
        [*QUOTH, "ask", "--batch", "-", "--library", str(seed_library.folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A shell starts what runs in its background with the signal ignored, and children inherit that
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        process.stdin.write(b"no json\n")
        process.stdin.flush()
        assert "error" in json.loads(process.stdout.readline()), "a result is flushed before more input comes"
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        assert process.stderr.read() == b"quoth: interrupted\n"


def test_any_locale_can_carry_any_document(tmp_path, quoth):
    (tmp_path / "fa.txt").write_text("این یک سند است.\n", encoding="utf-8")
    quoth("index", tmp_path / "fa.txt", "--library", tmp_path / "lib")
    environment = {**os.environ, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    ran = subprocess.run(
        [*QUOTH, "show", "fa.txt", "--library", str(tmp_path / "lib")], capture_output=True, env=environment
    )
    assert ran.returncode == 0 and "این یک سند است." in ran.stdout.decode()


def test_progress_stays_out_of_files_even_where_colours_are_forced(tmp_path, seed_library):
    environment = {**os.environ, "FORCE_COLOR": "1"}
    ran = subprocess.run([*QUOTH, "index", "--library", str(seed_library.folder)], capture_output=True, env=environment)
    assert ran.stderr == b"" and b"1 unchanged" in ran.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send")
def test_a_followed_folder_is_asked_by_others_while_it_changes(tmp_path, quoth):
    notes, library = tmp_path / "notes", tmp_path / "library"
    notes.mkdir()
    (notes / "a.txt").write_text("The harbour master of Port Quill counts every boat at dawn.\n")
    with subprocess.Popen(
        [*QUOTH, "index", str(notes), "--watch", "--json", "--library", str(library)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert json.loads(process.stdout.readline())["added"] == 1
        (notes / "b.txt").write_text("The lighthouse keeper of Port Quill is called Ismene Vahl.\n")
        assert json.loads(process.stdout.readline())["added"] == 1
        asked = quoth("ask", "Who is the lighthouse keeper of Port Quill?", "--json", "--library", library)
        assert asked.json["quotes"][0]["document"] == "b.txt"
        (notes / "b.txt").unlink()
        assert json.loads(process.stdout.readline())["removed"] == 1
        (notes / "c.txt").write_bytes(b"\x00\x01\x02")
        assert [failed["name"] for failed in json.loads(process.stdout.readline())["failed"]] == ["c.txt"]
        told = [process.stderr.readline() for _ in range(3)]
        assert (told[0], told[1][:16], b"c.txt" in told[2]) == (
            b"following 1 path; Ctrl-C ends it\n",
            b"quoth: 1 file co",
            True,
        )
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        assert process.stderr.read() == b"quoth: interrupted\n"
    assert quoth("check", "--library", library).code == 0
