"""``/stats``: what was asked openly, what people thought of it, and what the documents lack; nothing private."""

from __future__ import annotations

import simcord
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle, GuildHandle

from bot.client import QuothBot
from tests.bot.acting import forge, press, private, said_after, told
from tests.bot.conftest import QUESTION, UNANSWERABLE, Restart, labels, text_of


async def test_stats_count_questions_and_votes_and_list_what_had_no_answer(
    manager: MemberActor, ann: MemberActor, ben: MemberActor, channel: ChannelHandle
) -> None:
    answer = (await ann.slash(channel, "ask", question=QUESTION)).response
    await ben.slash(channel, "ask", question=UNANSWERABLE)
    assert answer is not None
    await press(ben, answer, "Helpful")
    shown = private(await manager.slash(channel, "stats"))
    figures = {field.name: field.value for field in shown.embeds[0].fields}
    assert figures == {"Asked": "2", "Answered": "1", "Declined": "1", "Helpful": "1", "Not helpful": "0"}
    assert UNANSWERABLE in text_of(shown) and QUESTION not in text_of(shown)
    for person in (ann, ben):
        assert str(person.id) not in text_of(shown) and person.name not in text_of(shown)


async def test_a_follow_up_that_found_no_answer_stands_with_what_it_follows(
    manager: MemberActor, ann: MemberActor, channel: ChannelHandle
) -> None:
    answer = (await ann.slash(channel, "ask", question=QUESTION)).response
    await ann.submit_modal(await press(ann, answer, "Follow up"), {"question": UNANSWERABLE})
    assert f"· following: {QUESTION}" in told(await manager.slash(channel, "stats"))


async def test_private_and_direct_questions_are_never_in_the_statistics(
    manager: MemberActor, ann: MemberActor, channel: ChannelHandle
) -> None:
    await ann.slash(channel, "ask", question=UNANSWERABLE, private=True)
    await ann.user.slash("ask", question=UNANSWERABLE)
    text = told(await manager.slash(channel, "stats"))
    assert UNANSWERABLE not in text and "**Questions" not in text


async def test_votes_are_counted_on_private_answers_and_on_those_that_were_removed(
    manager: MemberActor, ann: MemberActor, channel: ChannelHandle
) -> None:
    hidden = private(await ann.slash(channel, "ask", question=QUESTION, private=True))
    await press(ann, hidden, "Not helpful")
    removed = (await ann.slash(channel, "ask", question=QUESTION)).response
    await press(ann, removed, "Helpful")
    await press(ann, removed, "Remove")
    shown = private(await manager.slash(channel, "stats"))
    figures = {field.name: field.value for field in shown.embeds[0].fields}
    assert figures == {"Asked": "1", "Answered": "1", "Declined": "0", "Helpful": "1", "Not helpful": "1"}


async def test_the_pages_of_unanswered_questions_turn_after_a_restart(
    manager: MemberActor, ann: MemberActor, channel: ChannelHandle, restart: Restart
) -> None:
    for number in range(12):
        await ann.slash(channel, "ask", question=f"How many moons does the planet number {number} have?")
    shown = private(await manager.slash(channel, "stats"))
    first = text_of(shown)
    await restart()
    await press(manager, shown, "Next")
    assert "planet number" in first and "planet number" in text_of(shown)
    assert text_of(shown) != first


async def test_a_member_does_not_see_a_page_of_the_statistics(
    env: simcord.Env, ann: MemberActor, ben: MemberActor, channel: ChannelHandle
) -> None:
    await ann.slash(channel, "ask", question=UNANSWERABLE)
    refused = said_after(await forge(env, ben, channel, "quoth-stats:1"))
    assert "Manage Server" in refused and UNANSWERABLE not in refused


async def test_a_server_whose_log_is_off_has_no_statistics(
    bot: QuothBot, manager: MemberActor, ann: MemberActor, channel: ChannelHandle
) -> None:
    await press(manager, private(await manager.slash(channel, "settings")), "Question log")
    await ann.slash(channel, "ask", question=UNANSWERABLE)
    shown = private(await manager.slash(channel, "stats"))
    assert "off" in text_of(shown) and not labels(shown) and UNANSWERABLE not in text_of(shown)


async def test_another_servers_questions_are_not_counted(
    env: simcord.Env, manager: MemberActor, channel: ChannelHandle, other_guild: GuildHandle
) -> None:
    olga = other_guild.add_member(env.create_user("olga"))
    await olga.slash(other_guild.create_text_channel("general"), "ask", question=UNANSWERABLE)
    assert UNANSWERABLE not in told(await manager.slash(channel, "stats"))
