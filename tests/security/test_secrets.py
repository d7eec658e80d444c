"""The bot's token and those of interactions stand nowhere: in no log, file, page, process or pickle.

The bot runs as its own process over a fake Discord, with the finest logs that there are, through answers, failures and
its end; then everything that it wrote is searched. Its secrets have parts that can be told anywhere.
"""

from __future__ import annotations

import asyncio
import copy
import io
import json
import logging
import os
import pickle
import signal
import socket
import sys
import threading
import traceback
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import discord
import pytest

WIRE = Path(__file__).parents[1] / "bot" / "wire"
sys.path.insert(0, str(WIRE))

from botprocess import BotProcess  # noqa: E402
from fakediscord import CALLBACK, CHANNEL_MESSAGES, MANAGE_GUILD, ORDINARY, ORIGINAL, FakeDiscord, Interaction, Person  # noqa: E402  # noqa: E402
from port import QUESTION, QUOTED, SEEDS  # noqa: E402

from bot.__main__ import ExitCode, main  # noqa: E402
from bot.errors import TokenError  # noqa: E402
from bot.logs import WORDY_LOGGERS, DiscreetHandler, last_words, start_logging  # noqa: E402
from bot.settings import BotSettings, read_settings  # noqa: E402
from quoth.encoder import Encoder  # noqa: E402
from quoth.errors import SettingsError  # noqa: E402
from quoth.library import Library  # noqa: E402

ALL = os.environ.get("QUOTH_FAULTS") == "all"

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcdE.BoTsEcReT-klmnopqrstuvwxyz0123456789AB"
SECRETS = ("BoTsEcReT", "SeCrEt")
"""Parts of the bot's token, and of every interaction's."""

WORDY = "import sys, bot.logs; bot.logs.WORDY_LOGGERS = (); import bot.__main__ as it; sys.exit(it.main())"
"""Starts the bot with the loggers of discord.py that write whole requests at DEBUG as well."""


def told(text: str | bytes) -> list[str]:
    """The secrets in a text."""
    whole = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
    return [secret for secret in SECRETS if secret.encode() in whole]


# -- the whole bot


class House:
    """A fake Discord with a server, and a bot's data."""

    def __init__(self, fake: FakeDiscord, folder: Path, encoder: Encoder) -> None:
        self.fake, self.folder, self.home = fake, folder, folder / "home"
        folder.mkdir()
        self.owner = Person("owner", permissions=ORDINARY | MANAGE_GUILD)
        self.guild = fake.add_guild("harbour", self.owner)
        with Library.open(self.home / "guilds" / str(self.guild.id), encoder=encoder) as library:
            library.index([SEEDS])
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    @asynccontextmanager
    async def bot(self, *, wordy: bool, **settings: str) -> AsyncIterator[BotProcess]:
        """A bot that is ready, and ends at the latest with what is done with it."""
        command = (sys.executable, "-c", WORDY) if wordy else (sys.executable, "-m", "bot")
        bot = await BotProcess.start(
            self.folder,
            command=command,
            DISCORD_API_BASE=self.fake.api_base,
            DISCORD_GATEWAY=self.fake.gateway_url,
            QUOTH_HOME=str(self.home),
            QUOTH_LOG_LEVEL="DEBUG",
            QUOTH_MONITOR_PORT=str(self.port),
            # asyncio and aiohttp say all that they can, and a crash where it was
            PYTHONDEVMODE="1",
            PYTHONASYNCIODEBUG="1",
            PYTHONFAULTHANDLER="1",
            **settings,
        )
        try:
            await bot.ready(self.fake)
            yield bot
        finally:
            if bot.running:
                bot.signal(signal.SIGKILL)
                await bot.ended()

    async def live(self) -> None:
        """Go through what a bot meets: answers, buttons, files, and Discord's refusals and failures."""
        fake, channel = self.fake, self.guild.channels[0]
        asked = await fake.command(Person("one"), channel, "ask", question=QUESTION)
        reply = await fake.finished(asked)
        assert QUOTED in reply.text
        await fake.finished(await fake.press(Person("two"), reply, "In context"))
        adding = await fake.command(
            self.owner,
            channel,
            "library add",
            files=[("ferries.html", b"<p>The ferry leaves every hour.</p>")],
        )
        told_of = await fake.finished(adding)
        await fake.until(lambda: "Added: ferries.html" in told_of.text, "the file is added")
        statuses = (400, 401, 403, 404, 500) if ALL else (404, 500)
        for method, path in (("POST", CALLBACK), ("PATCH", ORIGINAL)):
            for status in statuses:
                # As often as discord.py tries
                fault = fake.fault(method, path, status=status, times=5 if status == 500 and ALL else 1)
                await fake.command(Person("three"), channel, "ask", question=QUESTION)
                await fake.until(lambda fault=fault: fault.arrived.is_set(), f"{method} meets {status}", 60)
        fault = fake.fault("PATCH", ORIGINAL, drop=True)
        await fake.command(Person("four"), channel, "ask", question=QUESTION)
        await fake.until(fault.arrived.is_set, "a connection is cut", 60)
        fault = fake.fault("POST", CHANNEL_MESSAGES, status=403)
        await fake.say(Person("five"), channel, f"<@{fake.bot.id}> {QUESTION}", mention=True)
        await fake.until(fault.arrived.is_set, "a message is refused", 60)
        for fault in fake.rest.faults:
            fault.times = 0
        last = await fake.finished(await fake.command(Person("six"), channel, "ask", question=QUESTION), 60)
        assert QUOTED in last.text
        assert len(fake.rest.interactions) >= 6

    async def pages(self) -> str:
        """What the monitoring port says, to whoever asks it for anything."""
        texts = []
        async with aiohttp.ClientSession() as session:
            for method, path in (
                ("GET", "healthz"),
                ("GET", "metrics"),
                ("GET", ""),
                ("POST", "metrics"),
                ("GET", "%"),
            ):
                async with session.request(method, f"http://127.0.0.1:{self.port}/{path}") as response:
                    texts.append(f"{response.headers} {await response.text()}")
        assert "quoth_questions_total" in texts[1]
        return "\n".join(texts)

    def files(self) -> list[Path]:
        return [path for path in self.folder.rglob("*") if path.is_file()]


