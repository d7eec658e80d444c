"""The systems that `peers.py` compares: each indexes units of text, is opened again from its folder, and is searched.

Each is as its own documentation has it, with the same MiniLM weights. What it imports is imported when it is used, so
that a new process imports nothing of another one's. Units are (owner, title, text); a result is (owner, text), best
first, of the text unit that the system returns.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

Unit = tuple[str, str, str]
Found = list[tuple[str, str]]

K = 10
"""How many units are asked for: five different documents are then nearly always among them."""


def joined(unit: Unit) -> str:
    """What a system is given of a unit that has no place for titles: the title, a line feed, the text."""
    _, title, text = unit
    return f"{title}\n{text}" if title else text


class Peer:
    """One system. ``splits`` says whether whole documents are parted by the system's own splitter."""

    label: ClassVar[str]
    default: ClassVar[str]
    """What is documented as its default and used here, for the table's notes."""

    def __init__(self, folder: Path, model: str) -> None:
        self.folder, self.model = folder, model
        self.units: Found = []

    def load(self) -> None:
        """Load the model, which indexing is not charged for."""

    def index(self, units: Sequence[Unit], *, split: bool) -> int:
        """Index units, whole documents to be parted where ``split``, onto the disk; return how many were embedded."""
        raise NotImplementedError

    def open(self) -> None:
        """Open what ``index`` left in the folder, in a new process; ``load`` was not called."""
        raise NotImplementedError

    def search(self, question: str) -> Found:
        """Return the best units."""
        raise NotImplementedError

    def _keep_units(self, units: Sequence[Unit]) -> None:
        self.units = [(unit[0], joined(unit)) for unit in units]
        (self.folder / "units.json").write_text(json.dumps(self.units))

    def _read_units(self) -> None:
        self.units = [(owner, text) for owner, text in json.loads((self.folder / "units.json").read_text())]


class Txtai(Peer):
    label = "txtai, hybrid"
    default = "Embeddings(path, hybrid=True); no splitter, what is too long for the model is cut off"

    def load(self) -> None:
        from txtai import Embeddings

        self.embeddings: Any = Embeddings(path=self.model, hybrid=True)

    def index(self, units: Sequence[Unit], *, split: bool) -> int:
        self._keep_units(units)
        self.embeddings.index([text for _, text in self.units])
        self.embeddings.save(str(self.folder / "index"))
        return len(units)

    def open(self) -> None:
        from txtai import Embeddings

        self._read_units()
        self.embeddings = Embeddings()
        self.embeddings.load(str(self.folder / "index"))

    def search(self, question: str) -> Found:
        return [self.units[row] for row, _ in self.embeddings.search(question, K)]


class Haystack(Peer):
    label = "Haystack, BM25 + embeddings"
    default = "DocumentSplitter() (200 words), in-memory store, DocumentJoiner by reciprocal rank"

    def load(self) -> None:
        from haystack_integrations.components.embedders.sentence_transformers import (
            SentenceTransformersDocumentEmbedder,
        )

        self.embedder: Any = SentenceTransformersDocumentEmbedder(
            model=self.model, meta_fields_to_embed=["title"], progress_bar=False
        )
        self.embedder.warm_up()

    def index(self, units: Sequence[Unit], *, split: bool) -> int:
        from haystack import Document
        from haystack.components.preprocessors import DocumentSplitter
        from haystack.document_stores.in_memory import InMemoryDocumentStore

        documents = [
            Document(id=str(row), content=text, meta={"owner": owner, "title": title})
            for row, (owner, title, text) in enumerate(units)
        ]
        if split:
            splitter = DocumentSplitter()
            splitter.warm_up()
            documents = splitter.run(documents=documents)["documents"]
        store = InMemoryDocumentStore()
        store.write_documents(self.embedder.run(documents=documents)["documents"])
        store.save_to_disk(str(self.folder / "store.json"))
        return len(documents)

    def open(self) -> None:
        from haystack import Pipeline
        from haystack.components.joiners import DocumentJoiner
        from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
        from haystack.document_stores.in_memory import InMemoryDocumentStore
        from haystack_integrations.components.embedders.sentence_transformers import SentenceTransformersTextEmbedder

        store = InMemoryDocumentStore.load_from_disk(str(self.folder / "store.json"))
        self.pipeline: Any = Pipeline()
        self.pipeline.add_component("embedder", SentenceTransformersTextEmbedder(model=self.model, progress_bar=False))
        self.pipeline.add_component("dense", InMemoryEmbeddingRetriever(store, top_k=K))
        self.pipeline.add_component("bm25", InMemoryBM25Retriever(store, top_k=K))
        self.pipeline.add_component("joiner", DocumentJoiner(join_mode="reciprocal_rank_fusion"))
        self.pipeline.connect("embedder.embedding", "dense.query_embedding")
        self.pipeline.connect("dense", "joiner")
        self.pipeline.connect("bm25", "joiner")

    def search(self, question: str) -> Found:
        given = {"embedder": {"text": question}, "bm25": {"query": question}}
        documents = self.pipeline.run(given)["joiner"]["documents"]
        return [(document.meta["owner"], document.content) for document in documents[:K]]


