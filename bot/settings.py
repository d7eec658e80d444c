"""What the operator sets for the bot, read from the environment and a ``.env`` file when asked for, never on import."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Literal, NoReturn, Self

from platformdirs import user_data_path
from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from yarl import URL

from bot.errors import TokenError
from bot.logs import LogFormat
from bot.shelf import DEFAULT_MEMORY
from bot.uploads import UploadLimits
from quoth.errors import PathError, SettingsError
from quoth.paths import at_home
from quoth.settings import DEFAULT_MODEL, ENV_FILE, EncoderEngine, check_spelling, fault

_UPLOADS = UploadLimits()
_MOST_SHARDS = 10_000
_LONGEST_TOKEN_FILE = 4096


def _shards(value: object) -> object:
    if not isinstance(value, str):
        return value
    shards: list[int] = []
    for part in value.split(","):
        first, dash, last = part.strip().partition("-")
        try:
            lowest, highest = int(first), int(last if dash else first)
        except ValueError:
            raise ValueError("it should be like 0,1 or 0-3") from None
        if len(shards) + highest - lowest >= _MOST_SHARDS:
            raise ValueError(f"it names more than {_MOST_SHARDS:,} shards; name those of this process")
        shards.extend(range(lowest, highest + 1))
    return tuple(shards)


class BotSettings(BaseSettings):
    """The bot's settings; the alias of each is its name in the environment."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE,
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    token: SecretStr = Field(default=SecretStr(""), alias="DISCORD_TOKEN")
    """The bot's token. It leaves this object only for Discord."""

    token_file: Path | None = Field(default=None, alias="DISCORD_TOKEN_FILE")
    """A file that holds the token, in its place: other processes of the same user can read this one's environment."""

    home: Path = Field(default_factory=lambda: user_data_path("quoth", appauthor=False), alias="QUOTH_HOME")
    """Where the libraries and the bot's own records lie."""

    model: str = Field(default=DEFAULT_MODEL, alias="QUOTH_MODEL")
    """Name or folder of the model that embeds."""

    encoder: EncoderEngine = Field(default="auto", alias="QUOTH_ENCODER")
    """What runs it: ONNX Runtime where it can, or sentence-transformers always (``torch``)."""

    reader: Path | None = Field(default=None, alias="QUOTH_READER")
    """Folder of a reader that ``quoth train reader`` made, in place of the one that ships."""

    api_base: str | None = Field(default=None, alias="DISCORD_API_BASE")
    """Base address of another Discord-compatible API, on this machine only."""

    gateway: str | None = Field(default=None, alias="DISCORD_GATEWAY")
    """Address of its gateway, on this machine only."""

    shard_count: int | None = Field(default=None, ge=1, alias="QUOTH_SHARD_COUNT")
    """How many shards all processes have together; Discord's advice where it is not set."""

    shard_ids: Annotated[tuple[int, ...] | None, NoDecode, BeforeValidator(_shards)] = Field(
        default=None, alias="QUOTH_SHARD_IDS"
    )
    """Which of them this process has; all where it is not set."""

    workers: int = Field(default=2, ge=1, le=64, alias="QUOTH_WORKERS")
    """Questions that are answered at the same time."""

    waiting: int = Field(default=64, ge=1, alias="QUOTH_WAITING")
    """Questions that may wait for their turn before further ones are told to come back."""

    cooldown: float = Field(default=3.0, ge=0, allow_inf_nan=False, alias="QUOTH_COOLDOWN")
    """Seconds between two questions of one person."""

    per_person: int = Field(default=2, ge=1, alias="QUOTH_PER_PERSON")
    """Questions that one person may have waiting."""

    open_libraries: int = Field(default=32, ge=1, alias="QUOTH_OPEN_LIBRARIES")
    """Libraries that are kept open."""

    memory_bytes: int = Field(default=DEFAULT_MEMORY, ge=1, alias="QUOTH_MEMORY_BYTES")
    """Bytes that all open libraries together may take between questions."""

    file_bytes: int = Field(default=_UPLOADS.file_bytes, ge=1, alias="QUOTH_FILE_BYTES")
    """Bytes that one uploaded file may have."""

    files: int = Field(default=_UPLOADS.files, ge=1, alias="QUOTH_FILES")
    """Files that one server may have."""

    passages: int = Field(default=_UPLOADS.passages, ge=1, alias="QUOTH_PASSAGES")
    """Passages that one server may have."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", alias="QUOTH_LOG_LEVEL")
    """How much is logged, to standard error."""

    log_format: LogFormat = Field(default="text", alias="QUOTH_LOG_FORMAT")
    """How logs are written: lines to read, or a JSON object a line."""

    monitor_port: int | None = Field(default=None, ge=1, le=65_535, alias="QUOTH_MONITOR_PORT")
    """Port on 127.0.0.1 for /healthz and /metrics; neither is served where it is not set."""

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("log_format", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("home", "reader", "token_file")
    @classmethod
    def _expanded(cls, value: Path | None) -> Path | None:
        try:
            return None if value is None else at_home(value).absolute()
        except PathError as error:
            raise ValueError(str(error)) from None

    @field_validator("api_base")
    @classmethod
    def _loopback_api(cls, value: str | None) -> str | None:
        return _loopback(value, ("http", "https"))

    @field_validator("gateway")
    @classmethod
    def _loopback_gateway(cls, value: str | None) -> str | None:
        return _loopback(value, ("ws", "wss"))

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled: the token would stand in it as it is."""
        raise TypeError("the bot's settings hold its token and are not written anywhere; read them anew instead")

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        if self.token_file is not None and self.token.get_secret_value().strip():
            raise ValueError(
                "DISCORD_TOKEN and DISCORD_TOKEN_FILE are both set, and only one of them can count; unset one"
            )
        if (self.api_base is None) != (self.gateway is None):
            missing, given = "DISCORD_API_BASE", "DISCORD_GATEWAY"
            if self.gateway is None:
                missing, given = given, missing
            raise ValueError(
                f"{given} is set and {missing} is not, so the token would go to two places; set both or neither"
            )
        if self.shard_ids is not None:
            if self.shard_count is None:
                raise ValueError("QUOTH_SHARD_IDS is set and QUOTH_SHARD_COUNT is not; set both or neither")
            wrong = [shard for shard in self.shard_ids if not 0 <= shard < self.shard_count]
            if wrong or not self.shard_ids or len(set(self.shard_ids)) != len(self.shard_ids):
                raise ValueError(
                    f"QUOTH_SHARD_IDS is {','.join(map(str, self.shard_ids))!r}; with QUOTH_SHARD_COUNT="
                    f"{self.shard_count} it should name different numbers from 0 to {self.shard_count - 1}"
                )
        return self

    @property
    def upload_limits(self) -> UploadLimits:
        """What a server may upload."""
        return UploadLimits(file_bytes=self.file_bytes, files=self.files, passages=self.passages)

    def usable_token(self) -> str:
        """Return the token.

        Raises:
            TokenError: there is none, or it can't be one, or its file can't be read.
        """
        if self.token_file is None:
            place, token = "DISCORD_TOKEN", self.token.get_secret_value().strip()
        else:
            place, token = f"the file {self.token_file}", _first_bytes(self.token_file).strip()
        if not token:
            raise TokenError(
                f"{place} is {'not set' if self.token_file is None else 'empty'}; put the bot's token, from the page "
                "Bot of your application in Discord's developer portal, into the environment, a file .env or a file of "
                "its own that DISCORD_TOKEN_FILE names"
            )
        if not token.isascii() or not token.isprintable() or " " in token:
            raise TokenError(
                f"{place} holds characters that no token has; copy the token anew from Discord's developer portal"
            )
        return token