def family(pid: int) -> list[int]:
    """A process and what it started, by ids."""
    found = [pid]
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(status.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == pid:
            found.append(int(status.parent.name))
    return found


def shown_by_the_system(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("shape", ["as Discord's", "opaque"])
async def test_no_secret_stands_in_anything_that_the_bot_writes_or_shows(
    shape: str, tmp_path: Path, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once as it is, in JSON, its token in a file; once with discord.py's wordy loggers open, up to a crash."""
    opaque = shape == "opaque"
    if opaque:
        # What no pattern knows by its own look
        monkeypatch.setattr(Interaction, "token", property(lambda self: f"zz{self.id}-SeCrEt-{self.id % 7}"))
    async with FakeDiscord(token=TOKEN) as fake:
        house = House(fake, tmp_path / "house", encoder)
        kept = tmp_path / "token"
        kept.write_text(TOKEN + "\n")
        given = {"DISCORD_TOKEN": TOKEN} if opaque else {"DISCORD_TOKEN_FILE": str(kept), "QUOTH_LOG_FORMAT": "json"}
        async with house.bot(wordy=opaque, **given) as bot:
            await house.live()
            processes = family(bot.pid)
            assert len(processes) > 1, "reading ferries.html took another process"
            for pid in processes:
                assert not told(shown_by_the_system(pid, "cmdline") + shown_by_the_system(pid, "comm"))
                # What the operator started it with can't be taken back from it; nobody inherits it
                if pid != bot.pid or not opaque:
                    assert not told(shown_by_the_system(pid, "environ"))
            assert not told(await house.pages())
            if opaque:
                bot.signal(signal.SIGSEGV)
                assert await bot.ended() == -signal.SIGSEGV
                assert "Fatal Python error" in bot.log
            else:
                assert await bot.stop() == 0
    log = bot.log
    if opaque:
        # That there was something to hide: discord.py wrote addresses and bodies
        assert log.count("[hidden]") > 10 and "/callback" in log and "WebSocket Event" in log
    else:
        # Before them Python's development mode says what it thinks of discord.py's imports
        assert sum("level" in json.loads(line) for line in log.splitlines() if line.startswith("{")) > 10
    assert not told(log), [line for line in log.splitlines() if told(line)][:3]
    files = house.files()
    assert {"bot.db", "library.sqlite"} <= {path.name for path in files}
    assert not [path for path in files if told(path.read_bytes())]


@pytest.mark.skipif(not ALL, reason="a second start takes seconds; QUOTH_FAULTS=all runs it")
async def test_no_secret_stands_in_the_last_words_of_a_bot_that_is_refused(tmp_path: Path) -> None:
    async with FakeDiscord(token="MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcdE.another-token-than-the-one-that-is-sent") as fake:
        refused = await BotProcess.start(
            tmp_path,
            command=(sys.executable, "-c", WORDY),
            DISCORD_TOKEN=TOKEN,
            DISCORD_API_BASE=fake.api_base,
            DISCORD_GATEWAY=fake.gateway_url,
            QUOTH_HOME=str(tmp_path / "home"),
            QUOTH_LOG_LEVEL="DEBUG",
            PYTHONDEVMODE="1",
        )
        assert await refused.ended(120) == ExitCode.NO_TOKEN
    assert "DISCORD_TOKEN" in refused.log and not told(refused.log)


# -- settings


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("DISCORD_TOKEN", "DISCORD_TOKEN_FILE", "DISCORD_API_BASE", "DISCORD_GATEWAY"):
        monkeypatch.delenv(name, raising=False)


def test_settings_show_no_token_however_they_are_written(monkeypatch):
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    settings = read_settings()
    assert settings.usable_token() == TOKEN
    shown = [
        repr(settings),
        str(settings),
        repr(vars(settings)),
        settings.model_dump_json(),
        str(settings.model_dump()),
    ]
    shown += [f"{settings.token}", repr(settings.token), str(settings.model_dump(mode="json")), str(dict(settings))]
    assert not told("\n".join(shown))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_settings_are_not_pickled(monkeypatch, protocol):
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    with pytest.raises(TypeError, match="hold its token and are not written"):
        pickle.dumps(read_settings(), protocol)


def test_settings_can_be_copied(monkeypatch):
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    settings = read_settings()
    for same in (copy.copy(settings), copy.deepcopy(settings), settings.model_copy()):
        assert same.usable_token() == TOKEN


def test_the_token_may_stand_in_a_file_of_its_own(monkeypatch, tmp_path):
    path = tmp_path / "token"
    path.write_text(f"  {TOKEN}\r\n")
    monkeypatch.setenv("DISCORD_TOKEN_FILE", str(path))
    settings = read_settings()
    assert settings.usable_token() == TOKEN
    assert not told(f"{settings!r} {settings.model_dump()} {settings.model_dump_json()}")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "can't be read: No such file"),
        (b"", "is empty; put the bot's token"),
        (b"two words", "holds characters that no token has"),
        (b"\xff\xfe" + TOKEN.encode(), "holds characters that no token has"),
        (f"{TOKEN}\n{TOKEN}\n".encode(), "holds characters that no token has"),
    ],
)
def test_a_file_without_a_token_is_refused_in_words_without_what_it_holds(content, said, monkeypatch, tmp_path):
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv("DISCORD_TOKEN_FILE", str(path))
    with pytest.raises(TokenError, match=said) as refused:
        read_settings().usable_token()
    assert not told(str(refused.value))


