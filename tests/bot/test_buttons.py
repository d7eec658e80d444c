"""The buttons below an answer: what they show, that they outlive a restart, that forged or stale ones do nothing."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import discord
import pytest
import simcord
from hypothesis import given
from hypothesis import strategies as st
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle, GuildHandle
from simcord.enums import ComponentType, InteractionType
from simcord.results import InteractionResult, ResponseMessage

from bot.answering import kept_for
from bot.buttons import AnswerButton
from bot.client import QuothBot
from bot.errors import AnswerGoneError
from bot.escape import shown as shown_text
from bot.records import GuildSettings
from quoth import answer as answer_module
from tests.bot import acting
from tests.bot.answers import answer as kept_answer
from tests.bot.conftest import GUILD, QUESTION, UNANSWERABLE, Restart, deliver_again, labels, text_of


@pytest.fixture
async def answer(channel: ChannelHandle, ann: MemberActor) -> ResponseMessage:
    """An answer to a question that ann asked."""
    response = (await ann.slash(channel, "ask", question=QUESTION)).response
    assert response is not None
    return response


def button(message: object, action: str) -> str:
    """Return the ``custom_id`` of the first button that does ``action``."""
    return next(custom_id for custom_id in labels(message).values() if f":{action}:" in custom_id)


def enabled(message: ResponseMessage) -> list[str]:
    """Return the ``custom_id`` of each button that can be pressed."""
    buttons = [button for row in message.components for button in row["components"]]
    return [button["custom_id"] for button in buttons if not button.get("disabled")]


async def press(person: MemberActor, message: ResponseMessage, action: str) -> InteractionResult:
    return await person.click(message, custom_id=button(message, action))


def shown(result: InteractionResult) -> ResponseMessage:
    assert result.response is not None
    return result.response


async def forge(env: simcord.Env, person: MemberActor, message: ResponseMessage, custom_id: str) -> InteractionResult:
    """Press a button that is not there, as a changed client might."""
    stored = env.backend.get_message(message.channel_id, message.id)
    kept, stored.components = (
        stored.components,
        [{"type": 1, "components": [{"type": 2, "style": 2, "label": "forged", "custom_id": custom_id}]}],
    )
    try:
        return await person.click(message, custom_id=custom_id)
    finally:
        stored.components = kept


async def test_in_context_shows_the_quote_inside_its_paragraphs_to_the_person_who_pressed(
    ben: MemberActor, answer: ResponseMessage
) -> None:
    result = await press(ben, answer, "context")
    assert result.ephemeral
    assert shown(result).embeds


async def test_the_next_quote_in_context_replaces_the_one_before(
    channel: ChannelHandle, ben: MemberActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer_module, "WORTH_SHOWING", 0.0)
    first = shown(await press(ben, shown(await ben.slash(channel, "ask", question=QUESTION)), "context"))
    before = text_of(first)
    others = [custom_id for custom_id in labels(first).values() if ":context:" in custom_id]
    assert len(others) == 2
    result = await ben.click(first, custom_id=others[0])
    assert result.response is None or result.response.id == first.id
    assert text_of(first) != before


async def test_more_quotes_pages_through_passages_that_were_not_quoted(
    ben: MemberActor, answer: ResponseMessage, channel: ChannelHandle
) -> None:
    result = await press(ben, answer, "more")
    assert result.ephemeral
    pages = [text_of(shown(result))]
    count = len(channel.history())
    while following := [c for c in enabled(shown(result)) if c.endswith(f":{len(pages) + 1}t")]:
        await ben.click(shown(result), custom_id=following[0])
        pages.append(text_of(shown(result)))
    assert len(pages) > 1 and len(set(pages)) == len(pages)
    assert len(channel.history()) == count
    assert "cybercrime was discovered by police in 2013" not in "".join(pages)


async def test_more_quotes_begin_with_those_that_were_too_weak_to_be_shown(
    bot: QuothBot, ben: MemberActor, answer: ResponseMessage
) -> None:
    kept = bot.records.answer(button(answer, "more").split(":")[2], guild=GUILD)
    assert len(kept.quotes) == 1 and kept.weaker
    weaker = shown_text(bot.shelf.passage(kept.weaker[0], guild=GUILD).text)
    assert f"> {weaker}" not in text_of(answer)
    first = text_of(shown(await press(ben, answer, "more"))).split("> ")[1]
    assert first.startswith(weaker) and "**" not in first


async def test_a_title_alone_is_no_further_quote(bot: QuothBot, ann: MemberActor, env, answer: ResponseMessage) -> None:
    def keep(start: int, end: int) -> str:
        with bot.shelf.using(GUILD) as library:
            found = library.ask(QUESTION)
            text = library.document_by_id(found.quotes[0].document_id).text[start:end]
        first, weak = found.quotes[0], replace(found.quotes[1], start=start, end=end, text=text, score=0.0, answer=None)
        return bot.records.keep_answer(
            replace(found, quotes=(first, weak), passages=()), guild=GUILD, channel=1, asker=ann.id
        )

    with bot.shelf.using(GUILD) as library:
        title = library.documents()[0].title
    alone, longer = keep(0, len(title)), keep(0, len(title) + 30)
    said = shown(await forge(env, ann, answer, f"quoth:more:{alone}:1"))
    assert "no further passages" in said.content and not said.embeds
    assert shown(await forge(env, ann, answer, f"quoth:more:{longer}:1")).embeds


@pytest.mark.parametrize("action", ["more", "closest"])
async def test_passages_are_offered_on_five_pages_at_most(
    env: simcord.Env, bot: QuothBot, ann: MemberActor, answer: ResponseMessage, action: str
) -> None:
    def keep() -> str:
        with bot.shelf.using(GUILD) as library:
            found = replace(library.ask(QUESTION), passages=tuple(library.search(QUESTION, k=40)))
        return bot.records.keep_answer(found, guild=GUILD, channel=1, asker=ann.id)

    answer_id = await bot.asker.run(keep)
    page = shown(await forge(env, ann, answer, f"quoth:{action}:{answer_id}:99"))
    assert "Page 5 of 5" in text_of(page)
    assert not any(custom_id.endswith(":6t") for custom_id in enabled(page))


async def test_a_refusal_offers_the_closest_passages(channel: ChannelHandle, ann: MemberActor) -> None:
    refusal = shown(await ann.slash(channel, "ask", question=UNANSWERABLE))
    result = await press(ann, refusal, "closest")
    assert result.ephemeral and shown(result).embeds


async def test_a_vote_is_counted_once_a_person_and_can_be_changed(
    bot: QuothBot, ann: MemberActor, ben: MemberActor, answer: ResponseMessage
) -> None:
    for person, action in ((ann, "yes"), (ann, "yes"), (ben, "yes"), (ben, "no")):
        result = await press(person, answer, action)
        assert result.ephemeral and "Thanks" in shown(result).content
    answer_id = button(answer, "yes").split(":")[2]
    votes = await bot.asker.run(partial(bot.records.votes, answer_id))
    assert (votes.helpful, votes.not_helpful) == (1, 1)


async def test_a_follow_up_opens_a_form_and_is_understood_with_the_question_before_it(
    ann: MemberActor, answer: ResponseMessage, bot: QuothBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    histories: list[tuple[str, ...]] = []
    real = bot.shelf.ask
    monkeypatch.setattr(
        bot.shelf,
        "ask",
        lambda *a, history=(), **k: (histories.append(tuple(history)), real(*a, history=history, **k))[1],
    )
    form = await press(ann, answer, "follow")
    assert form.modal is not None
    result = await ann.submit_modal(form, {"question": "And in 2012?"})
    assert shown(result).embeds
    assert histories == [(QUESTION,)]


async def test_no_form_is_opened_for_an_answer_that_is_gone(
    bot: QuothBot, ann: MemberActor, answer: ResponseMessage
) -> None:
    bot.records.forget_person(ann.id)
    result = await press(ann, answer, "follow")
    assert result.modal is None and result.ephemeral and "no longer kept" in shown(result).content


async def test_a_form_that_is_sent_after_a_restart_is_answered(
    ann: MemberActor, answer: ResponseMessage, restart: Restart
) -> None:
    form = await press(ann, answer, "follow")
    await restart()
    result = await ann.submit_modal(form, {"question": "And in 2012?"})
    assert shown(result).embeds


@pytest.mark.bot_settings(cooldown=60.0)
async def test_a_form_that_comes_too_soon_gives_back_what_was_typed_into_it(
    channel: ChannelHandle, ann: MemberActor, answer: ResponseMessage
) -> None:
    typed = "And *how* many in 2012?\nBy <@1>?"
    result = await ann.submit_modal(await press(ann, answer, "follow"), {"question": typed})
    refusal = shown(result)
    assert result.ephemeral and "try again in" in refusal.content
    assert (refusal.embeds[0].description or "") == "> " + shown_text(typed).replace("\n", "\n> ")
    assert len(channel.history(viewer=ann)) == 2


async def test_the_follow_up_of_a_private_answer_is_private(channel: ChannelHandle, ann: MemberActor) -> None:
    private = shown(await ann.slash(channel, "ask", question=QUESTION, private=True))
    form = await press(ann, private, "follow")
    assert (await ann.submit_modal(form, {"question": "And in 2012?"})).ephemeral


@pytest.mark.parametrize("action", ["context", "more", "yes", "no", "follow", "remove"])
async def test_every_button_works_after_a_restart(
    ann: MemberActor, answer: ResponseMessage, restart: Restart, action: str
) -> None:
    await restart()
    result = await press(ann, answer, action)
    assert result.acknowledged
    assert action == "remove" or result.modal or "no longer" not in text_of(shown(result))


async def test_every_button_works_many_times(ann: MemberActor, answer: ResponseMessage) -> None:
    for _ in range(3):
        for action in ("context", "more", "yes", "no", "follow"):
            assert (await press(ann, answer, action)).acknowledged


async def test_the_asker_can_remove_an_answer(
    bot: QuothBot, channel: ChannelHandle, ann: MemberActor, answer: ResponseMessage
) -> None:
    answer_id = button(answer, "remove").split(":")[2]
    await press(ann, answer, "remove")
    assert channel.history() == []
    with pytest.raises(AnswerGoneError):
        await bot.asker.run(partial(bot.records.answer, answer_id, guild=GUILD))


async def test_a_manager_can_remove_an_answer(
    channel: ChannelHandle, manager: MemberActor, answer: ResponseMessage
) -> None:
    await press(manager, answer, "remove")
    assert channel.history() == []


async def test_anybody_else_is_told_who_can_remove_an_answer(
    channel: ChannelHandle, ben: MemberActor, answer: ResponseMessage
) -> None:
    result = await press(ben, answer, "remove")
    (sentence,) = result.followups
    assert sentence.ephemeral and "Only the person who asked" in sentence.content
    assert answer.id in [message.id for message in channel.history()]


async def test_the_id_of_ones_own_answer_removes_no_other_persons(
    env: simcord.Env, bot: QuothBot, ben: MemberActor, channel: ChannelHandle, answer: ResponseMessage
) -> None:
    own = (await ben.slash(channel, "ask", question=QUESTION)).response
    assert own is not None
    forged = button(own, "remove")
    (sentence,) = (await acting.forge(env, ben, channel, forged)).followups
    assert "can't tell any more who asked" in sentence.content and len(channel.history()) == 3
    assert bot.records.answer(forged.split(":")[2], guild=GUILD)


@pytest.fixture
async def forgotten(env: simcord.Env, bot: QuothBot, channel: ChannelHandle, ann: MemberActor) -> list[discord.Message]:
    """Ann's answers, to a command and to a message, of which nothing is kept any more."""
    await ann.slash(channel, "ask", question=QUESTION)
    assert env.bot.user is not None
    await ann.send(channel, f"{env.bot.user.mention} {QUESTION}")
    await bot.asker.run(partial(bot.records.forget_person, ann.id))
    return [message for message in channel.history() if message.author.id == env.backend.bot_user.id]


