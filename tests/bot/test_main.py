"""Settings, exit codes, logs that show no secret, and the end of the process."""

from __future__ import annotations

import asyncio
import io
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock

import discord
import discord.http
import pytest

from bot.__main__ import ExitCode, main, read_arguments
from bot.answering import Question, answer_question
from bot.errors import ClosingError
from bot.logs import WORDY_LOGGERS, start_logging
from bot.settings import BotSettings, read_settings
from bot.shelf import Shelf
from bot.wording import Wording
from quoth.encoder import Encoder
from quoth.errors import ModelError, SettingsError
from tests.bot.conftest import MakeBot, settings_for

BOT_TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcdE.abcdefghijklmnopqrstuvwxyz0123456789AB"
INTERACTION_TOKEN = "aW50ZXJhY3Rpb246MTIzNDU2Nzg5MDEyMzQ1Njc4OkFiQ2RFZkdoSWpLbE1u"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("DISCORD_TOKEN", "DISCORD_API_BASE", "DISCORD_GATEWAY", "QUOTH_SHARD_COUNT", "QUOTH_SHARD_IDS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("QUOTH_HOME", str(tmp_path / "home"))


@pytest.fixture
def logs() -> Iterator[io.StringIO]:
    """All that is logged at DEBUG, as the operator sees it."""
    stream = io.StringIO()
    root = logging.getLogger()
    level = root.level
    handler = start_logging("DEBUG", BOT_TOKEN, stream)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)
    for name in WORDY_LOGGERS:
        logging.getLogger(name).setLevel(logging.NOTSET)


# -- the token