class LangChain(Peer):
    label = "LangChain, FAISS"
    default = "RecursiveCharacterTextSplitter(1000, 200) as in its tutorial, FAISS.from_documents"

    def load(self) -> None:
        from langchain_huggingface import HuggingFaceEmbeddings

        self.embeddings: Any = HuggingFaceEmbeddings(model_name=self.model)

    def index(self, units: Sequence[Unit], *, split: bool) -> int:
        from langchain_community.vectorstores import FAISS
        from langchain_core.documents import Document
        from langchain_text_splitters import RecursiveCharacterTextSplitter

        documents = [Document(page_content=joined(unit), metadata={"owner": unit[0]}) for unit in units]
        if split:
            splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
            documents = splitter.split_documents(documents)
        FAISS.from_documents(documents, self.embeddings).save_local(str(self.folder))
        return len(documents)

    def open(self) -> None:
        from langchain_community.vectorstores import FAISS

        self.load()
        # Its own format is a pickle; this one was written a moment ago by this program
        self.store: Any = FAISS.load_local(str(self.folder), self.embeddings, allow_dangerous_deserialization=True)

    def search(self, question: str) -> Found:
        found = self.store.similarity_search(question, k=K)
        return [(document.metadata["owner"], document.page_content) for document in found]


class LlamaIndex(Peer):
    label = "LlamaIndex, fusion"
    default = "SentenceSplitter() (1,024 tokens), QueryFusionRetriever of BM25 and FAISS, reciprocal_rerank, one query"

    def load(self) -> None:
        from llama_index.core import Settings
        from llama_index.core.llms import MockLLM
        from llama_index.embeddings.huggingface import HuggingFaceEmbedding

        # The retriever asks for a language model, which it does not use for a single query
        Settings.llm = MockLLM()
        Settings.embed_model = HuggingFaceEmbedding(model_name=self.model)

    def index(self, units: Sequence[Unit], *, split: bool) -> int:
        import faiss
        from llama_index.core import StorageContext, VectorStoreIndex
        from llama_index.core.node_parser import SentenceSplitter
        from llama_index.core.schema import Document, TextNode
        from llama_index.retrievers.bm25 import BM25Retriever
        from llama_index.vector_stores.faiss import FaissVectorStore

        if split:
            documents = [
                Document(text=joined(unit), metadata={"owner": unit[0]}, excluded_embed_metadata_keys=["owner"])
                for unit in units
            ]
            nodes = SentenceSplitter().get_nodes_from_documents(documents)
        else:
            nodes = [
                TextNode(text=joined(unit), metadata={"owner": unit[0]}, excluded_embed_metadata_keys=["owner"])
                for unit in units
            ]
        vectors = FaissVectorStore(faiss_index=faiss.IndexFlatIP(384))
        index = VectorStoreIndex(nodes, storage_context=StorageContext.from_defaults(vector_store=vectors))
        index.storage_context.persist(str(self.folder / "index"))
        BM25Retriever.from_defaults(nodes=nodes, similarity_top_k=K).persist(str(self.folder / "bm25"))
        return len(nodes)

    def open(self) -> None:
        from llama_index.core import StorageContext, load_index_from_storage
        from llama_index.core.retrievers import QueryFusionRetriever
        from llama_index.retrievers.bm25 import BM25Retriever
        from llama_index.vector_stores.faiss import FaissVectorStore

        self.load()
        folder = str(self.folder / "index")
        context = StorageContext.from_defaults(
            persist_dir=folder, vector_store=FaissVectorStore.from_persist_dir(folder)
        )
        dense = load_index_from_storage(context).as_retriever(similarity_top_k=K)
        self.retriever: Any = QueryFusionRetriever(
            [dense, BM25Retriever.from_persist_dir(str(self.folder / "bm25"))],
            similarity_top_k=K,
            num_queries=1,
            mode="reciprocal_rerank",
            use_async=False,
        )

    def search(self, question: str) -> Found:
        return [(found.node.metadata["owner"], found.node.get_content()) for found in self.retriever.retrieve(question)]


