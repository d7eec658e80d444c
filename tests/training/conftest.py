"""A small corpus and a tiny network, so that training is tested in seconds."""

import pytest
import torch
from transformers import BertConfig

from quoth.datasets import Dataset, GoldAnswer, Question, SourceText
from quoth.training.examples import GroupBuilder
from quoth.training.items import collect
from quoth.training.model import ReaderModel, load_tokenizer

TOWNS = {
    "Arden": ("1412", "the river Wye", "Marta Kell", "salt"),
    "Brill": ("1530", "Lake Soane", "John Ashby", "wool"),
    "Corvan": ("1688", "the Blue Hills", "Ines Duarte", "copper"),
    "Dellby": ("1701", "Cape Merrow", "Otto Lind", "glass"),
    "Estwick": ("1843", "the Grey Moor", "Paul Renner", "paper"),
    "Farrow": ("1899", "Port Selwyn", "Greta Vogel", "ships"),
}


@pytest.fixture(scope="session")
def tokenizer():
    return load_tokenizer()


@pytest.fixture(scope="session")
def dataset():
    """Six towns, each with a paragraph and four questions, and an unanswerable one."""
    documents, questions = {}, []
    for number, (town, (year, place, founder, trade)) in enumerate(TOWNS.items()):
        text = (
            f"{town} is an old town that lies near {place}. It was founded in {year} by {founder}, who later moved.\n"
            f"Most people of {town} lived by {trade} for a long time. In {year} there were only forty houses there."
        )
        key = f"d{number}"
        documents[key] = SourceText(key, f"Towns – {town}", text)
        asked = [
            (f"When was {town} founded?", year),
            (f"Who founded {town}?", founder),
            (f"What does {town} lie near?", place),
            (f"What did the people of {town} live by?", trade),
        ]
        for place_in_list, (question, answer) in enumerate(asked):
            gold = GoldAnswer(answer, key, text.index(answer))
            questions.append(Question(f"q{number}-{place_in_list}", question, True, (gold,), {key: 1.0}, key))
        questions.append(Question(f"q{number}-no", f"Who burned down {town}?", False, (), {}, key))
    return Dataset("towns", documents, questions)


@pytest.fixture(scope="session")
def collection(dataset, tokenizer):
    return collect([dataset], tokenizer)


@pytest.fixture(scope="session")
def builder(collection, tokenizer):
    return GroupBuilder(collection, tokenizer)


@pytest.fixture
def tiny_model():
    """Makes a two-layer network with random weights; the same after the same seed."""

    def make():
        config = BertConfig(
            hidden_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=32,
            max_position_embeddings=256,
        )
        return ReaderModel(config, dropout=0.1)

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield make
    torch.set_num_threads(threads)
