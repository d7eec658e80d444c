"""Documents, files, figures, settings and privacy, as they are listed."""

from datetime import UTC, datetime

from bot.records import Forgotten, GuildSettings, Stats, UnansweredQuestion
from bot.render import (
    document_reply,
    forgotten_reply,
    library_list_reply,
    note,
    privacy_reply,
    settings_reply,
    sources_reply,
    stats_reply,
)
from bot.uploads import LibraryFile
from quoth.documents.model import Document, Paragraph
from quoth.store import DocumentRecord

WHEN = datetime(2025, 11, 24, 7, 36, tzinfo=UTC)
DAY = f"<t:{int(WHEN.timestamp())}:d>"


def record(name: str, title: str = "A *title*") -> DocumentRecord:
    return DocumentRecord(1, "root", name, title, None, "text/plain", "", WHEN.isoformat(), 34_210, 12)


def body(reply):
    return reply.embeds[0].description


def test_sources_are_listed_with_size_and_date():
    assert body(sources_reply({"Here": [record("a.txt")]})) == (
        r"**A \*title\***" + f"\n-# a.txt · 34,210 characters · {DAY}"
    )


def test_sources_say_which_library_they_are_in_where_there_are_two():
    text = body(sources_reply({"This server": [record("a")], "Shared library": [record("b")]}))
    assert text.index("__This server__") < text.index("-# a ·") < text.index("__Shared library__") < text.index("-# b")
    assert "__" not in body(sources_reply({"This server": [record("a")], "Shared library": []}))


def test_every_source_is_on_exactly_one_page():
    records = [record(f"n{number:02}.txt") for number in range(25)]
    pages = [body(sources_reply({"Here": records}, page=page)) for page in (1, 2, 3)]
    assert [[f"n{n:02}.txt" in page for page in pages].count(True) for n in range(25)] == [1] * 25
    assert body(sources_reply({"Here": records}, page=99)) == pages[2]


def test_no_sources_are_told_in_words():
    assert body(sources_reply({"Here": []})) == "There are no documents here yet."


def test_a_document_is_shown_with_how_it_begins():
    text = "First line.\n\nSecond."
    document = Document("a.txt", "T", text, "text/plain", "", (Paragraph(1, 0, 11), Paragraph(2, 13, 20)))
    shown = body(document_reply(record("a.txt", "T"), document, library="Shared library"))
    assert f"2 paragraphs · 34,210 characters · indexed {DAY}" in shown
    assert shown.endswith("> First line.\n> \n> Second.") and "-# Shared library" in shown


def test_files_are_listed_with_who_added_them_and_when():
    added = LibraryFile(name="a_b.txt", root="upload:a", documents=1, passages=2, characters=30, at=WHEN, by=42)
    placed = LibraryFile(name="c.jsonl", root="r", documents=9, passages=20, characters=300, at=WHEN, by=None)
    text = body(library_list_reply([added, placed]))
    assert r"**a\_b.txt**" + f"\n-# 2 passages · 30 characters · added {DAY} by <@42>" in text
    assert f"9 documents · 20 passages · 300 characters · added {DAY} by the operator" in text


def test_statistics_show_the_figures_and_what_could_not_be_answered():
    asked = UnansweredQuestion("Why\n**so**?", WHEN, 3)
    reply = stats_reply(Stats(10, 7, 3, 2, 1, (asked,)), days=30)
    figures = {field.name: field.value for field in reply.embeds[0].fields}
    assert figures == {"Asked": "10", "Answered": "7", "Declined": "3", "Helpful": "2", "Not helpful": "1"}
    assert r"Why \*\*so\*\*?" in body(reply) and "3 times" in body(reply)
    assert "log is off" in body(stats_reply(Stats(0, 0, 0, 0, 0, ()), days=30, log=False))


def test_settings_are_told_in_words():
    text = body(settings_reply(GuildSettings(channels=frozenset({7, 5}), mentions=False, days=1)))
    assert "<#5>, <#7>" in text and "**Mentions and replies** off" in text and "kept for 1 day" in text
    assert "everywhere" in body(settings_reply(GuildSettings()))
    assert "**Question log** off" in body(settings_reply(GuildSettings(question_log=False)))


def test_privacy_says_what_is_kept_and_offers_to_delete_it():
    reply = privacy_reply(days=30, log=True)
    assert "for 30 days" in body(reply) and "keyed hash" in body(reply)
    assert [button.action for button in reply.buttons] == ["forget"]
    assert "no log" in body(privacy_reply(days=30, log=True, direct=True))
    assert "No questions" in body(privacy_reply(days=30, log=False))
    assert body(forgotten_reply(Forgotten(1, 0, 2))) == "Deleted: 1 question, 2 votes."
    assert "nothing" in body(forgotten_reply(Forgotten(0, 0, 0)))


def test_a_note_shows_names_as_they_stand_unless_it_is_markup():
    assert note("no file is called a_b").content == r"no file is called a\_b"
    assert note("**x**", markup=True).content == "**x**"
    assert note("word " * 1000).content.endswith("word […]")