def _first_bytes(path: Path) -> str:
    """Return what a file holds, as far as it could be a token."""
    try:
        with path.open("rb") as file:
            return file.read(_LONGEST_TOKEN_FILE).decode("utf-8", "replace")
    except OSError as error:
        raise TokenError(
            f"the file {path} that DISCORD_TOKEN_FILE names can't be read: {error.strerror}; correct the path, or let "
            "the account that runs the bot read it"
        ) from error


def _loopback(value: str | None, schemes: tuple[str, ...]) -> str | None:
    """Return the address without a slash at its end if it leads to this machine; the token is sent there."""
    if value is None or not value.strip():
        return None
    example = f"{schemes[0]}://127.0.0.1:8080"
    try:
        url = URL(value.strip())
        host = url.host or ""
    except ValueError:
        raise ValueError(f"{value!r} is no address; it should be like {example}") from None
    if url.scheme not in schemes or not host or url.query or url.fragment or url.user is not None:
        raise ValueError(f"{value!r} should be an address like {example}")
    if not _is_this_machine(host):
        raise ValueError(
            f"{value!r} is not on this machine, and the bot's token would be sent there; "
            f"only loopback addresses are accepted, like {example}"
        )
    return str(url).rstrip("/")


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_settings() -> BotSettings:
    """Return the bot's settings as the environment has them now.

    Raises:
        SettingsError: a value that can't be used.
    """
    try:
        check_spelling(str(field.alias) for field in BotSettings.model_fields.values())
        return BotSettings()
    except ValidationError as error:
        place = error.errors(include_input=False)[0]["loc"]
        # Without a place it is about several settings, which it names itself
        said = f"{place[0]}{fault(error)}; correct it or unset it" if place else fault(error).removeprefix(": ")
        raise SettingsError(said) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the file .env can't be read: {error}; correct it or move it away") from error
