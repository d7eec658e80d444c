"""Folders that bring code along: models, data and databases whose every way to run something is a canary.

A canary writes a file. Wherever one is planted the folder is refused, with words that say what to do, or what is
planted lies there untouched; no canary ever runs.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import runpy
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import numpy as np
import pytest
from safetensors.numpy import save_file

from bot.records import Records
from quoth.compiled import load_compiled
from quoth.datasets import read_dataset
from quoth.encoder import Encoder
from quoth.errors import DatasetError, ModelError, NotALibraryError, QuothError
from quoth.index.blocks import BlockWriter
from quoth.index.sealed import Seal, SealedIndex, UnsealedError
from quoth.library import Library
from quoth.model_files import packaged_folder
from quoth.onnx_model import CARD, GRAPH, PASSAGE_GRAPH, Card, Graphs
from quoth.reader import Reader
from quoth.settings import read_settings
from quoth.store.connection import FILE_NAME, open_database
from quoth.store.distrust import distrust
from quoth.store.salvage import salvage
from quoth.store.schema import MIGRATIONS

OWN = "sentence_transformers.models"


class Canary:
    """What a pickle runs when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return os.mkdir, (str(self.path),)


class Cage:
    """Makes canaries, and knows whether one ran."""

    def __init__(self, folder: Path) -> None:
        self.sung = folder / "sung"

    @property
    def code(self) -> str:
        return f"open({str(self.sung)!r}, 'w').close()\nclass Canary: pass\n"

    @property
    def pickle(self) -> bytes:
        return pickle.dumps(Canary(self.sung))

    @property
    def shell(self) -> str:
        return f"$(touch {self.sung}) `touch {self.sung}`"


@pytest.fixture
def cage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cage]:
    cage = Cage(tmp_path_factory.mktemp("cage"))
    yield cage
    assert not cage.sung.exists(), "a canary ran"


def test_the_canaries_can_sing(cage, tmp_path):
    """Else all that follows would show nothing."""
    (tmp_path / "canary.py").write_text(cage.code)
    runpy.run_path(str(tmp_path / "canary.py"))
    assert cage.sung.is_file()
    cage.sung.unlink()
    pickle.loads(cage.pickle)
    assert cage.sung.is_dir()
    cage.sung.rmdir()


# -- models that embed


@pytest.fixture
def model(tmp_path: Path, cage: Cage) -> Path:
    """A folder as sentence-transformers writes one, with canaries that nothing in it names."""
    folder = tmp_path / "model"
    (folder / "1_Pooling").mkdir(parents=True)
    parts = [{"path": "", "type": f"{OWN}.Transformer"}, {"path": "1_Pooling", "type": f"{OWN}.Pooling"}]
    listed(folder, parts)
    (folder / "1_Pooling" / "config.json").write_text('{"word_embedding_dimension": 4}')
    (folder / "config.json").write_text('{"model_type": "bert", "vocab_size": 9, "hidden_size": 4}')
    save_file({"weight": np.zeros((2, 4), np.float32)}, folder / "model.safetensors")
    for name in ("canary.py", "modeling_canary.py", "setup.py", "conftest.py", "1_Pooling/__init__.py"):
        (folder / name).write_text(cage.code)
    for name in ("pytorch_model.bin", "model.pkl", "training_args.bin", "optimizer.pt"):
        (folder / name).write_bytes(cage.pickle)
    return folder


def listed(folder: Path, parts: list[dict[str, str]]) -> None:
    (folder / "modules.json").write_text(
        json.dumps([{"idx": n, "name": str(n)} | part for n, part in enumerate(parts)])
    )


@pytest.mark.parametrize("kind", ["modeling_canary.Canary", "canary.Canary", "os.path.join", "transformers.Canary"])
@pytest.mark.parametrize("engine", ["auto", "torch"])
def test_a_model_that_names_a_class_of_its_own_is_refused(model, kind, engine):
    listed(model, [{"path": "", "type": f"{OWN}.Transformer"}, {"path": "1_Pooling", "type": kind}])
    with pytest.raises(ModelError, match=r"brings code of its own .* name a model that is made of"):
        Encoder.load(str(model), engine)


def test_a_model_whose_router_names_a_class_of_its_own_is_refused(model):
    (model / "1_Pooling" / "router_config.json").write_text(
        json.dumps({"types": {"query_0_Canary": "modeling_canary.Canary"}, "structure": {"query": ["query_0_Canary"]}})
    )
    with pytest.raises(ModelError, match="brings code of its own"):
        Encoder.load(str(model))


