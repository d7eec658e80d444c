"""``/privacy``: everybody can read what is kept of them, and have it deleted, wherever they are."""

from __future__ import annotations

import simcord
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle

from bot.client import QuothBot
from tests.bot.acting import press, private
from tests.bot.conftest import GUILD, QUESTION, UNANSWERABLE, Restart, deliver_again, labels, text_of


async def test_privacy_says_what_is_kept_and_for_how_long(
    ann: MemberActor, manager: MemberActor, channel: ChannelHandle
) -> None:
    assert "30 days" in text_of(private(await ann.slash(channel, "privacy")))
    await press(manager, private(await manager.slash(channel, "settings")), "Question log")
    assert "log is off" in text_of(private(await ann.slash(channel, "privacy")))


async def test_a_persons_questions_and_votes_are_deleted_and_nobody_elses(
    bot: QuothBot, ann: MemberActor, ben: MemberActor, channel: ChannelHandle
) -> None:
    mine = (await ann.slash(channel, "ask", question=UNANSWERABLE)).response
    theirs = (await ben.slash(channel, "ask", question=QUESTION)).response
    assert mine is not None and theirs is not None
    await press(ann, theirs, "Helpful")
    await press(ben, theirs, "Helpful")
    shown = private(await ann.slash(channel, "privacy"))
    await press(ann, shown, "Delete")
    assert "Deleted" in text_of(shown) and not labels(shown)
    assert "stay in their channels until they are removed" in text_of(shown)
    assert theirs.id in [message.id for message in channel.history()]
    stats = bot.records.stats(GUILD)
    assert (stats.asked, stats.answered, stats.declined, stats.helpful) == (1, 1, 0, 1)
    assert stats.unanswered == ()


async def test_a_direct_message_is_enough(
    env: simcord.Env, bot: QuothBot, ann: MemberActor, channel: ChannelHandle
) -> None:
    await ann.slash(channel, "ask", question=QUESTION)
    shown = private(await ann.user.slash("privacy"))
    assert "Direct questions are in no log" in text_of(shown)
    await press(ann.user, shown, "Delete")
    assert bot.records.stats(GUILD).asked == 0


async def test_the_button_works_after_a_restart(ann: MemberActor, channel: ChannelHandle, restart: Restart) -> None:
    await ann.slash(channel, "ask", question=QUESTION)
    shown = private(await ann.slash(channel, "privacy"))
    new = await restart()
    await press(ann, shown, "Delete")
    assert new.records.stats(GUILD).asked == 0


async def test_a_press_that_is_delivered_twice_is_answered_once(
    env: simcord.Env, ann: MemberActor, channel: ChannelHandle
) -> None:
    await ann.slash(channel, "ask", question=QUESTION)
    shown = private(await ann.slash(channel, "privacy"))
    await press(ann, shown, "Delete")
    await deliver_again(env, "INTERACTION_CREATE")
    assert "Deleted" in text_of(shown)


async def test_there_may_be_nothing_to_delete(ben: MemberActor, channel: ChannelHandle) -> None:
    shown = private(await ben.slash(channel, "privacy"))
    await press(ben, shown, "Delete")
    assert "nothing of yours" in text_of(shown)
