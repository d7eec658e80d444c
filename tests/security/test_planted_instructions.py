# ruff: noqa: F811
"""Whatever a document says, the bot only quotes it: it does nothing, mentions nobody, links to nothing but a source.

Two hundred documents carry instructions, mentions, links and other markup. Each goes through every view of the bot, and
some of them (all with QUOTH_FAULTS=all) through the whole of it, in a simulated Discord whose every request is read.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
import simcord
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle, GuildHandle

from bot.client import QuothBot
from bot.render import (
    Excerpt,
    Reply,
    answer_reply,
    closest_reply,
    context_reply,
    document_reply,
    library_list_reply,
    more_reply,
    sources_reply,
)
from bot.replies import edited, sent
from bot.uploads import LibraryFile
from quoth.answer import Answer, Context, Place, Quote, Span
from quoth.documents.model import Document
from quoth.indexing import documents_of
from quoth.store import DocumentRecord
from tests.bot.acting import documents, press, private, send_form
from tests.bot.conftest import (  # noqa: F401
    GUILD,
    ann,
    bot,
    channel,
    env,
    guild,
    home,
    labels,
    make_bot,
    manager,
    seed_folder,
    simcord_bot,
)
from tests.security.live_markup import UNSEEN, links_of, live, markup_of, messages_in, plain_of
from tests.security.planted import CHANNEL, PERSON, ROLE, Planted, as_upload, planted

EVERY, CUT_EVERY = (1, 1) if os.environ.get("QUOTH_FAULTS") == "all" else (17, 5)
ALL = planted()
OURS = {"bold", "small", "italics", "time"}
"""What the bot formats its own words with, beside the link of a citation."""

NAMES = {str(GUILD): "this server", "shared": "shared library"}


def own_link(markup: str, hosts: Iterable[str]) -> bool:
    """Whether a link is that of a citation: its words are the host that it leads to, which is a document's own."""
    found = re.fullmatch(r"\[([^\]]+)\]\(([^)]+)\)", markup)
    return found is not None and urlsplit(found[2]).hostname == found[1] and found[1] in set(hosts)


def hosts_of(uris: Iterable[str | None]) -> set[str]:
    """The hosts of addresses, in ASCII as a citation names them."""
    return {(urlsplit(uri).hostname or "").encode("idna").decode() for uri in uris if uri}


def check(message: dict[str, Any], uris: Iterable[str | None], own: Iterable[str] = ()) -> None:
    """Fail where a message would mention, link or format anything that a document wrote."""
    mentions = message["allowed_mentions"]
    mentions = mentions if isinstance(mentions, dict) else mentions.to_dict()
    assert mentions["parse"] == [] and not mentions.get("users") and not mentions.get("roles")
    assert not message.get("tts") and not list(links_of(message))
    hosts = hosts_of(uris)
    for markup in markup_of(message):
        for kind, words in live(markup):
            if kind == "link":
                assert own_link(words, hosts), words
            else:
                assert kind in OURS or words in own, (kind, words, markup)
        assert not UNSEEN.search(markup)
    for words in plain_of(message):
        assert not UNSEEN.search(words)


def as_message(reply: Reply) -> dict[str, Any]:
    """Return a reply as it would be sent, with its embeds as Discord is given them."""
    message = sent(reply)
    assert edited(reply)["allowed_mentions"].to_dict() == message["allowed_mentions"].to_dict()
    return {**message, "embeds": [embed.to_dict() for embed in message["embeds"]]}


def quote_of(rank: int, document: Document, start: int, end: int) -> Quote:
    paragraph = document.paragraphs[-1]
    middle = (start + end) // 2
    return Quote(
        rank=rank,
        text=document.text[start:end],
        library="shared",
        document=document.name,
        title=document.title,
        uri=document.uri,
        paragraph=paragraph.number,
        page=None,
        heading=document.title,
        start=start,
        end=end,
        score=0.9,
        answer=Span(document.text[middle:end], middle, end),
        context=Context(document.text[:end], 0, end, 1),
        also_in=(Place(document.title, 1, 0, 1), Place(document.text, 2, 0, 1)),
        document_id=rank,
        dated="2026-11-26",
    )


@pytest.fixture(scope="module")
def parsed() -> list[Document]:
    """The documents as the library reads them."""
    found = documents_of("planted.jsonl", as_upload(ALL))
    assert len(found) == len(ALL) == 200
    return found


def test_the_reader_of_markup_sees_each_payload_where_nothing_is_escaped() -> None:
    unescaped = {kind for one in ALL for kind, _ in live(one.text)}
    assert unescaped >= {
        *("everyone", "mention", "command", "navigation", "time", "emoji", "link", "address", "spoiler", "code"),
        *("strikeout", "italics", "bold", "heading", "small", "list", "block"),
    }