@pytest.mark.parametrize("place", ["../elsewhere", "/etc", "1_Pooling/../../elsewhere"])
def test_a_model_a_part_of_which_lies_elsewhere_is_refused(model, place):
    listed(model, [{"path": "", "type": f"{OWN}.Transformer"}, {"path": place, "type": f"{OWN}.Dense"}])
    with pytest.raises(ModelError, match=r"lies elsewhere .* copy all of it"):
        Encoder.load(str(model))


def test_a_part_with_pickled_weights_alone_is_refused(model, cage):
    (model / "2_Dense").mkdir()
    (model / "2_Dense" / "pytorch_model.bin").write_bytes(cage.pickle)
    with pytest.raises(ModelError, match=r"are a pickle, .* save the model anew"):
        Encoder.load(str(model))


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "model.ckpt", "model.pkl", "model.h5"])
def test_a_model_with_weights_in_another_format_alone_is_refused(model, cage, name):
    (model / "model.safetensors").unlink()
    (model / name).write_bytes(cage.pickle)
    with pytest.raises(ModelError, match="weights in other formats can run code"):
        Encoder.load(str(model))


@pytest.mark.parametrize("text", ["", "[" * 100_000, "[1]", '{"a": 1}', "[{}]", "9" * 5000, "\udcff"])
def test_a_list_of_parts_that_is_none_is_refused(model, text):
    (model / "modules.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ModelError, match="lists no parts of a model"):
        Encoder.load(str(model))


@pytest.mark.parametrize("named", ["config.json", "tokenizer_config.json"])
def test_a_model_whose_settings_name_code_is_refused_by_the_model_libraries_too(model, named, capfd):
    """The one way that is left to them: ``auto_map``, with a type of network that they don't have."""
    ways = dict.fromkeys(("AutoConfig", "AutoModel", "AutoTokenizer"), "modeling_canary.Canary")
    config = {"model_type": "canary", "auto_map": ways, "tokenizer_class": "Canary"}
    (model / named).write_text(json.dumps(config))
    with pytest.raises(ModelError, match=r"can't be loaded: .*; give the name or folder"):
        Encoder.load(str(model))
    assert "[y/N]" not in "".join(capfd.readouterr()), "nobody is asked whether to run it"


# -- graphs


def graph(*, location: str | None = None, domain: str = "") -> bytes:
    """A network that adds a weight, which lies in a file where ``location`` says so, by an operation of ``domain``."""
    from onnx import TensorProto, helper, numpy_helper

    weight = numpy_helper.from_array(np.zeros(4, np.float32), "weight")
    if location is not None:
        weight.ClearField("raw_data")
        weight.data_location = TensorProto.EXTERNAL
        for key, value in (("location", location), ("length", "16")):
            entry = weight.external_data.add()
            entry.key, entry.value = key, value
    sides = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [4]) for name in ("tokens", "vector")]
    node = helper.make_node("Add", ["tokens", "weight"], ["vector"], domain=domain)
    made = helper.make_model(
        helper.make_graph([node], "canary", sides[:1], sides[1:], [weight]),
        opset_imports=[helper.make_opsetid("", 17), *([helper.make_opsetid(domain, 1)] if domain else [])],
        ir_version=9,
    )
    return bytes(made.SerializeToString())