@pytest.mark.parametrize("token", ["", "   ", "two words", "línea", "line\nbreak"])
def test_a_token_that_is_missing_or_none_ends_in_one_sentence_and_its_own_code(
    token: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", token)
    assert main() == ExitCode.NO_TOKEN == 3
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "DISCORD_TOKEN" in error
    assert not token.strip() or token not in error


@pytest.mark.parametrize(
    ("code", "words"), [(4010, "correct QUOTH_SHARD_IDS"), (4011, "raise QUOTH_SHARD_COUNT"), (4004, "copy it anew")]
)
def test_a_close_code_that_only_the_operator_can_mend_ends_in_one_sentence_and_is_not_tried_again(
    code: int, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def closed(*_: object) -> ExitCode:
        socket = Mock(close_code=code)
        raise discord.ConnectionClosed(socket, shard_id=0)

    monkeypatch.setenv("DISCORD_TOKEN", BOT_TOKEN)
    monkeypatch.setattr("bot.__main__.serve", closed)
    for name in ("start_logging", "persist"):
        monkeypatch.setattr(f"bot.__main__.{name}", lambda *_, **__: None)
    assert main() == (ExitCode.NO_TOKEN if code == 4004 else ExitCode.UNUSABLE)
    (sentence,) = capsys.readouterr().err.splitlines()
    assert words in sentence and BOT_TOKEN not in sentence


def test_the_token_comes_from_a_file_too(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"DISCORD_TOKEN={BOT_TOKEN}\n")
    settings = read_settings()
    assert settings.usable_token() == BOT_TOKEN
    assert BOT_TOKEN not in repr(settings) and BOT_TOKEN not in str(settings.model_dump())


def test_a_reader_of_ones_own_is_named_by_a_setting_and_has_to_be_whole(monkeypatch, tmp_path, encoder):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QUOTH_READER", "")
    assert read_settings().reader is None
    monkeypatch.setenv("QUOTH_READER", "readers/support")
    folder = read_settings().reader
    assert folder == tmp_path / "readers" / "support"
    with pytest.raises(ModelError, match=r"readers/support/reader\.onnx can't be read"):
        Shelf(tmp_path, encoder=encoder, reader=folder).load()


def test_a_bad_setting_beside_the_token_does_not_show_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", BOT_TOKEN)
    monkeypatch.setenv("DISCORD_API_BASE", "http://127.0.0.1:1")
    assert main() == ExitCode.UNUSABLE == 2
    error = capsys.readouterr().err
    assert "DISCORD_GATEWAY" in error and BOT_TOKEN not in error


# -- where the token is sent


@pytest.mark.parametrize(
    "host",
    [
        "discord.example",
        "10.0.0.1",
        "127.0.0.1.example.org",
        "127.0.0.1@example.org",
        "localhost.example.org",
        "0.0.0.0",
        "[2001:db8::1]",
        "",
    ],
)
def test_the_token_is_never_sent_beyond_this_machine(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", BOT_TOKEN)
    base = discord.http.Route.BASE
    for api, gateway in ((f"http://{host}/api", "ws://127.0.0.1:1"), ("http://127.0.0.1:1", f"ws://{host}/")):
        monkeypatch.setenv("DISCORD_API_BASE", api)
        monkeypatch.setenv("DISCORD_GATEWAY", gateway)
        with pytest.raises(SettingsError, match=r"127\.0\.0\.1"):
            read_settings()
        assert main() == ExitCode.UNUSABLE
    assert base == discord.http.Route.BASE


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:1", "[::1]:5", "127.9.9.9"])
def test_a_server_on_this_machine_is_accepted(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_API_BASE", f"http://{host}/api/v10/")
    monkeypatch.setenv("DISCORD_GATEWAY", f"ws://{host}")
    settings = read_settings()
    assert settings.api_base == f"http://{host}/api/v10"


@pytest.mark.parametrize("name", ["DISCORD_API_BASE", "DISCORD_GATEWAY"])
def test_one_address_without_the_other_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    scheme = "http" if name == "DISCORD_API_BASE" else "ws"
    monkeypatch.setenv(name, f"{scheme}://127.0.0.1:1")
    with pytest.raises(SettingsError, match="set both or neither"):
        read_settings()


# -- other settings


def test_what_other_programs_set_is_no_setting_of_the_bots(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    expected = read_settings()
    for name, value in (("HOME", str(tmp_path)), ("TOKEN", "x"), ("MODEL", "x"), ("READER", "x"), ("FILES", "1")):
        monkeypatch.setenv(name, value)
    settings = read_settings()
    assert settings.home != tmp_path and not settings.token
    assert (settings.model, settings.reader, settings.files) == (expected.model, expected.reader, expected.files)


@pytest.mark.parametrize("name", [str(field.alias) for field in BotSettings.model_fields.values()])
def test_a_setting_that_is_empty_is_as_one_that_is_not_there(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(name, raising=False)
    expected = read_settings()
    monkeypatch.setenv(name, "")
    assert read_settings() == expected


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("QUOTH_WORKERS", "many", "QUOTH_WORKERS is 'many' and should be a whole number; correct it or unset it"),
        ("QUOTH_WORKERS", "0", "QUOTH_WORKERS is '0' and should be 1 or more; correct it or unset it"),
        ("QUOTH_COOLDOWN", "x", "QUOTH_COOLDOWN is 'x' and should be a number; correct it or unset it"),
        ("QUOTH_ENCODER", "x", "QUOTH_ENCODER is 'x' and should be 'auto' or 'torch'; correct it or unset it"),
        ("QUOTH_COLDOWN", "3", "QUOTH_COLDOWN is no setting; did you mean QUOTH_COOLDOWN? Correct it or unset it"),
    ],
)
@pytest.mark.parametrize("in_file", [False, True])
def test_what_is_wrong_with_a_setting_is_said_in_plain_words(
    name: str, value: str, words: str, in_file: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    if in_file:
        (tmp_path / ".env").write_text(f"{name}={value}\n")
    else:
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as raised:
        read_settings()
    assert str(raised.value) == words


def test_shards_can_be_a_list_or_a_range(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUOTH_SHARD_COUNT", "6")
    for text, shards in (("0", (0,)), ("0,2, 4", (0, 2, 4)), ("1-3", (1, 2, 3)), ("0-1,5", (0, 1, 5))):
        monkeypatch.setenv("QUOTH_SHARD_IDS", text)
        assert read_settings().shard_ids == shards


@pytest.mark.parametrize("text", ["6", "x", "1,1", "-1", "3-1", "0-999999999", "0-9999,0-9999", f"0-{10**30}"])
def test_shards_that_can_not_be_are_refused_in_words(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUOTH_SHARD_COUNT", "6")
    monkeypatch.setenv("QUOTH_SHARD_IDS", text)
    with pytest.raises(SettingsError, match="QUOTH_SHARD_IDS"):
        read_settings()


@pytest.mark.parametrize("name", ["QUOTH_HOME", "QUOTH_READER", "DISCORD_TOKEN_FILE"])
def test_the_home_of_nobody_is_refused_in_words(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "~nobody-of-this-name/quoth")
    with pytest.raises(SettingsError, match=f"{name}.*'~nobody-of-this-name/quoth' names the home of a user"):
        read_settings()


@pytest.mark.parametrize("text", ["inf", "nan", "-1"])
def test_a_cooldown_that_is_no_number_of_seconds_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUOTH_COOLDOWN", text)
    with pytest.raises(SettingsError, match="QUOTH_COOLDOWN"):
        read_settings()


# -- logs


def test_no_token_is_logged_in_any_form(logs: io.StringIO) -> None:
    log = logging.getLogger("somewhere")
    log.info("Authorization: Bot %s", BOT_TOKEN)
    log.debug("POST https://discord.com/api/v10/interactions/123/%s/callback?with_response=1", INTERACTION_TOKEN)
    log.debug("PATCH /webhooks/123/%s/messages/@original", INTERACTION_TOKEN)
    log.debug("event %s", {"id": "1", "token": INTERACTION_TOKEN})
    log.debug('event {"token": "%s", "type": 2}', INTERACTION_TOKEN)
    log.debug("bare %s", INTERACTION_TOKEN)
    try:
        raise ValueError(f"/webhooks/1/{INTERACTION_TOKEN}/x {BOT_TOKEN}")
    except ValueError:
        log.exception("failed")
    text = logs.getvalue()
    assert BOT_TOKEN not in text and INTERACTION_TOKEN not in text
    assert text.count("[hidden]") >= 8 and "callback?with_response=1" in text


def test_requests_and_events_are_never_logged_whole_even_at_debug(logs: io.StringIO) -> None:
    for name in ("discord.http", "discord.gateway", "discord.webhook.async_"):
        logging.getLogger(name).debug("what somebody asked: %s", "a private question")
    assert "private question" not in logs.getvalue()


def test_ordinary_lines_are_logged_as_they_are(logs: io.StringIO) -> None:
    logging.getLogger("bot").info("ready in %d servers as %s", 3, "Quoth#0")
    assert logs.getvalue().endswith("INFO    bot: ready in 3 servers as Quoth#0\n")


def test_a_start_warns_of_no_missing_library_for_voice(monkeypatch: pytest.MonkeyPatch, request) -> None:
    monkeypatch.setattr(discord.VoiceClient, "warn_nacl", True)
    monkeypatch.setattr(discord.VoiceClient, "warn_dave", True)
    logs: io.StringIO = request.getfixturevalue("logs")
    discord.Client(intents=discord.Intents(guilds=True))
    assert logs.getvalue() == ""
    logging.getLogger("discord.client").warning("something else")
    assert "something else" in logs.getvalue()


# -- the beginning


def test_help_says_where_settings_come_from_and_arguments_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for given, code in (["--help"], 0), (["--tokne", "x"], 2):
        with pytest.raises(SystemExit) as ended:
            read_arguments(given)
        assert ended.value.code == code
    printed = capsys.readouterr()
    assert "DISCORD_TOKEN" in printed.out and "--tokne" in printed.err


def test_a_reader_that_is_not_there_is_found_before_discord_is_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], encoder: Encoder
) -> None:
    async def login(*_: object) -> None:
        raise AssertionError("Discord was asked")

    monkeypatch.setattr(Encoder, "load", classmethod(lambda cls, *_: encoder))
    monkeypatch.setattr(discord.Client, "login", login)
    monkeypatch.setenv("DISCORD_TOKEN", BOT_TOKEN)
    monkeypatch.setenv("QUOTH_READER", "nowhere")
    assert main() == ExitCode.UNUSABLE
    assert "nowhere" in capsys.readouterr().err


# -- the end


async def test_a_stop_waits_for_replies_in_flight(make_bot: MakeBot) -> None:
    order: list[str] = []
    async with make_bot() as bot:
        begun, may_end = asyncio.Event(), asyncio.Event()

        async def reply() -> None:
            async with bot.working():
                begun.set()
                await may_end.wait()
                order.append("reply")

        replying = asyncio.create_task(reply())
        await begun.wait()
        stopping = asyncio.create_task(bot.stop())
        for _ in range(20):
            await asyncio.sleep(0)
        assert not bot.is_closed()
        may_end.set()
        await stopping
        order.append("stopped")
        await replying
    assert order == ["reply", "stopped"] and bot.is_closed()


async def test_a_stop_tells_those_whose_questions_do_not_finish(
    make_bot: MakeBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, bool]] = []
    begun, may_end = threading.Event(), threading.Event()

    def never_ready(*_: object, **__: object) -> None:
        begun.set()
        may_end.wait(30)

    async with make_bot(workers=1) as bot:
        monkeypatch.setattr(bot.shelf, "ask", never_ready)

        async def ask(person: int) -> None:
            async with bot.working():
                with pytest.raises(ClosingError) as raised:
                    await answer_question(bot, Question(Wording("Who?", "Who?"), None, channel=1, asker=person))
                told.append((str(raised.value), bot.is_closed()))

        asking = [asyncio.create_task(ask(person)) for person in (1, 2)]
        await asyncio.to_thread(begun.wait, 30)
        try:
            await bot.stop(patience=0.01)
        finally:
            may_end.set()
        await asyncio.gather(*asking)
    assert len(told) == 2
    for words, was_closed in told:
        assert "restarting" in words and not was_closed


async def test_a_stop_gives_up_what_does_not_end(
    make_bot: MakeBot, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.client.LAST_WORDS", 0.01)
    async with make_bot() as bot, bot.working():
        await bot.stop(patience=0.01)
        assert bot.is_closed()
    assert "given up" in caplog.text


async def test_closing_twice_is_closing_once(make_bot: MakeBot) -> None:
    async with make_bot() as bot:
        await asyncio.gather(bot.close(), bot.close())
        await bot.close()


def test_settings_for_tests_read_nothing_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("QUOTH_WORKERS", "33")
    assert settings_for(tmp_path).workers != 33
