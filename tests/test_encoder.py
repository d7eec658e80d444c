"""The embedding model: the right weights, safely read, and vectors that mean what they should."""

from __future__ import annotations

import shutil
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from quoth import encoder as module
from quoth.encoder import Encoder, ModelIdentity
from quoth.errors import ModelError
from quoth.settings import DEFAULT_MODEL


def packaged() -> Path:
    return module.packaged_folder()


def copied(folder: Path, *, weights: bool = True) -> Path:
    """The packaged model in a folder of its own, which a test may damage."""
    ignored = shutil.ignore_patterns() if weights else shutil.ignore_patterns("*.safetensors")
    return Path(shutil.copytree(packaged(), folder, ignore=ignored))


@pytest.fixture(scope="module")
def weighted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model of three parts, the last of which (a dense layer) has weights of its own."""
    base = tmp_path_factory.mktemp("models")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch
        from sentence_transformers import SentenceTransformer, models
        from transformers import AutoTokenizer, BertConfig, BertModel

        torch.manual_seed(1)
        config = BertConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)
        BertModel(config).save_pretrained(base / "bert")
        AutoTokenizer.from_pretrained(str(packaged())).save_pretrained(base / "bert")
        transformer = models.Transformer(str(base / "bert"), max_seq_length=64)
        parts = [transformer, models.Pooling(16), models.Dense(16, 8)]
        SentenceTransformer(modules=parts, device="cpu").save(str(base / "weighted"))
    return base / "weighted"


def test_the_default_model_s_weights_are_checked_to_the_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = copied(tmp_path / "model")
    with (folder / "model.safetensors").open("r+b") as file:
        file.seek(-1000, 2)
        byte = file.read(1)[0]
        file.seek(-1000, 2)
        file.write(bytes([byte ^ 1]))
    monkeypatch.setattr(module, "packaged_folder", lambda: folder)
    with pytest.raises(ModelError, match="have the hash"):
        Encoder.load()


def test_weights_that_could_run_code_are_not_loaded(tmp_path: Path):
    folder = copied(tmp_path / "model", weights=False)
    # A pickle that would leave a file behind if it were loaded
    opened = tmp_path / "opened"
    (folder / "pytorch_model.bin").write_bytes(f"cbuiltins\nopen\n(V{opened}\nVw\ntR.".encode())
    with pytest.raises(ModelError, match=r"no model\.safetensors"):
        Encoder.load(str(folder))
    assert not opened.exists()


def test_a_pickle_beside_another_part_s_safetensors_is_not_loaded_either(weighted: Path, tmp_path: Path):
    folder = Path(shutil.copytree(weighted, tmp_path / "model"))
    opened = tmp_path / "opened"
    dense = next(folder.rglob("*Dense/model.safetensors"))
    dense.unlink()
    dense.with_name("pytorch_model.bin").write_bytes(f"cbuiltins\nopen\n(V{opened}\nVw\ntR.".encode())
    with pytest.raises(ModelError):
        Encoder.load(str(folder))
    assert not opened.exists()


@pytest.mark.parametrize("name", ["./nowhere", "/nowhere/at/all", "~/no such model"])
def test_a_folder_that_is_not_there_is_named_and_not_looked_for_on_the_network(name: str):
    with pytest.raises(ModelError, match="no model folder"):
        Encoder.load(name)


def test_a_folder_that_holds_no_model_is_refused(tmp_path: Path):
    with pytest.raises(ModelError, match=r"no model\.safetensors"):
        Encoder.load(str(tmp_path))
    (tmp_path / "model.safetensors").write_bytes(b"nonsense")
    with pytest.raises(ModelError, match="can't be loaded"):
        Encoder.load(str(tmp_path))


def test_an_identity_survives_its_record(encoder: Encoder):
    assert ModelIdentity.from_json(encoder.identity.to_json()) == encoder.identity
    assert encoder.identity.name == DEFAULT_MODEL
    assert encoder.identity.dimension == 384


@pytest.mark.parametrize("record", ["", "{}", "[]", '{"name": "a", "unknown": 1}'])
def test_a_damaged_record_of_an_identity_is_one_clear_error(record: str):
    with pytest.raises(ModelError, match="damaged"):
        ModelIdentity.from_json(record)


def test_a_model_s_identity_tells_its_weights_apart_in_whichever_part_they_differ(weighted: Path, tmp_path: Path):
    from safetensors.numpy import load_file, save_file

    hashes = {Encoder.load(str(weighted)).identity.weights_sha256}
    for number, path in enumerate(sorted(weighted.rglob("model.safetensors"))):
        folder = Path(shutil.copytree(weighted, tmp_path / str(number)))
        changed = folder / path.relative_to(weighted)
        save_file({key: value + 0.5 for key, value in load_file(changed).items()}, changed, {"format": "pt"})
        hashes.add(Encoder.load(str(folder)).identity.weights_sha256)
    assert len(hashes) == 3


# -- vectors

TEXTS = [f"Boat {n} sails to the harbour" + ", and on" * (n % 9) + "." for n in range(45)] + ["", "قایق به بندر رسید"]


def test_vectors_are_of_length_1(encoder: Encoder):
    for vectors in (encoder.encode_passages(TEXTS), encoder.encode_questions([*TEXTS, "where is it? " * 150])):
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_text_has_its_vector_in_whatever_order_and_company_it_comes(encoder: Encoder):
    vectors = encoder.encode_passages(TEXTS)
    np.testing.assert_array_equal(encoder.encode_passages(TEXTS[::-1])[::-1], vectors)
    np.testing.assert_array_equal(encoder.encode_passages([TEXTS[8]])[0], vectors[8])
    outlier = ["0 " * 200 + "\N{SNOWMAN}" * 20]
    np.testing.assert_array_equal(encoder.encode_passages([*outlier, TEXTS[8]])[1], vectors[8])


def test_no_texts_have_no_vectors(encoder: Encoder):
    assert encoder.encode_passages([]).shape == (0, 384)
    assert encoder.count_tokens([]) == []


def test_tokens_are_counted_to_the_end(encoder: Encoder):
    assert encoder.count_tokens(["boat " * 1000, ""]) == [1002, 2]


def test_the_end_of_a_long_question_counts(encoder: Encoder):
    start = "the boat sailed on " * 95
    one, other = encoder.encode_questions([start + "the lighthouse keeper", start + "the price of wheat in Persia"])
    assert encoder.count_tokens([start])[0] > encoder.identity.max_tokens
    assert float(one @ other) < 0.999


def longest_piece(encoder: Encoder, question: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Tokens of the longest piece that the model is given of a question."""
    given: list[str] = []
    encode = encoder._model.encode_questions

    def recording(pieces):
        given.extend(pieces)
        return encode(pieces)

    monkeypatch.setattr(encoder._model, "encode_questions", recording)
    encoder.encode_questions([question])
    assert "".join(given).split() == question.split() or "".join(given) == question
    return max(encoder.count_tokens(given))