class PlainFaiss(Peer):
    label = "sentence-transformers + FAISS"
    default = "encode, IndexFlatIP; no splitter, what is too long for the model is cut off"

    def load(self) -> None:
        from sentence_transformers import SentenceTransformer

        self.encoder: Any = SentenceTransformer(self.model)

    def index(self, units: Sequence[Unit], *, split: bool) -> int:
        import faiss

        self._keep_units(units)
        vectors = self.encoder.encode([text for _, text in self.units], normalize_embeddings=True)
        flat = faiss.IndexFlatIP(vectors.shape[1])
        flat.add(vectors)
        faiss.write_index(flat, str(self.folder / "flat.faiss"))
        return len(units)

    def open(self) -> None:
        import faiss

        self.load()
        self._read_units()
        self.flat: Any = faiss.read_index(str(self.folder / "flat.faiss"))

    def search(self, question: str) -> Found:
        _, rows = self.flat.search(self.encoder.encode([question], normalize_embeddings=True), K)
        return [self.units[row] for row in rows[0].tolist() if row >= 0]


class Bm25s(Peer):
    label = "bm25s"
    default = "English stop words, PyStemmer's English stemmer, as in its README; no vectors, no splitter"

    def load(self) -> None:
        import bm25s
        import Stemmer

        self.bm25s: Any = bm25s
        self.stemmer = Stemmer.Stemmer("english")

    def _tokens(self, texts: list[str]) -> Any:
        return self.bm25s.tokenize(texts, stopwords="en", stemmer=self.stemmer, show_progress=False)

    def index(self, units: Sequence[Unit], *, split: bool) -> int:
        self._keep_units(units)
        retriever = self.bm25s.BM25()
        retriever.index(self._tokens([text for _, text in self.units]), show_progress=False)
        retriever.save(str(self.folder / "bm25"), show_progress=False)
        return len(units)

    def open(self) -> None:
        self.load()
        self._read_units()
        self.retriever = self.bm25s.BM25.load(str(self.folder / "bm25"), show_progress=False)

    def search(self, question: str) -> Found:
        k = min(K, len(self.units))
        rows, _ = self.retriever.retrieve(self._tokens([question]), k=k, show_progress=False)
        return [self.units[row] for row in rows[0].tolist()]


class Quoth(Peer):
    label = "Quoth, quotes"
    default = "Library.index, Library.ask; the unit is the first quote"

    def load(self) -> None:
        from quoth.encoder import Encoder

        self.encoder: Any = Encoder.load()

    def index(self, units: Sequence[Unit], *, split: bool) -> int:
        from quoth.library import Library

        corpus = self.folder.with_suffix(".jsonl")
        corpus.write_text(
            "".join(json.dumps({"_id": owner, "title": title, "text": text}) + "\n" for owner, title, text in units)
        )
        with Library.open(self.folder, encoder=self.encoder) as library:
            return library.index([corpus]).passages

    def open(self) -> None:
        from quoth.library import Library

        self.library: Any = Library.open(self.folder, create=False)

    def search(self, question: str) -> Found:
        answer = self.library.ask(question)
        # The quote first, then the documents in the order of their passages
        return [(quote.document, quote.text) for quote in answer.quotes[:1]] + [
            (passage.document, passage.text) for passage in answer.passages
        ]


class QuothSearch(Quoth):
    label = "Quoth, passages"
    default = "Library.search; the unit is the first passage"

    def search(self, question: str) -> Found:
        return [(passage.document, passage.text) for passage in self.library.search(question, k=K)]


PEERS: dict[str, type[Peer]] = {
    "quoth": Quoth,
    "quoth-search": QuothSearch,
    "txtai": Txtai,
    "haystack": Haystack,
    "langchain": LangChain,
    "llamaindex": LlamaIndex,
    "sentence-transformers": PlainFaiss,
    "bm25s": Bm25s,
}
