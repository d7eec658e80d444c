"""Health and metrics: true figures of what happened, for this machine alone, and nothing of whom or what."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import simcord
from prometheus_client.parser import text_string_to_metric_families
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle, GuildHandle

from bot.client import QuothBot
from bot.logs import WORDY_LOGGERS, start_logging
from bot.metrics import OUTCOMES
from bot.monitor import HOST, Monitor
from quoth.errors import SettingsError
from quoth.stopwatch import STAGES
from tests.bot.conftest import GUILD, QUESTION, UNANSWERABLE

DEPLOY = Path(__file__).parent.parent.parent / "deploy" / "monitoring"

Figures = dict[str, float]


@pytest.fixture
async def monitor(bot: QuothBot) -> AsyncIterator[Monitor]:
    served = Monitor(bot, 0)
    await served.start()
    yield served
    await served.close()


async def fetch(monitor: Monitor, path: str, method: str = "GET") -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"http://{HOST}:{monitor.port}{path}") as response,
    ):
        return response.status, await response.text()


async def figures(monitor: Monitor) -> Figures:
    status, text = await fetch(monitor, "/metrics")
    assert status == 200
    return {
        sample.name + "".join(f" {value}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_each_question_counts_by_what_became_of_it_and_how_long_it_took(
    monitor: Monitor, env: simcord.Env, ann: MemberActor, channel: ChannelHandle, other_guild: GuildHandle
) -> None:
    before = await figures(monitor)
    assert all(before[f"quoth_questions_total {outcome}"] == 0 for outcome in OUTCOMES)
    await ann.slash(channel, "ask", question=QUESTION)
    await ann.slash(channel, "ask", question=QUESTION, private=True)
    await ann.slash(channel, "ask", question=UNANSWERABLE)
    stranger = other_guild.add_member(env.create_user("eve"))
    await stranger.slash(other_guild.create_text_channel("empty"), "ask", question=QUESTION)
    after = await figures(monitor)
    outcomes = {outcome: after[f"quoth_questions_total {outcome}"] for outcome in OUTCOMES}
    assert outcomes == {"answered": 2, "abstained": 1, "refused": 0, "empty": 1, "failed": 0}
    assert after["quoth_question_seconds_count"] == 3
    for stage in ("dense_search", "reading", "quotes"):
        assert after[f"quoth_stage_seconds_count {stage}"] == 3
    stages = sum(after[f"quoth_stage_seconds_sum {stage}"] for stage in STAGES)
    assert 0 < stages <= after["quoth_question_seconds_sum"]
    assert after["quoth_libraries_open"] == 1 and after["quoth_index_bytes"] > 10_000
    assert after["quoth_servers"] == 2


@pytest.mark.bot_settings(cooldown=60.0)
async def test_a_question_that_came_too_soon_counts_as_refused(
    monitor: Monitor, ann: MemberActor, channel: ChannelHandle
) -> None:
    await ann.slash(channel, "ask", question=QUESTION)
    await ann.user.slash("ask", question=QUESTION)
    counted = await figures(monitor)
    assert counted["quoth_questions_total answered"] == 1


async def test_an_error_nobody_expected_counts_as_failed_and_its_reference_leads_to_the_log(
    monitor: Monitor, bot: QuothBot, ann: MemberActor, channel: ChannelHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream, level = io.StringIO(), logging.getLogger().level
    handler = start_logging("INFO", "", stream, form="json")

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("unexpected")

    try:
        monkeypatch.setattr(bot.shelf, "ask", broken)
        said = (await ann.slash(channel, "ask", question=QUESTION, private=True)).response
        monkeypatch.undo()
        await ann.slash(channel, "ask", question=QUESTION)
    finally:
        logging.getLogger().removeHandler(handler)
        logging.getLogger().setLevel(level)
        for name in WORDY_LOGGERS:
            logging.getLogger(name).setLevel(logging.NOTSET)
    assert (await figures(monitor))["quoth_questions_total failed"] == 1
    assert said is not None
    shown = re.search(r"`([0-9a-f]{8})`", said.content or said.embeds[0].description or "")
    assert shown
    entries = [json.loads(line) for line in stream.getvalue().splitlines()]
    (entry,) = [entry for entry in entries if entry.get("request") == shown[1]]
    assert entry["level"] == "ERROR" and "ZeroDivisionError: unexpected" in entry["exception"]
    requests = {entry["request"] for entry in entries if "request" in entry}
    assert len(requests) == 2, "another question has another id"


async def test_health_tells_a_bot_at_work_from_one_that_is_not(
    monitor: Monitor, bot: QuothBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    for change, status, word in [
        ({}, 200, "ok"),
        ({"connected": lambda bot: 0}, 503, "disconnected"),
        ({"ready": False}, 503, "starting"),
        ({"closing": True}, 503, "stopping"),
    ]:
        with monkeypatch.context() as patch:
            patch.setattr("bot.monitor.connected", change.get("connected", lambda bot: len(bot.shards)))
            patch.setattr(bot, "is_ready", lambda change=change: change.get("ready", True))
            patch.setattr(bot, "closing", change.get("closing", False))
            assert await fetch(monitor, "/healthz") == (status, json.dumps({"status": word}))


async def test_nothing_can_be_changed_and_nothing_else_is_served(monitor: Monitor) -> None:
    assert (await fetch(monitor, "/healthz", "POST"))[0] == 405
    assert (await fetch(monitor, "/metrics/../../etc/passwd"))[0] == 404
    assert monitor._runner.addresses == [(HOST, monitor.port)]


async def test_no_figure_names_a_server_a_person_or_what_was_asked(
    monitor: Monitor, ann: MemberActor, channel: ChannelHandle
) -> None:
    await ann.slash(channel, "ask", question=QUESTION)
    _, text = await fetch(monitor, "/metrics")
    for secret in (str(GUILD), str(ann.id), ann.name, QUESTION, "simulated"):
        assert secret not in text


async def test_a_port_that_is_taken_is_named(monitor: Monitor, bot: QuothBot) -> None:
    with pytest.raises(SettingsError, match=f"QUOTH_MONITOR_PORT is {monitor.port}"):
        await Monitor(bot, monitor.port).start()


@pytest.mark.parametrize("file", ["alerts.yml", "grafana.json"])
async def test_alerts_and_dashboard_read_figures_that_there_are(monitor: Monitor, file: str) -> None:
    named = set(re.findall(r"\b(?:quoth|process)_[a-z_]+(?=[{\[) ,\"]|$)", (DEPLOY / file).read_text(), re.M))
    there = {figure.split(" ")[0] for figure in await figures(monitor)}
    assert named and named <= there


async def test_the_dashboard_shows_every_figure_of_quoths_own(monitor: Monitor) -> None:
    text = (DEPLOY / "grafana.json").read_text()
    families = {
        re.sub(r"_(total|bucket|count|sum|created)$", "", name.split(" ")[0]) for name in await figures(monitor)
    }
    assert [name for name in sorted(families) if name.startswith("quoth_") and name not in text] == []
