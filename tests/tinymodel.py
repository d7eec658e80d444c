"""An encoder of a few thousand weights, which sentence-transformers loads and Quoth compiles in a second."""

from __future__ import annotations

import warnings
from pathlib import Path

from quoth import model_files


def write_tiny_model(base: Path) -> Path:
    """Write a model with prompts, a pooling of another kind and a dense layer below ``base`` and return its folder."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch
        from sentence_transformers import SentenceTransformer, models
        from transformers import AutoTokenizer, BertConfig, BertModel

        torch.manual_seed(2)
        # Weights this large let every token count; as they begin otherwise, all texts have nearly one vector
        shape = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
        config = BertConfig(**shape, initializer_range=0.5)
        BertModel(config).save_pretrained(base / "bert")
        AutoTokenizer.from_pretrained(str(model_files.packaged_folder())).save_pretrained(base / "bert")
        parts = [
            models.Transformer(str(base / "bert"), max_seq_length=32),
            models.Pooling(16, "cls"),
            models.Dense(16, 8),
        ]
        prompts = {"query": "ask: ", "document": "read: "}
        SentenceTransformer(modules=parts, device="cpu", prompts=prompts).save(str(base / "tiny"))
    return base / "tiny"