async def test_its_asker_can_remove_an_answer_of_which_nothing_is_kept(
    env: simcord.Env, channel: ChannelHandle, ann: MemberActor, forgotten: list[discord.Message]
) -> None:
    assert len(forgotten) == 2
    for message in forgotten:
        await ann.click(message, custom_id=button(message, "remove"))
    assert not [message for message in channel.history() if message.author.id == env.backend.bot_user.id]


async def test_nobody_else_can_remove_an_answer_of_which_nothing_is_kept(
    ben: MemberActor, channel: ChannelHandle, forgotten: list[discord.Message]
) -> None:
    for message in forgotten:
        (sentence,) = (await ben.click(message, custom_id=button(message, "remove"))).followups
        assert sentence.ephemeral and "Only the person who asked" in sentence.content
        assert message.id in [other.id for other in channel.history()]


async def test_where_the_question_is_gone_as_well_a_manager_can_remove_the_answer(
    env: simcord.Env, ann: MemberActor, manager: MemberActor, channel: ChannelHandle, forgotten: list[discord.Message]
) -> None:
    reply = forgotten[-1]
    assert reply.reference is not None and reply.reference.message_id is not None
    env.backend.delete_message(channel.id, reply.reference.message_id)
    (sentence,) = (await ann.click(reply, custom_id=button(reply, "remove"))).followups
    assert sentence.ephemeral and "can't tell any more who asked" in sentence.content
    await manager.click(reply, custom_id=button(reply, "remove"))
    assert reply.id not in [message.id for message in channel.history()]