@pytest.fixture(params=["beside", "../outside", "absolute", "operation"])
def hostile(request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A graph that would read a file, or call what no ONNX Runtime has."""
    (tmp_path / "at").mkdir()
    monkeypatch.chdir(tmp_path / "at")
    for path in (tmp_path / "at" / "beside", tmp_path / "outside", tmp_path / "absolute"):
        path.write_bytes(bytes(16))
    if request.param == "operation":
        return graph(domain="canary.ops")
    return graph(location=str(tmp_path / "absolute") if request.param == "absolute" else request.param)


def test_a_reader_whose_graph_wants_more_than_itself_is_refused(hostile, tmp_path):
    folder = tmp_path / "at"
    (folder / "reader.onnx").write_bytes(hostile)
    (folder / "reader.json").write_text(json.dumps({"sha256": hashlib.sha256(hostile).hexdigest()}))
    with pytest.raises(ModelError, match=r"(?s)can't be run: .*; train it again, or name"):
        Reader.load(folder)


def test_a_reader_that_is_a_pickle_or_whose_card_is_none_is_refused(cage, tmp_path):
    (tmp_path / "reader.onnx").write_bytes(cage.pickle)
    for card in (json.dumps({"sha256": hashlib.sha256(cage.pickle).hexdigest()}), "[" * 100_000, "9" * 5000, "[]"):
        (tmp_path / "reader.json").write_text(card)
        with pytest.raises(ModelError, match="train it again, or name the folder of another"):
            Reader.load(tmp_path)


def test_a_compiled_encoder_that_wants_more_than_itself_is_not_used(hostile, tmp_path, caplog):
    folder = tmp_path / "at"
    vocabulary = (packaged_folder() / "tokenizer.json").read_text("utf-8")
    card = Card(Graphs(hostile, hostile).sha256(vocabulary), "canary", "0" * 64, "mean", 32, 4, "", "", (), ())
    for name in (GRAPH, PASSAGE_GRAPH):
        (folder / name).write_bytes(hostile)
    (folder / "tokenizer.json").write_text(vocabulary, "utf-8")
    (folder / CARD).write_text(card.to_json())
    assert load_compiled(folder) is None
    assert "can't be used" in caplog.text and "made anew" in caplog.text


def test_a_compiled_encoder_that_is_a_pickle_is_not_used(cage, tmp_path, caplog):
    for name in (GRAPH, PASSAGE_GRAPH, CARD, "tokenizer.json"):
        (tmp_path / name).write_bytes(cage.pickle)
    (tmp_path / "encoder.py").write_text(cage.code)
    assert load_compiled(tmp_path) is None
    assert "made anew" in caplog.text


# -- the sealed index


def seal_of(path: Path, passages: int, codes: int = 64) -> Seal:
    arrays = {
        "ids": np.arange(passages),
        "document_ids": np.arange(passages),
        "vector_ids": np.arange(passages),
        "lengths": np.ones(passages, np.uint32),
        "centroids": np.zeros((4, 16, 2), np.float32),
        "codes": np.zeros(codes, np.uint8),
        "terms": np.zeros(1, np.uint32),
        "term_starts": np.zeros(2, np.int64),
        "term_most": np.zeros(1, np.float32),
        "rows": np.zeros(1, np.int32),
        "counts": np.zeros(1, np.uint8),
    }
    writer = BlockWriter(path, {name: (array.dtype, array.shape) for name, array in arrays.items()})
    for name, array in arrays.items():
        writer.mapped(name)[...] = array
    return Seal(path.name, 1, 1, passages, writer.finish())


@pytest.mark.parametrize(
    ("part", "wrong"),
    [
        ("ids", ["|O", [1], 0]),
        ("ids", ["<U9", [1], 0]),
        ("ids", ["<i8", [-1], 0]),
        ("ids", ["<i8", [1], -8]),
        ("ids", ["<i8", [10**12], 0]),
        ("ids", "canary"),
    ],
)
def test_the_record_of_a_sealed_index_that_tells_of_no_numbers_counts_as_none(tmp_path, part, wrong):
    sealed = seal_of(tmp_path / "a.sealed", 32, 64)
    record = json.loads(sealed.to_json())
    assert Seal.from_json(json.dumps(record)) == sealed
    record["contents"]["parts"][part] = wrong
    assert Seal.from_json(json.dumps(record)) is None


@pytest.mark.parametrize("file", ["../a.sealed", "/etc/passwd", "b/../a.sealed"])
def test_the_record_of_a_sealed_index_elsewhere_counts_as_none(tmp_path, file):
    record = json.loads(seal_of(tmp_path / "a.sealed", 32).to_json())
    assert Seal.from_json(json.dumps(record | {"file": file})) is None


def test_a_sealed_index_with_fewer_codes_than_passages_is_refused_before_faiss_reads_on_behind_them(tmp_path):
    sealed = seal_of(tmp_path / "a.sealed", 32, 64)
    assert SealedIndex(tmp_path, sealed).size == 32
    with pytest.raises(UnsealedError, match=r"codes of fewer than 33 passages.*run: quoth index"):
        SealedIndex(tmp_path, seal_of(tmp_path / "b.sealed", 33, 64))


def test_a_sealed_index_that_is_a_pickle_is_refused(cage, tmp_path):
    sealed = seal_of(tmp_path / "a.sealed", 32)
    (tmp_path / "a.sealed").write_bytes(cage.pickle)
    with pytest.raises(UnsealedError, match="run: quoth index"):
        SealedIndex(tmp_path, sealed)


# -- databases


@pytest.fixture
def library(tmp_path: Path, encoder: Encoder) -> Path:
    """A library's folder with one document."""
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "ferry.txt").write_text("The ferry to Hormuz Island leaves every forty minutes.")
    with Library.open(tmp_path / "library", encoder=encoder) as library:
        library.index([tmp_path / "papers"])
    return tmp_path / "library"


