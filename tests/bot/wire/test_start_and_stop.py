"""How the bot's process starts, refuses to start, and ends."""

from __future__ import annotations

import asyncio
import json
import signal
import socket

import aiohttp
import pytest
from botprocess import BotProcess
from fakediscord import CALLBACK, FakeDiscord
from port import QUESTION, QUOTED, Port, someone

from bot.records import Records

pytestmark = pytest.mark.asyncio(loop_scope="session")

UNUSABLE, NO_TOKEN, FOREIGN_HOME = 2, 3, 4
"""Exit codes after which a service manager should not start it again."""


async def test_a_second_start_with_two_shards_registers_nothing_and_old_buttons_work(running: Port):
    fake = running.fake
    asked = await fake.command(someone(), running.guild.channels[0], "ask", question=QUESTION)
    reply = await fake.finished(asked)
    syncs = len(fake.rest.syncs)
    other = fake.add_guild("starboard", running.owner, shard=(0, 2))
    await running.start(shards=2)
    assert len(fake.rest.syncs) == syncs == 1
    assert fake.gateway.identified[-1] - fake.gateway.identified[-2] >= 4.9
    shown = await fake.finished(await fake.press(someone(), reply, "In context"))
    assert QUOTED in shown.text
    here = await fake.command(someone(), running.guild.channels[0], "ask", question=QUESTION)
    there = await fake.command(someone(), other.channels[0], "ask", question=QUESTION)
    assert QUOTED in (await fake.finished(here)).text
    assert QUOTED not in (await fake.finished(there)).text
    assert [s.shard for s in fake.gateway.sessions] == [(0, 2), (1, 2)]


async def test_a_question_in_flight_is_answered_before_sigterm_ends_the_process_with_0(running: Port):
    fake, channel = running.fake, running.guild.channels[0]
    held = fake.hold("POST", CALLBACK)
    asked = await fake.command(someone(), channel, "ask", question=QUESTION)
    await fake.until(held.arrived.is_set, "the bot acknowledges")
    running.bot.signal(signal.SIGTERM)
    await running.bot.wrote("stopping")
    late = await fake.command(someone(), channel, "ask", question=QUESTION)
    await fake.until(lambda: late.callback is not None, "the late question is refused")
    held.release.set()
    assert await running.ended() == 0
    assert QUOTED in asked.original.text and not asked.original.loading
    assert all(QUOTED not in reply.text for reply in late.replies)
    assert "Traceback" not in running.logs[-1].partition("stopping")[2]


async def test_the_monitoring_port_tells_health_and_figures_and_logs_are_objects_where_set(running: Port):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    await running.start(QUOTH_MONITOR_PORT=str(port), QUOTH_LOG_FORMAT="json")
    asked = await running.fake.command(someone(), running.guild.channels[0], "ask", question=QUESTION)
    assert QUOTED in (await running.fake.finished(asked)).text
    async with aiohttp.ClientSession() as session:

        async def health() -> object:
            async with session.get(f"{address}/healthz") as response:
                return (await response.json())["status"]

        async with session.get(f"{address}/metrics") as response:
            assert 'quoth_questions_total{outcome="answered"} 1.0' in await response.text()
        async with asyncio.timeout(30):
            while (state := await health()) == "starting":
                await asyncio.sleep(0.1)
        assert state == "ok"
        running.bot.signal(signal.SIGTERM)
        assert await running.ended() == 0
        with pytest.raises(aiohttp.ClientConnectorError):
            await health()
    entries = [json.loads(line) for line in running.logs[-1].splitlines()]
    (answered,) = [entry for entry in entries if entry["message"].startswith("answered in")]
    assert len(answered["request"]) == 8
    assert running.fake.token not in running.logs[-1] and QUESTION not in running.logs[-1]


async def test_a_refused_token_costs_one_request_one_sentence_and_its_own_exit_code(tmp_path):
    async with FakeDiscord() as fake:
        bot = await BotProcess.start(
            tmp_path,
            DISCORD_TOKEN="MTIzNDU2Nzg5.GabcDE.some-other-token-than-this",
            DISCORD_API_BASE=fake.api_base,
            DISCORD_GATEWAY=fake.gateway_url,
            QUOTH_HOME=str(tmp_path / "home"),
        )
        assert await bot.ended() == NO_TOKEN
        assert [request.status for request in fake.rest.requests] == [401]
    sentences = [line for line in bot.log.splitlines() if "DISCORD_TOKEN" in line]
    assert len(sentences) == 1 and "Traceback" not in bot.log
    assert "some-other-token" not in bot.log


@pytest.mark.parametrize(
    "settings",
    [
        {"DISCORD_API_BASE": "https://discord.example/api", "DISCORD_GATEWAY": "ws://127.0.0.1:9/"},
        {"DISCORD_API_BASE": "http://127.0.0.1:9/api", "DISCORD_GATEWAY": "wss://127.0.0.1.example/"},
    ],
)
async def test_an_address_that_is_not_this_machine_is_refused_before_the_token_goes_anywhere(tmp_path, settings):
    bot = await BotProcess.start(tmp_path, DISCORD_TOKEN="a.b.c", QUOTH_HOME=str(tmp_path / "home"), **settings)
    assert await bot.ended() == UNUSABLE
    assert "Traceback" not in bot.log and len(bot.log.strip().splitlines()) == 1
    assert "DISCORD_" in bot.log and not (tmp_path / "home").exists()


async def test_a_missing_token_ends_in_one_sentence_with_the_same_exit_code(tmp_path):
    bot = await BotProcess.start(tmp_path, QUOTH_HOME=str(tmp_path / "home"))
    assert await bot.ended() == NO_TOKEN
    assert len(bot.log.strip().splitlines()) == 1 and "DISCORD_TOKEN" in bot.log


async def test_data_of_another_application_is_left_alone(tmp_path):
    with Records.open(tmp_path / "home" / "bot.db") as records:
        records.bind_application(1)
    async with FakeDiscord() as fake:
        bot = await BotProcess.start(
            tmp_path,
            DISCORD_TOKEN=fake.token,
            DISCORD_API_BASE=fake.api_base,
            DISCORD_GATEWAY=fake.gateway_url,
            QUOTH_HOME=str(tmp_path / "home"),
        )
        assert await bot.ended() == FOREIGN_HOME
        assert not fake.gateway.identified and not fake.rest.syncs and "Traceback" not in bot.log