async def test_a_forged_id_of_another_servers_answer_removes_nothing(
    env: simcord.Env, bot: QuothBot, other_guild: GuildHandle, answer: ResponseMessage
) -> None:
    channel = other_guild.create_text_channel("general")
    ada = other_guild.add_member(env.create_user("ada"))
    result = await acting.forge(env, ada, channel, button(answer, "remove"))
    (sentence,) = result.followups
    assert "can't tell any more who asked" in sentence.content and len(channel.history()) == 1
    assert bot.records.answer(button(answer, "remove").split(":")[2], guild=GUILD)


@pytest.mark.parametrize("action", ["context", "more"])
async def test_a_removed_document_is_never_shown_by_an_old_button(
    bot: QuothBot, ann: MemberActor, answer: ResponseMessage, action: str
) -> None:
    def remove_all() -> None:
        with bot.shelf.using(GUILD) as library:
            for record in library.documents():
                library.remove(record.name, record.root)

    await bot.asker.run(remove_all)
    result = await press(ann, answer, action)
    assert result.ephemeral and not shown(result).embeds
    assert "no longer" in shown(result).content


async def test_an_answer_of_another_server_is_not_shown(
    env: simcord.Env, other_guild: GuildHandle, answer: ResponseMessage
) -> None:
    channel = other_guild.create_text_channel("general")
    ada = other_guild.add_member(env.create_user("ada"))
    for action in ("context", "more", "closest", "yes"):
        stolen = button(answer, "context").replace(":context:", f":{action}:")
        result = await acting.forge(env, ada, channel, stolen)
        replies = [reply for reply in (result.response, *result.followups) if reply is not None]
        assert len(replies) == 1 and replies[0].ephemeral and not replies[0].embeds


