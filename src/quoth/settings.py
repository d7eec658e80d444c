"""Settings from the environment and a ``.env`` file, read when asked for and never on import."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from platformdirs import user_data_path
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from quoth.errors import SettingsError

DEFAULT_MODEL = "all-MiniLM-L6-v2"
"""The encoder that comes with an installed package."""

EncoderEngine = Literal["auto", "torch"]
"""What runs an encoder: ONNX Runtime where it can, or sentence-transformers always."""


class Settings(BaseSettings):
    """What the environment sets: each name with the prefix ``QUOTH_``."""

    model_config = SettingsConfigDict(env_prefix="QUOTH_", env_file=".env", env_file_encoding="utf-8", extra="ignore")

    home: Path = Field(default_factory=lambda: user_data_path("quoth", appauthor=False))
    """Where libraries lie (``QUOTH_HOME``)."""

    model: str = DEFAULT_MODEL
    """Name or folder of the sentence-transformers model that embeds (``QUOTH_MODEL``)."""

    encoder: EncoderEngine = "auto"
    """What runs it (``QUOTH_ENCODER``): ONNX Runtime where it can, or sentence-transformers always (``torch``)."""

    reader: Path | None = None
    """Folder of a reader that ``quoth train reader`` made (``QUOTH_READER``), in place of the one that ships."""

    @field_validator("reader", mode="before")
    @classmethod
    def _unset(cls, value: object) -> object:
        return None if value == "" else value

    @property
    def local_library(self) -> Path:
        """The library that the command line uses unless another is named."""
        return self.home.expanduser() / "local"


def read_settings() -> Settings:
    """Return the settings as the environment has them now.

    Raises:
        SettingsError: a value that can't be used.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "QUOTH_" + "_".join(str(part) for part in first["loc"]).upper()
        raise SettingsError(f"{name} is {first['input']!r}: {first['msg']}; correct it or unset it") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the file .env can't be read: {error}; correct it or move it away") from error
