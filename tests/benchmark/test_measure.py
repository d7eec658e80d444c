"""One real measurement, of two small libraries, in real processes."""

import io
import json

import pytest
from rich.console import Console

from quoth.benchmark import measure, processes
from quoth.benchmark.machine import Others, memory, others_now
from quoth.benchmark.report import Indexing, Latency
from quoth.errors import DatasetError, QuothError
from quoth.stopwatch import STAGES

SIZES = (100, 300)


@pytest.fixture(scope="module")
def report(towns, tmp_path_factory):
    folder = tmp_path_factory.mktemp("kept")
    return measure([towns], sizes=SIZES, questions=20, folder=folder, indexed=12, cold_runs=1)


@pytest.fixture(scope="module")
def found(report):
    return json.loads(json.dumps(report.as_json()))


def test_each_size_is_measured_on_a_library_of_that_size(found):
    assert [size["passages"] for size in found["sizes"]] == list(SIZES)
    assert found["questions"] == 20 and found["datasets"] == ["towns"]
    assert found["cold_start"]["median"] > 0 and found["cold_start"]["passages"] == 10


def test_the_breakdown_comes_to_the_whole(found):
    for size in found["sizes"]:
        for kind in ("ask", "search"):
            latency = size[kind]
            assert sum(latency["stages"].values()) == pytest.approx(latency["mean"], rel=1e-3)
            assert 0 < latency["median"] <= latency["p95"] <= latency["p99"]
        assert set(size["ask"]["stages"]) == set(STAGES)
        assert "reading" not in size["search"]["stages"]


def test_planted_questions_find_their_documents_and_an_exact_index_finds_all(found):
    for size in found["sizes"]:
        assert size["recall_at_10"] == 1.0
        assert size["r_at_1"] >= 0.9 and size["hit_at_1"] >= 0.9


def test_memory_and_sizes_are_those_of_a_process_with_models_and_of_files(found):
    small, large = found["sizes"]
    assert small["disk_bytes"] < large["disk_bytes"] and 0 < small["index_bytes"] < large["index_bytes"]
    for size in found["sizes"]:
        assert 50e6 < size["search_anonymous"] <= size["search_peak"] <= size["ask_peak"] < 4e9
        assert 0 < size["opening_seconds"] < size["first_question_seconds"]


def test_indexing_is_measured_beside_sentence_transformers(found):
    indexing = found["indexing"]
    assert indexing["passages"] == 12 and indexing["tokens"] > 12 * 10
    assert indexing["passages_per_second"] == pytest.approx(12 / indexing["seconds"], rel=1e-3)
    assert indexing["ratio"] == pytest.approx(indexing["encode_seconds"] / indexing["seconds"], rel=1e-3)


def test_the_tables_hold_every_size_and_stage(report):
    console = Console(file=io.StringIO(), width=120)
    for table in report.as_tables():
        console.print(table)
    shown = console.file.getvalue()
    words = ["100", "300", "95th centile", "recall@10", "1.000", *(stage.replace("_", " ") for stage in STAGES)]
    assert [word for word in words if word not in shown] == []


def test_a_figure_that_could_not_be_taken_is_left_out_and_said_so():
    without = Indexing(passages=10, tokens=100, seconds=2.0, encode_seconds=None, peak=None)
    assert without.ratio is None
    assert without.as_json()["ratio"] is None and without.as_json()["passages_per_second"] == 5.0


def test_centiles_are_of_the_whole_question():
    latency = Latency.of([{"embedding": n / 100, "signals": n / 100} for n in range(101)])
    assert (latency.median, latency.p95, latency.p99) == pytest.approx((1.0, 1.9, 1.98))
    assert latency.stages == pytest.approx({"embedding": 0.5, "signals": 0.5})


def test_what_a_measuring_process_fails_at_is_told(tmp_path):
    given = {"folder": str(tmp_path / "none"), "model": "all-MiniLM-L6-v2", "engine": "auto", "reader": False}
    with pytest.raises(QuothError, match="there is no library at"):
        processes.run("search", given | {"warm": ["a"], "questions": []}, lambda progress: None)
    with pytest.raises(QuothError, match=r"\(none\) ended with code 1.*KeyError"):
        processes.run("none", {}, lambda progress: None)
    with pytest.raises(QuothError, match=r"quoth ask failed: .*there is no library"):
        processes.asked_anew("a", tmp_path / "none", [])


def test_a_size_without_room_for_a_question_is_refused(towns, tmp_path):
    with pytest.raises(DatasetError, match="larger --sizes"):
        measure([towns], sizes=(1,), questions=5, folder=tmp_path)


def test_work_of_its_own_and_of_processes_it_waits_for_is_not_that_of_others():
    others = Others()
    others.add(None)
    assert others.cores is None and not others.disturb
    others.add(0.5)
    others.add(0.2)
    assert others.cores == 0.5 and others.disturb
    assert (others_now().cores or 0.0) >= 0.0


def test_memory_is_in_bytes():
    found = memory()
    if found:
        assert 20e6 < found["peak"] < 100e9