def test_another_persons_direct_answer_is_not_found(bot: QuothBot, ann: MemberActor, ben: MemberActor) -> None:
    answer_id = bot.records.keep_answer(kept_answer(), guild=None, channel=7, asker=ann.id)
    assert kept_for(bot, answer_id, guild=None, person=ann.id).id == answer_id
    with pytest.raises(AnswerGoneError):
        kept_for(bot, answer_id, guild=None, person=ben.id)


async def test_another_persons_private_answer_is_not_shown(
    env: simcord.Env, channel: ChannelHandle, ann: MemberActor, ben: MemberActor, answer: ResponseMessage
) -> None:
    private = shown(await ann.slash(channel, "ask", question=QUESTION, private=True))
    result = await forge(env, ben, answer, button(private, "context"))
    assert not shown(result).embeds and "no longer" in shown(result).content


@pytest.mark.parametrize(
    "custom_id",
    [
        "quoth:context:AAAAAAAAAAAAAAAA:1",
        "quoth:context:AAAAAAAAAAAAAAAA:999",
        "quoth:explode:AAAAAAAAAAAAAAAA",
        "quoth:context:short:1",
        "quoth:context:AAAAAAAAAAAAAAAA:1:2",
        "quoth",
        "something of an older version",
        "0123456789abcdef0123456789abcdef",
    ],
)
async def test_a_forged_or_stale_button_gets_a_plain_sentence_and_does_nothing(
    env: simcord.Env, channel: ChannelHandle, ben: MemberActor, answer: ResponseMessage, custom_id: str
) -> None:
    before = text_of(answer), labels(answer)
    result = await forge(env, ben, answer, custom_id)
    assert result.ephemeral and not shown(result).embeds and shown(result).content
    assert (text_of(answer), labels(answer)) == before
    assert len(channel.history(viewer=ben)) == 2


