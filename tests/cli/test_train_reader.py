"""``quoth train reader``: from somebody's questions to a reader in use, however often it is stopped."""

from __future__ import annotations

import json
import os
import signal

import pytest
import torch

from quoth.training.train import train
from tests.towns import write_towns


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def test_a_run_that_is_interrupted_goes_on_and_ends_in_a_reader_that_answers(quoth, tmp_path, monkeypatch):
    towns, out = write_towns(tmp_path / "towns", 26), tmp_path / "reader"
    command = ("train", "reader", towns, "--out", out, "--threads", 1)

    def interrupted(*given, **named):
        report = named["report"]

        def and_stop(progress):
            report(progress)
            os.kill(os.getpid(), signal.SIGINT)

        return train(*given, **named | {"report": and_stop})

    monkeypatch.setattr("quoth.training.run.train", interrupted)
    handler = signal.getsignal(signal.SIGINT)
    stopped = quoth(*command, "--steps", 2)
    assert stopped.code == 130 and "the same command goes on" in stopped.err
    assert (out / "checkpoint.safetensors").exists() and not (out / "reader.onnx").exists()
    assert signal.getsignal(signal.SIGINT) is handler

    monkeypatch.setattr("quoth.training.run.train", train)
    done = quoth(*command, "--json")
    assert done.code == 0, done.err
    assert done.json["steps"] == 3 and done.json["same_spans"] >= 0.9
    assert "resumed" in (out / "log.jsonl").read_text()
    card = json.loads((out / "reader.json").read_text())
    assert card["sha256"] == done.json["sha256"] and card["from"] == "shipped" and card["trained_on"] == ["towns"]

    assert quoth("index", towns / "corpus.jsonl").code == 0
    question = ("ask", "When was Arden founded?", "--json")
    by_option = quoth(*question, "--reader", out).json
    assert by_option["quotes"][0]["document"] == "d0" and by_option["quotes"][0]["answer"]["text"] == "1100"
    monkeypatch.setenv("QUOTH_READER", str(out))
    by_setting = quoth(*question).json
    assert by_setting["confidence"] == by_option["confidence"]
    monkeypatch.setenv("QUOTH_READER", "")
    assert quoth(*question).json["confidence"] != by_option["confidence"]

    other = quoth(*command, "--from", "encoder")
    assert other.code == 1 and "began from shipped" in other.err

    (out / "reader.json").write_text(json.dumps(card | {"sha256": "0" * 64}))
    (out.with_name("copy")).mkdir()
    for name in ("reader.onnx", "reader.json"):
        (out.with_name("copy") / name).write_bytes((out / name).read_bytes())
    refused = quoth(*question, "--reader", out.with_name("copy"))
    assert refused.code == 1 and "has the hash" in refused.err and "train it again" in refused.err


def test_too_few_questions_are_refused_with_how_many_are_needed(quoth, tmp_path):
    ran = quoth("train", "reader", write_towns(tmp_path / "few", 5), "--out", tmp_path / "out")
    assert ran.code == 1 and "have 10 questions" in ran.err and "at least 50 are needed" in ran.err
    assert not (tmp_path / "out" / "checkpoint.safetensors").exists()


def test_without_the_extra_it_says_what_to_install(quoth, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    ran = quoth("train", "reader", write_towns(tmp_path / "towns", 5), "--out", tmp_path / "out")
    assert ran.code == 1 and "pip install 'quoth[train]'" in ran.err


@pytest.mark.parametrize("name", ["nowhere", "a model of something else"])
def test_a_folder_that_holds_no_reader_is_named(name, quoth, tmp_path):
    (tmp_path / "a.txt").write_text("The harbour opens at six.\n")
    quoth("index", tmp_path / "a.txt")
    folder = tmp_path / name
    if name != "nowhere":
        folder.mkdir()
        (folder / "reader.onnx").write_bytes(b"")
        (folder / "reader.json").write_text('{"name": "x"}')
    ran = quoth("ask", "When does the harbour open?", "--reader", folder)
    assert ran.code == 1 and name in ran.err and "name the folder of another" in ran.err
