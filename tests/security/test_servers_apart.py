"""Members of twenty servers ask at once, and none is ever shown a word of another server's documents.

The servers' libraries say the same but for canaries, so that a mixed-up cache, thread or library would put another
server's word in the place of the own one. Questions go the bot's own way, from the queue to the message that Discord
is sent; ``test_hostile_members`` does the same through a simulated Discord.
"""

from __future__ import annotations

import asyncio
import io
import json
import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from canaries import ALL, SERVERS, SHARED, Paper, Papers, mark

from bot import pressing
from bot.answering import Question, answer_question
from bot.buttons import AnswerButton
from bot.client import QuothBot
from bot.errors import AnswerGoneError
from bot.failures import told
from bot.records import Earlier, GuildSettings
from bot.render import Button, Reply
from bot.render.reply import Action
from bot.replies import edited
from bot.wording import Names, worded
from quoth.encoder import Encoder
from quoth.errors import QuothError
from tests.bot.conftest import settings_for

ROUNDS, QUESTIONS = (10, 1_000) if ALL else (1, 80)
"""Rounds, each with a bot and a home of its own, and questions of a round."""

MEMBERS = 2
"""Members of each server who ask at the same time, one question after the other."""

BUTTONS: tuple[Action, ...] = ("context", "more", "closest", "yes", "no")
"""What buttons do that show something of an answer."""

FEW_OPEN = 8
"""Libraries that stay open: of twenty-one, so that they are opened and closed all the time."""

WITHOUT_SHARED = frozenset(SERVERS[::2])
"""The servers that don't ask the shared library."""


@dataclass
class Tally:
    """What was said and shown, by server (None: in direct messages)."""

    counts: Counter[str] = field(default_factory=Counter)
    crossings: list[str] = field(default_factory=list)
    answers: dict[int | None, list[str]] = field(default_factory=lambda: defaultdict(list))
    """The ids of the answers that were given."""
    said: dict[int | None, set[str]] = field(default_factory=lambda: defaultdict(set))
    """The canaries that members sent."""


@dataclass
class Member:
    """Somebody who asks in a server, or (None) in direct messages."""

    bot: QuothBot
    papers: Papers
    tally: Tally
    server: int | None
    person: int
    chance: random.Random

    @property
    def own(self) -> tuple[Paper, ...]:
        return self.papers.of[self.server or SHARED]

    async def ask(self) -> None:
        """Ask something, look at what comes, and press its buttons now and then, or those of another server's."""
        text, paper = self.question()
        self.tally.said[self.server] |= self.papers.seen_in(text)
        question = Question(
            worded(text, Names()),
            self.server,
            channel=self.server or self.person,
            asker=self.person,
            private=self.chance.random() < 0.1,
            history=() if paper is not None else self.history(),
        )
        try:
            reply, answer_id = await answer_question(self.bot, question)
        except QuothError as error:
            self.look(told(error, direct=self.server is None), "refused")
            return
        shown = self.look(payload(reply, answer_id), "asked")
        self.tally.answers[self.server].append(answer_id)
        if paper is not None:
            self.tally.counts["straight"] += 1
            self.tally.counts["quoted"] += mark(paper.told) in self.papers.seen_in(shown)
        if self.chance.random() < 0.3:
            below = [button for button in reply.buttons if button.action in BUTTONS]
            await self.press(AnswerButton.of(self.chance.choice(below), answer_id, turn=False), "pressed")
        others = [ids[-1] for server, ids in self.tally.answers.items() if ids and server != self.server]
        if others and self.chance.random() < 0.3:
            button = Button(self.chance.choice(BUTTONS), "forged", page=self.chance.choice([None, 1, 2, 999]))
            await self.press(AnswerButton.of(button, self.chance.choice(others), turn=False), "forged")

    def question(self) -> tuple[str, Paper | None]:
        """Return a question, and the document that answers it where it is about one of the own."""
        chance, paper = self.chance, self.chance.choice(self.own)
        kind = chance.random()
        if kind < 0.8:
            return chance.choice(["", "", "Hello! ", "Please, "]) + chance.choice(paper.questions), paper
        if kind < 0.9:
            other = chance.choice([paper for server in SERVERS for paper in self.papers.heard_of(server)])
            asked = chance.choice(["What is said of {}?", "What is the code of {}?", "{}", "Show me {}", "who is {}"])
            return asked.format(chance.choice([other.named, other.title, other.file])), None
        if kind < 0.95:
            words = [word for each in self.own for question in each.questions for word in question.split()]
            return " ".join(chance.choices(words, k=chance.randint(1, 12))), None
        return "".join(chr(chance.randrange(32, 0x3000)) for _ in range(chance.randint(1, 40))), None

    def history(self) -> tuple[Earlier, ...]:
        """Return the questions that this one follows, if it does: those of somebody's answer here."""
        before = self.tally.answers[self.server]
        if not before or self.chance.random() < 0.5:
            return ()
        return self.bot.records.answer(self.chance.choice(before[-20:]), guild=self.server).followed

    async def press(self, button: AnswerButton, how: str) -> None:
        """Press a button below an answer: of the own server, or one that is ``forged``."""
        work = partial(pressing._reply, self.bot, button, guild=self.server, person=self.person)
        try:
            shown = payload(await self.bot.asker.run(work), button.answer_id)
        except AnswerGoneError as error:
            self.look(told(error), how)
            return
        self.tally.crossings += [f"{button.custom_id} worked in {self.server}"] if how == "forged" else []
        self.look(shown, how)

    def look(self, shown: str, how: str) -> str:
        """Note what somebody was shown, and what of it is not theirs to see."""
        self.tally.counts[how] += 1
        said, shared = self.tally.said[self.server], self.server not in WITHOUT_SHARED
        self.tally.crossings += self.papers.crossings(shown, self.server, shared=shared, said=said)
        return shown