@pytest.mark.parametrize("where", ["whole", "each half", "each line"])
def test_no_view_of_a_planted_document_lets_anything_of_it_live(parsed: list[Document], where: str) -> None:
    for document in parsed:
        length = len(document.text)
        spans = {
            "whole": [(0, length)],
            "each half": [(0, length // 2), (length // 2, length)],
            "each line": [(m.start(), m.end()) for m in re.finditer(r"[^\n]+", document.text)],
        }[where]
        quotes = tuple(quote_of(rank, document, *span) for rank, span in enumerate(spans[:3], 1))
        answer = Answer(document.title, "answered", 0.9, 0.1, quotes, (), {}, 3)
        excerpts = [Excerpt("shared", document, *span, answer=span) for span in spans[:3]]
        record = DocumentRecord(
            id=1,
            root="planted.jsonl",
            name=document.name,
            title=document.title,
            uri=document.uri,
            media_type=document.media_type,
            content_hash=document.content_hash,
            indexed_at="2026-11-26T00:00:00+00:00",
            characters=length,
            passages=1,
        )
        file = LibraryFile(document.title, "planted.jsonl", 1, 1, length, datetime(2026, 11, 26, tzinfo=UTC), None)
        views = [
            answer_reply(answer, names=NAMES, following=document.text),
            context_reply(excerpts[0], number=1, of=2, names=NAMES),
            more_reply(excerpts, page=1, pages=2, names=NAMES),
            closest_reply(excerpts, page=1, pages=2, names=NAMES),
            sources_reply({document.title: [record], document.text: [record]}),
            document_reply(record, document, library=document.title),
            library_list_reply([file]),
        ]
        for view in views:
            check(as_message(view), [document.uri])


def test_half_of_an_escape_at_the_end_of_what_fits_lets_nothing_live(parsed: list[Document]) -> None:
    for number, document in enumerate(parsed):
        # In the short form each document is cut at some of the places, and each place cuts some of the documents
        for room in range(number % CUT_EVERY, 40, CUT_EVERY):
            long = Document(
                document.name, "T", "x" * (1_060 + room) + document.text * 8, document.media_type, "0",
                document.paragraphs, None,
            )  # fmt: skip
            quote = quote_of(1, long, 0, len(long.text))
            check(as_message(answer_reply(Answer("?", "answered", 0.9, 0.1, (quote,), (), {}, 1))), [])


# -- the whole bot


@pytest.fixture
async def stocked(env: simcord.Env, guild: GuildHandle, manager: MemberActor, channel: ChannelHandle) -> GuildHandle:
    """A server whose library holds all two hundred, and whose member, role and channel they name."""
    data = as_upload(ALL)
    for written, real in (
        (PERSON, guild.add_member(env.create_user("victim")).id),
        (ROLE, guild.create_role("many people").id),
        (CHANNEL, guild.create_text_channel("announcements").id),
    ):
        data = data.replace(str(written).encode(), str(real).encode())
    await send_form(manager, channel, ("planted.jsonl", data))
    return guild


def state(bot: QuothBot, guild: GuildHandle) -> tuple[object, ...]:
    """Return all that an instruction could want to change."""
    seen = bot.get_guild(guild.id)
    assert seen is not None
    return (
        documents(bot, GUILD),
        bot.records.actions(GUILD),
        bot.records.guild_settings(GUILD),
        repr(guild.audit_log()),
        repr(guild.invites()),
        sorted(guild.member_ids()),
        [(role.id, role.name, role.permissions.value) for role in seen.roles],
        [(one.id, one.name, repr(one.overwrites)) for one in seen.channels],
    )


ANSWERING = re.compile(
    r"POST /interactions/\d+/[^/]+/callback|(?:PATCH|POST|GET) /webhooks/\d+/[^/]+(?:/messages/@original)?"
    r"|POST /channels/\d+/(?:messages|typing)"
)
"""The requests that answering somebody takes."""


async def ask_in_every_way(
    one: Planted, env: simcord.Env, bot: QuothBot, ann: MemberActor, channel: ChannelHandle
) -> str:
    """Ask about a document by command and by message, press every button that shows something, open the source."""
    shown = []
    answer = private(await ann.slash(channel, "ask", question=one.question, private=True))
    shown.append(answer)
    for label in ("In context", "More quotes", "Closest passages"):
        if any(there.startswith(label) for there in labels(answer)):
            await press(ann, answer, label)
    await ann.slash(channel, "sources", document=one.name)
    assert bot.user is not None
    asked = await ann.send(channel, f"{bot.user.mention} {one.question}")
    await env.settle()
    for message in channel.history():
        if message.author.id == bot.user.id:
            assert not message.mention_everyone and not message.role_mentions
            assert not [person for person in message.mentions if person.id != asked.author.id]
    return "\n".join(embed.description or "" for embed in answer.embeds)


async def test_asked_about_in_every_way_a_planted_document_is_quoted_and_nothing_else_happens(
    env: simcord.Env,
    bot: QuothBot,
    stocked: GuildHandle,
    ann: MemberActor,
    channel: ChannelHandle,
) -> None:
    uris = [one.uri for one in ALL]
    before = state(bot, stocked)
    quoted = 0
    chosen = ALL[::EVERY]
    for one in chosen:
        cursor = len(env.http_requests)
        shown = await ask_in_every_way(one, env, bot, ann, channel)
        quoted += one.fact.split()[6] in shown
        requests = env.http_requests[cursor:]
        seen = [message for request in requests for message in messages_in(request.json)]
        assert len(seen) >= 3
        for message in seen:
            check(message, uris)
        for request in requests:
            line = f"{request.method} {request.path}"
            assert ANSWERING.fullmatch(line), line
            if match := re.match(r"/channels/(\d+)/", request.path):
                assert int(match[1]) == channel.id
    assert state(bot, stocked) == before
    # What is planted can be asked for like anything else: the test would hold of a bot that says nothing
    assert quoted >= 0.8 * len(chosen)
