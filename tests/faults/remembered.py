"""An encoder's passages, noted once, so that a process which is killed soon need not load the model again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from quoth.encoder import Encoder, Model, ModelIdentity, Vectors


@dataclass(slots=True)
class Noted:
    """What a model said of texts: their tokens and their vectors. Travels between processes."""

    identity: ModelIdentity
    tokens: dict[str, int] = field(default_factory=dict)
    vectors: dict[str, Vectors] = field(default_factory=dict)


class _Noting:
    """A model that notes what it says, or says what was noted where there is none."""

    one_at_a_time = False

    def __init__(self, noted: Noted, model: Model | None) -> None:
        self._noted, self._model = noted, model

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        if self._model is not None:
            self._noted.tokens |= zip(texts, self._model.count_tokens(texts), strict=True)
        return [self._noted.tokens[text] for text in texts]

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        if self._model is not None:
            self._noted.vectors |= zip(texts, self._model.encode_passages(texts), strict=True)
        return np.stack([self._noted.vectors[text] for text in texts])

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        raise NotImplementedError("it was asked no question")


def noting(encoder: Encoder) -> tuple[Encoder, Noted]:
    """Return an encoder that notes what ``encoder`` says, and the notes."""
    noted = Noted(encoder.identity)
    return Encoder(_Noting(noted, encoder._model), encoder.identity), noted


def remembering(noted: Noted) -> Encoder:
    """Return an encoder that says what was noted."""
    return Encoder(_Noting(noted, None), noted.identity)