async def test_a_forged_form_gets_a_plain_sentence(
    env: simcord.Env, channel: ChannelHandle, ben: MemberActor, answer: ResponseMessage
) -> None:
    from simcord.actors import _dispatch_actor_interaction

    for custom_id in ("quoth-follow:AAAAAAAAAAAAAAAA", "a form of an older version"):
        parts = [{"type": ComponentType.LABEL, "component": {"type": 4, "custom_id": "question", "value": "?"}}]
        data = {"custom_id": custom_id, "components": parts}
        result = await _dispatch_actor_interaction(ben, InteractionType.MODAL_SUBMIT, channel, data)
        assert result.acknowledged and not shown(result).embeds and shown(result).content


async def test_a_press_that_discord_delivers_twice_counts_once(
    env: simcord.Env, ann: MemberActor, answer: ResponseMessage
) -> None:
    await press(ann, answer, "context")
    before = len(env.http_requests)
    await deliver_again(env, "INTERACTION_CREATE")
    assert len(env.http_requests) == before


async def test_what_a_button_runs_into_is_told_without_its_text(
    bot: QuothBot, ann: MemberActor, answer: ResponseMessage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("/srv/secret/path")

    monkeypatch.setattr(bot.shelf, "passage", fail)
    result = await press(ann, answer, "context")
    assert "Something went wrong" in shown(result).content and "secret" not in shown(result).content


@given(st.text(max_size=100))
def test_no_text_but_our_own_is_taken_for_a_button(custom_id: str) -> None:
    match = AnswerButton.__discord_ui_compiled_template__.fullmatch(custom_id)
    assert match is None or custom_id.startswith("quoth:")


async def test_an_old_answer_shows_nothing_more_of_the_shared_library_once_a_server_asks_it_no_more(
    bot: QuothBot, home: Path, ann: MemberActor, channel: ChannelHandle
) -> None:
    (home / "guilds" / str(GUILD)).rename(home / "shared")
    message = (await ann.slash(channel, "ask", question=QUESTION)).response
    assert message is not None
    assert "Hadianfar" in text_of(shown(await press(ann, message, "context")))
    await bot.keep_guild_settings(GUILD, GuildSettings(shared=False), by=1)
    for action in ("context", "more"):
        said = text_of(shown(await press(ann, message, action)))
        assert "Hadianfar" not in said and "cybercrime" not in said
        assert "asked here any more" in said or "no longer in the documents" in said