def test_two_places_for_the_token_are_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    monkeypatch.setenv("DISCORD_TOKEN_FILE", str(tmp_path / "token"))
    with pytest.raises(SettingsError, match="both set, and only one of them can count; unset one") as refused:
        read_settings()
    assert not told(str(refused.value))


@pytest.mark.parametrize("name", sorted({str(field.alias) for field in BotSettings.model_fields.values()}))
def test_a_token_behind_another_setting_s_name_is_not_shown(name, monkeypatch, capsys):
    """Copied into the wrong line: the sentence about it names the line, not the token."""
    if name in ("DISCORD_TOKEN", "QUOTH_HOME", "QUOTH_MODEL", "QUOTH_READER", "DISCORD_TOKEN_FILE"):
        pytest.skip("any text can be a value of it, and what is wrong with it shows later")
    monkeypatch.setenv("DISCORD_TOKEN", "a.b.c")
    monkeypatch.setenv(name, TOKEN)
    assert main() == ExitCode.UNUSABLE
    printed = "".join(capsys.readouterr())
    assert name in printed and not told(printed)


def test_the_bot_s_environment_loses_the_token_before_it_starts_anything(monkeypatch):
    seen: list[str | None] = []

    async def serve(*_: object) -> ExitCode:
        seen.append(os.environ.get("DISCORD_TOKEN"))
        return ExitCode.STOPPED

    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    monkeypatch.setattr("bot.__main__.serve", serve)
    monkeypatch.setattr("bot.__main__.start_logging", lambda *_, **__: None)
    assert main() == ExitCode.STOPPED
    assert seen == [None]