def plant(path: Path, *statements: str) -> None:
    connection = apsw.Connection(str(path))
    for statement in statements:
        connection.execute(statement)
    connection.close()


def texts(folder: Path) -> list[object]:
    connection = apsw.Connection(str(folder / FILE_NAME), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return [text for (text,) in connection.execute("SELECT text FROM document")]
    finally:
        connection.close()


VIRTUAL = "CREATE VIRTUAL TABLE planted USING fts5(words)"


def written_as(sql: str) -> tuple[str, ...]:
    """Return how a virtual table is planted whose statement stands in the file as no SQLite would write it."""
    return (
        VIRTUAL,
        "PRAGMA writable_schema = ON",
        f"UPDATE sqlite_master SET sql = '{sql} TABLE planted USING fts5(words)' WHERE name = 'planted'",
    )


PLANTED = {
    "trigger": ("CREATE TRIGGER planted AFTER INSERT ON root BEGIN DELETE FROM document; END",),
    "trigger that reads": (
        "CREATE TRIGGER planted AFTER UPDATE ON meta BEGIN UPDATE document SET text = 'changed'; END",
    ),
    "view": ("CREATE VIEW planted AS SELECT load_extension('/tmp/canary.so')",),
    "virtual table": (VIRTUAL,),
    "virtual table after two blanks": written_as("CREATE  VIRTUAL"),
    "virtual table after a comment": written_as("create/* TABLE */VIRTUAL"),
    "virtual table after a line's comment": written_as("CREATE--\nVirtual"),
}


@pytest.mark.parametrize("statements", PLANTED.values(), ids=PLANTED)
def test_a_library_with_something_planted_in_its_schema_is_refused_and_nothing_of_it_runs(
    library, encoder, statements, tmp_path
):
    before = texts(library)
    plant(library / FILE_NAME, *statements)
    for _ in range(2):
        with pytest.raises(NotALibraryError, match=r"'planted', which Quoth did not make .* restore a backup"):
            Library.open(library, encoder=encoder)
    assert texts(library) == before
    # What can be read without running anything still can
    assert salvage(library, tmp_path / "saved").documents == 1


def test_a_library_of_an_older_schema_with_something_planted_is_refused_before_it_is_migrated(tmp_path):
    folder = tmp_path / "old"
    folder.mkdir()
    plant(folder / FILE_NAME, MIGRATIONS[0], "PRAGMA application_id = 1366642548", "PRAGMA user_version = 1")
    with open_database(folder, create=False) as whole:
        assert whole.pragma("user_version") == len(MIGRATIONS)
    whole.close()
    (folder / FILE_NAME).unlink()
    plant(folder / FILE_NAME, MIGRATIONS[0], "PRAGMA application_id = 1366642548", "PRAGMA user_version = 1")
    plant(folder / FILE_NAME, "CREATE TRIGGER planted AFTER DELETE ON document BEGIN DELETE FROM root; END")
    with pytest.raises(NotALibraryError, match="'planted'"):
        open_database(folder, create=False)


def test_a_database_s_tables_can_call_nothing_that_acts_nor_its_schema_be_written(library, cage):
    def sing(*_: object) -> None:
        cage.sung.touch()

    connection = apsw.Connection(str(library / FILE_NAME))
    connection.create_scalar_function("sing", sing, 1, deterministic=True)
    connection.execute("CREATE TABLE planted (a, b GENERATED ALWAYS AS (sing(a)) VIRTUAL)")
    connection.execute("INSERT INTO planted VALUES (1)")
    cage.sung.unlink()
    connection.close()
    connection = apsw.Connection(str(library / FILE_NAME))
    connection.create_scalar_function("sing", sing, 1, deterministic=True)
    distrust(connection)
    with pytest.raises(apsw.CorruptError, match="unsafe use of sing"):
        connection.execute("SELECT b FROM planted").fetchall()
    connection.close()
    opened = open_database(library, create=False)
    for statement, refusal in (
        ("PRAGMA writable_schema = 1; UPDATE sqlite_master SET sql = sql", "may not be modified"),
        ("SELECT load_extension('/tmp/canary.so')", "not authorized"),
    ):
        with pytest.raises(apsw.SQLError, match=refusal):
            opened.execute(statement).fetchall()
    opened.close()


def test_the_bot_s_records_with_something_planted_are_refused_and_their_own_trigger_is_not(tmp_path):
    path = tmp_path / "bot.db"
    Records.open(path).close()
    Records.open(path).close()
    own = "CREATE TRIGGER wording_of_answer AFTER DELETE ON answer BEGIN DELETE FROM guild_settings; END"
    for statements in (PLANTED["view"], ["DROP VIEW planted", "DROP TRIGGER wording_of_answer", own]):
        plant(path, *statements)
        with pytest.raises(NotALibraryError, match="which Quoth did not make"):
            Records.open(path)


@pytest.mark.parametrize("ending", ["", "-wal", "-shm", "-journal"])
@pytest.mark.parametrize("there", [True, False], ids=["another file", "no file"])
def test_a_database_that_is_a_link_is_refused_and_what_it_leads_to_stays_as_it_is(library, encoder, ending, there):
    victim = library.parent / "victim.py"
    if there:
        victim.write_bytes((library / FILE_NAME).read_bytes() if not ending else b"# mine\n")
    before = victim.read_bytes() if there else None
    part = library / (FILE_NAME + ending)
    part.unlink(missing_ok=True)
    part.symlink_to(victim)
    for use in (
        lambda: Library.open(library, encoder=encoder),
        lambda: salvage(library, library.parent / "saved"),
    ):
        with pytest.raises(QuothError):
            use()
    with pytest.raises(NotALibraryError, match=r"is a link, .* put the file itself there"):
        Library.open(library, encoder=encoder)
    assert (victim.read_bytes() if victim.exists() else None) == before


@pytest.mark.parametrize("ending", ["", "-wal"])
def test_the_bot_s_records_that_are_a_link_are_refused(tmp_path, ending):
    (tmp_path / f"bot.db{ending}").symlink_to(tmp_path / "victim")
    with pytest.raises(NotALibraryError, match="is a link"):
        Records.open(tmp_path / "bot.db")
    assert not (tmp_path / "victim").exists()


def test_a_library_whose_folder_is_a_link_is_used(library, encoder):
    """An operator's own way to put libraries on another disk."""
    (library.parent / "linked").symlink_to(library)
    with Library.open(library.parent / "linked", encoder=encoder) as opened:
        assert opened.ask("How often does the ferry leave?").quotes


# -- folders of documents and sets


def test_of_a_folder_of_documents_no_code_is_run_and_no_hidden_file_or_link_out_of_it_indexed(
    tmp_path, encoder, cage, monkeypatch
):
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "ferry.txt").write_text("The ferry to Hormuz Island leaves every forty minutes.")
    for name in ("setup.py", "conftest.py", "sitecustomize.py", "lxml.py", "__init__.py"):
        (folder / name).write_text(cage.code)
    for name in ("data.pkl", "weights.pt", "vectors.npy", "library.faiss"):
        (folder / name).write_bytes(cage.pickle)
    (folder / "Makefile").write_text(f"all:\n\ttouch {cage.sung}\n")
    (folder / "set.yaml").write_text(f"!!python/object/apply:os.system ['touch {cage.sung}']\n")
    (folder / ".env").write_text(f"DISCORD_TOKEN=very-secret-token\nQUOTH_HOME={cage.shell}\n")
    (tmp_path / "private.txt").write_text("very-secret-token")
    (folder / "private.txt").symlink_to(tmp_path / "private.txt")
    # Started from there, as people do
    monkeypatch.chdir(folder)
    with Library.open(tmp_path / "library", encoder=encoder) as library:
        library.index([Path()])
        assert [document.name for document in library.documents()] == ["ferry.txt"]
    assert b"very-secret-token" not in (tmp_path / "library" / FILE_NAME).read_bytes()