def test_no_piece_of_an_even_question_is_longer_than_the_model_reads(encoder: Encoder, monkeypatch):
    assert longest_piece(encoder, "the boat sailed on " * 100, monkeypatch) <= encoder.identity.max_tokens


def test_no_piece_of_an_uneven_question_is_longer_than_the_model_reads(encoder: Encoder, monkeypatch):
    question = "中国的船在海上航行，" * 80 + "the boat sailed on " * 60
    assert longest_piece(encoder, question, monkeypatch) <= encoder.identity.max_tokens


# -- several threads


def test_threads_that_count_and_encode_at_once_get_what_they_would_get_alone(encoder: Encoder):
    questions, long = TEXTS[:5], ["boat " * 1000] * 2
    alone = encoder.encode_passages(TEXTS), encoder.encode_questions(questions), encoder.count_tokens(long)
    wrong: list[object] = []

    def repeat(count: int, use: Callable[[], object], is_right: Callable[[object], bool]) -> None:
        for _ in range(count):
            try:
                result = use()
                if not is_right(result):
                    wrong.append(result)
            except Exception as error:  # tokenizers raise several kinds when they are set while they work
                wrong.append(error)

    uses = [
        (2, lambda: encoder.encode_passages(TEXTS), lambda found: np.allclose(found, alone[0], atol=1e-5)),
        (15, lambda: encoder.encode_questions(questions), lambda found: np.allclose(found, alone[1], atol=1e-5)),
        (15, lambda: encoder.encode_questions(questions), lambda found: np.allclose(found, alone[1], atol=1e-5)),
        (60, lambda: encoder.count_tokens(long), lambda found: found == alone[2]),
    ]
    threads = [threading.Thread(target=repeat, args=use) for use in uses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_counting_tokens_does_not_touch_how_the_model_cuts_its_texts(encoder: Encoder):
    (before,) = encoder.encode_passages(["boat " * 1000])
    encoder.count_tokens(["boat " * 1000])
    (after,) = encoder.encode_passages(["boat " * 1000])
    np.testing.assert_array_equal(before, after)


def test_a_question_does_not_wait_for_passages(encoder: Encoder, monkeypatch: pytest.MonkeyPatch):
    begun, go_on = threading.Event(), threading.Event()
    encoder.encode_passages(TEXTS[:1])
    network = encoder._model._passages
    one = network._one

    def held_up(row):
        begun.set()
        assert go_on.wait(60)
        return one(row)

    monkeypatch.setattr(network, "_one", held_up)
    indexing = threading.Thread(target=encoder.encode_passages, args=(TEXTS,))
    indexing.start()
    assert begun.wait(60)
    try:
        assert encoder.encode_questions(["Where is the boat?"]).shape == (1, 384)
        assert indexing.is_alive()
    finally:
        go_on.set()
        indexing.join()


def test_asking_loads_no_network_for_passages():
    encoder = Encoder.load()
    encoder.encode_questions(["Where is the boat?"])
    encoder.count_tokens(["Where is the boat?"])
    assert encoder._model._passages is None


def test_in_sentence_transformers_a_question_waits_for_one_batch_of_passages_and_not_for_all(
    weighted: Path, monkeypatch: pytest.MonkeyPatch
):
    """The one who encodes passages stands behind a question that came meanwhile."""
    encoder = Encoder.load(str(weighted), "torch")
    order: list[str] = []
    begun, go_on = threading.Event(), threading.Event()
    encode = encoder._model.encode_passages

    def passages(texts):
        order.append("passages")
        begun.set()
        assert go_on.wait(60)
        return encode(texts)

    def questions(texts):
        order.append("question")
        return ask(texts)

    ask = encoder._model.encode_questions
    monkeypatch.setattr(encoder._model, "encode_passages", passages)
    monkeypatch.setattr(encoder._model, "encode_questions", questions)
    indexing = threading.Thread(target=encoder.encode_passages, args=(TEXTS * 4,))
    indexing.start()
    assert begun.wait(60)
    asking = threading.Thread(target=encoder.encode_questions, args=(["Where is the boat?"],))
    asking.start()
    deadline = time.monotonic() + 10
    while not encoder._next.locked() and time.monotonic() < deadline:
        pass
    # The question holds the door, so that the next batch can't overtake it
    at_the_door = encoder._next.locked()
    go_on.set()
    for thread in (indexing, asking):
        thread.join()
    assert at_the_door
    assert order[:2] == ["passages", "question"]
    assert order.count("passages") > 2