# -- logs


@pytest.fixture(params=["text", "json"])
def logs(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """All that is logged at DEBUG, and what Python says by itself."""
    stream = io.StringIO()
    root = logging.getLogger()
    level, before = root.level, root.handlers[:]
    handler = start_logging("DEBUG", TOKEN, stream, form=request.param)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)
    assert root.handlers == before
    for name in WORDY_LOGGERS:
        logging.getLogger(name).setLevel(logging.NOTSET)


ADDRESS = "https://discord.com/api/v10/webhooks/12/zzSeCrEt/messages/@original?thread_id=1"
CALLED = "https://discord.com/api/v10/interactions/12/zz%2FSeCrEt/callback"


class Response:
    """What discord.py's errors take of aiohttp's response."""

    status, reason = 404, "Not Found"
    url = ADDRESS


def failures() -> Iterator[BaseException]:
    """Errors of the libraries beneath that hold addresses with tokens."""
    import yarl
    from multidict import CIMultiDict, CIMultiDictProxy

    headers = CIMultiDictProxy(CIMultiDict({"Authorization": f"Bot {TOKEN}"}))
    for address in (ADDRESS, CALLED):
        url = yarl.URL(address)
        info = aiohttp.RequestInfo(url, "PATCH", headers, url)
        yield aiohttp.ClientResponseError(info, (), status=500, message=f"PATCH {url}", headers=headers)
        yield aiohttp.ContentTypeError(info, (), message=str(url), headers=headers)
        yield aiohttp.InvalidURL(url)
        yield aiohttp.ServerTimeoutError(f"Timeout on reading data from {url!r}")
        yield discord.HTTPException(Response(), {"message": f"{address} and {TOKEN}", "code": 10015})
        yield discord.NotFound(Response(), f"{CALLED} {{'token': 'zzSeCrEt'}}")
        yield OSError(f"Cannot connect to {address} with {headers}")


@pytest.mark.parametrize("error", list(failures()), ids=lambda error: type(error).__name__)
def test_an_error_that_holds_an_address_or_a_header_is_logged_without_the_tokens_in_it(logs, error):
    log = logging.getLogger("aiohttp.client")
    try:
        try:
            raise error
        except type(error) as cause:
            raise RuntimeError(f"while sending to {CALLED}") from cause
    except RuntimeError as failed:
        log.exception("failed: %r", failed.__cause__)
        log.debug("%s", {"url": ADDRESS, "headers": f"Bot {TOKEN}", "token": "zzSeCrEt"})
        # As a debugger or a collector of crashes writes it
        shown = traceback.TracebackException.from_exception(failed, capture_locals=True)
        log.error("".join(shown.format()))
    assert "[hidden]" in logs.getvalue() and not told(logs.getvalue())


def test_a_record_that_can_t_be_written_is_not_printed_with_what_it_holds(logs, capsys):
    record = logging.makeLogRecord({"name": "discord.http", "msg": "%d requests to %s", "args": ("many", ADDRESS)})
    (ours,) = [
        handler
        for handler in logging.getLogger().handlers
        if isinstance(handler, DiscreetHandler) and handler.stream is logs
    ]
    ours.handle(record)
    printed = "".join(capsys.readouterr())
    assert "can't be written" in logs.getvalue() and not told(printed + logs.getvalue())


def test_what_python_says_by_itself_passes_through_the_logs(logs, capsys):
    class Leaving:
        def __del__(self) -> None:
            raise OSError(f"left {ADDRESS}")

    def crash() -> None:
        raise OSError(f"lost {ADDRESS} and {TOKEN}")

    before = sys.unraisablehook, threading.excepthook
    with last_words():
        thread = threading.Thread(target=crash)
        thread.start()
        thread.join()
        Leaving()
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn(f"unclosed response {ADDRESS}", ResourceWarning, stacklevel=1)
    assert (sys.unraisablehook, threading.excepthook) == before
    written = logs.getvalue()
    assert all(word in written for word in ("left https", "lost https", "unclosed response"))
    assert not told(written + "".join(capsys.readouterr()))


async def test_a_task_that_nobody_waited_for_is_logged_without_tokens(logs):
    async def fail() -> None:
        raise OSError(f"no answer from {CALLED} with Bot {TOKEN}")

    task = asyncio.create_task(fail())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del task
    assert "never retrieved" in logs.getvalue() and not told(logs.getvalue())