def test_a_file_of_settings_is_text_and_runs_nothing(cage, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("QUOTH_HOME", raising=False)
    (tmp_path / ".env").write_text(f"QUOTH_HOME='{cage.shell}'\nQUOTH_MODEL={cage.shell}\nexport PATH=/canary\n")
    settings = read_settings()
    assert str(settings.home) == cage.shell and settings.model == cage.shell


@pytest.fixture
def dataset(tmp_path: Path, cage: Cage) -> Path:
    folder = tmp_path / "set"
    (folder / "qrels").mkdir(parents=True)
    (folder / "corpus.jsonl").write_text('{"_id": "d", "title": "", "text": "The ferry leaves."}\n')
    (folder / "queries.jsonl").write_text('{"_id": "q", "text": "What leaves?"}\n')
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq\td\t1\n")
    for name in ("set.py", "__init__.py", "conftest.py"):
        (folder / name).write_text(cage.code)
    for name in ("corpus.pkl", "dataset.arrow", "cache.npz", "state.json"):
        (folder / name).write_bytes(cage.pickle)
    for name in ("dataset_infos.yaml", "README.md"):
        (folder / name).write_text(f"---\na: !!python/object/apply:os.system ['touch {cage.sung}']\n---\n")
    return folder


def test_of_a_set_nothing_but_its_three_files_is_read(dataset):
    assert [question.id for question in read_dataset(dataset).questions] == ["q"]


@pytest.mark.parametrize("name", ["corpus.jsonl", "queries.jsonl", "qrels/test.tsv"])
def test_a_set_a_file_of_which_is_a_link_out_of_it_is_refused(dataset, name):
    outside = dataset.parent / "outside"
    (dataset / name).rename(outside)
    (dataset / name).symlink_to(outside)
    with pytest.raises(DatasetError, match="leads out of the set's folder; copy the file there"):
        read_dataset(dataset)


@pytest.mark.parametrize("line", ["[" * 200_000, '{"_id": ' + "9" * 5000 + "}"])
def test_a_set_that_would_end_the_parser_is_refused(dataset, line):
    (dataset / "corpus.jsonl").write_text(line + "\n")
    with pytest.raises(DatasetError, match="not JSON that can be read"):
        read_dataset(dataset)
    (dataset.parent / "squad.json").write_text(line)
    with pytest.raises(DatasetError, match="not JSON that can be read"):
        read_dataset(dataset.parent / "squad.json")


# -- training


def test_a_checkpoint_that_is_a_pickle_is_refused(cage, tmp_path):
    from quoth.training.checkpoint import load
    from quoth.training.train import CHECKPOINT

    path = tmp_path / CHECKPOINT
    with zipfile.ZipFile(tmp_path / "torch.zip", "w") as whole:
        # As torch.save writes it
        whole.writestr("archive/data.pkl", cage.pickle)
    for data in (cage.pickle, (tmp_path / "torch.zip").read_bytes()):
        path.write_bytes(data)
        with pytest.raises(ModelError, match=r"can't be read: .*; begin anew in another folder"):
            load(path, None)  # type: ignore[arg-type]


@pytest.mark.parametrize("facts", ["[" * 100_000, "9" * 5000, "[]", "{}", '{"step": "canary"}', None])
def test_a_checkpoint_whose_facts_are_none_is_refused(tmp_path, facts):
    from quoth.training.checkpoint import load

    metadata = {"format": "1"} | ({} if facts is None else {"facts": facts})
    save_file({"rng": np.zeros(1, np.uint8)}, tmp_path / "checkpoint", metadata)
    with pytest.raises(ModelError, match=r"can't be read: .*; begin anew in another folder"):
        load(tmp_path / "checkpoint", None)  # type: ignore[arg-type]


def test_a_run_s_note_that_is_a_pickle_is_refused(cage, tmp_path):
    from quoth.training.start import FILE_NAME as NOTE
    from quoth.training.start import Start
    from quoth.training.train import CHECKPOINT

    for name in (CHECKPOINT, NOTE):
        (tmp_path / name).write_bytes(cage.pickle)
    with pytest.raises(ModelError, match="begin anew in another folder"):
        Start.of(tmp_path, None)


def test_mined_negatives_that_are_a_pickle_are_mined_anew(cage, tmp_path):
    from quoth.training.items import _mined

    cache = tmp_path / "negatives.npz"
    np.savez(tmp_path / "object.npz", key=np.array([Canary(cage.sung)], dtype=object))
    for data in (cage.pickle, (tmp_path / "object.npz").read_bytes()):
        cache.write_bytes(data)
        assert _mined([], [], [], [], cache) == []
        with np.load(cache, allow_pickle=False) as written:
            assert "counts" in written
