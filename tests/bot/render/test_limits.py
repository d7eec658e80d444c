"""No payload exceeds a limit of Discord, for any text."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.records import Forgotten, GuildSettings, Stats, UnansweredQuestion
from bot.render import (
    PER_PAGE,
    answer_reply,
    closest_reply,
    context_reply,
    document_reply,
    forgotten_reply,
    library_list_reply,
    more_reply,
    note,
    privacy_reply,
    settings_reply,
    sources_reply,
    stats_reply,
)
from bot.uploads import LibraryFile
from quoth.answer import Answer, Quote
from tests.bot.render.cases import answers, documents, excerpts, records
from tests.bot.render.limits import check
from tests.bot.texts import anything

NAMES = {"1": "this server", "shared": "shared library"}
WHEN = datetime(2025, 11, 24, tzinfo=UTC)
quick = settings(max_examples=40, deadline=None)
numbers = st.integers(0, 10**12)
pages = st.integers(-5, 1000)


@quick
@given(answers(), st.sampled_from([{}, NAMES]), st.booleans(), st.none() | anything)
def test_an_answer(answer, names, private, following):
    check(answer_reply(answer, names=names, private=private, following=following))


def test_more_quotes_than_fit_are_left_out_whole():
    text = "*" * 350
    quote = Quote(1, text, "1", "a", "T", None, 1, None, None, 0, 350, 0.9, None, None, (), 1)
    found = tuple(replace(quote, rank=rank) for rank in range(1, 10))
    reply = answer_reply(Answer("?", "answered", 0.9, 0.1, found, (), {}, 1))
    check(reply)
    last = reply.embeds[0].description.split("\n")[-1]
    assert last.startswith(r"> -# \[") and "same document, paragraph 1" in last


@quick
@given(excerpts(), st.integers(1, 3), st.integers(1, 12))
def test_a_quote_in_context(excerpt, number, of):
    check(context_reply(excerpt, number=number, of=of, names=NAMES))


@pytest.mark.parametrize("make", [more_reply, closest_reply])
@quick
@given(st.lists(excerpts(), max_size=PER_PAGE), pages, st.integers(1, 99))
def test_pages_of_passages(make, found, page, of):
    check(make(found, page=page, pages=of, names=NAMES))


@quick
@given(st.lists(records, max_size=25), st.lists(records, max_size=3), pages)
def test_sources(own, shared, page):
    check(sources_reply({"This server": own, "Shared library": shared}, page=page))


@quick
@given(records, documents(), st.none() | anything)
def test_a_document(record, document, library):
    check(document_reply(record, document, library=library))


files = st.builds(
    LibraryFile,
    name=anything,
    root=anything,
    documents=numbers,
    passages=numbers,
    characters=numbers,
    at=st.just(WHEN),
    by=st.none() | numbers,
)


@quick
@given(st.lists(files, max_size=25), pages)
def test_the_list_of_a_library(found, page):
    check(library_list_reply(found, page=page))


unanswered = st.builds(UnansweredQuestion, text=anything, at=st.just(WHEN), times=numbers)


@quick
@given(numbers, st.lists(unanswered, max_size=25).map(tuple), st.booleans(), pages)
def test_statistics(figure, questions, log, page):
    stats = Stats(figure, figure, figure, figure, figure, questions)
    check(stats_reply(stats, days=30, log=log, page=page))


@quick
@given(st.frozensets(st.integers(0, 2**64), max_size=200), st.booleans(), numbers)
def test_settings(channels, on, days):
    check(settings_reply(GuildSettings(channels, on, on, on, on, days)))


@quick
@given(numbers, st.booleans(), st.booleans())
def test_privacy(days, log, direct):
    check(privacy_reply(days=days, log=log, direct=direct))
    check(forgotten_reply(Forgotten(days, 0, days)))


@quick
@given(anything.filter(lambda text: text.strip()), st.booleans())
def test_a_note(text, markup):
    text = text.replace("\ud800", "")
    check(note("Said: " + text, markup=markup))