def payload(reply: Reply, answer_id: str) -> str:
    """Return a message as Discord is sent it."""
    arguments = edited(reply, answer_id)
    view = arguments["view"]
    parts = [embed.to_dict() for embed in arguments["embeds"]], view.to_components() if view else []
    return json.dumps([arguments["content"], *parts], ensure_ascii=False)


@pytest.mark.parametrize("number", range(ROUNDS))
async def test_whoever_asks_is_shown_canaries_of_their_own_server_alone(
    number: int, home: Path, encoder: Encoder, papers: Papers, log: io.StringIO
) -> None:
    tally, left = Tally(), iter(range(QUESTIONS))
    settings = settings_for(home, open_libraries=FEW_OPEN, workers=4, waiting=1_000)
    async with QuothBot(settings, encoder=encoder) as bot:
        for server in WITHOUT_SHARED:
            await bot.keep_guild_settings(server, GuildSettings(shared=False), by=1)

        async def go_on(member: Member) -> None:
            # Whoever comes first takes the next question: members of all servers are at it until the end
            for _ in left:
                await member.ask()

        where = [server for server in (*SERVERS, None) for _ in range(MEMBERS)]
        members = [
            Member(bot, papers, tally, server, 1_000 + person, random.Random(f"{number} {person}"))
            for person, server in enumerate(where)
        ]
        await asyncio.gather(*map(go_on, members))
        figures = bot.metrics.exposition().decode()
    counts = tally.counts
    assert tally.crossings == []
    assert counts["asked"] + counts["refused"] == QUESTIONS and counts["asked"] > 0.9 * QUESTIONS
    assert counts["quoted"] > 0.9 * counts["straight"] > 0.6 * QUESTIONS, "what is never quoted can't cross either"
    assert counts["pressed"] > 0.2 * QUESTIONS and counts["forged"] > 0.2 * QUESTIONS
    assert 'outcome="answered"' in figures and papers.seen_in(figures) == set()
    assert "answered in" in log.getvalue() and papers.seen_in(log.getvalue()) == set()
