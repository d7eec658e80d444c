"""An answer as a reader sees it."""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from bot.escape import quoted
from bot.render import answer_reply
from bot.render.citation import citation, link
from quoth.answer import Answer, Context, FoundPassage, Place, Quote, Span
from tests.bot.render.cases import answers, quotes
from tests.bot.texts import tricky

TEXT = "It said  that 70% [bold](https://evil.example)\nfound @everyone."
QUOTE = Quote(
    rank=1,
    text=TEXT,
    library="1",
    document="a.txt",
    title="A title",
    uri="https://docs.example.org/a",
    paragraph=11,
    page=3,
    heading="Part > One",
    start=100,
    end=100 + len(TEXT),
    score=0.93,
    answer=Span("70%", 114, 117),
    context=None,
    also_in=(),
    document_id=1,
)
OTHER = replace(QUOTE, rank=2, text="Other words.", document="b.txt", title="B", document_id=2, answer=None, uri=None)
PASSAGE = FoundPassage(1, "1", "a.txt", "A title", 7, None, None, 0, 5, 0.4, "words", {}, 1)
ANSWER = Answer("Why?", "answered", 0.93, 0.1, (QUOTE,), (PASSAGE,), {}, 12)
ABSTENTION = replace(ANSWER, status="abstained", confidence=0.1)


def body(answer, **options):
    return answer_reply(answer, **options).embeds[0].description


def actions(reply):
    return [button.action for button in reply.buttons]


def test_the_best_quote_is_a_block_quote_with_the_answer_in_bold():
    first, second, *_ = body(ANSWER).split("\n")
    assert first == r"> It said  that **70%** \[bold](https\://evil.example)"
    assert second == r"> found \@everyone."


def test_a_quote_without_a_marked_answer_is_shown_all_the_same():
    assert body(replace(ANSWER, quotes=(OTHER,))).startswith("> Other words.\n")


def test_the_citation_names_title_paragraph_page_heading_and_host():
    cited = body(ANSWER).split("\n")[-1]
    assert (
        cited == "> -# **A title**, paragraph 11, page 3 · Part › One · [docs.example.org](https://docs.example.org/a)"
    )


def test_several_quotes_are_numbered_and_only_the_best_has_bold():
    further = replace(OTHER, answer=Span("Other", 100, 105))
    lines = body(replace(ANSWER, quotes=(QUOTE, further))).split("\n")
    assert r"> -# \[1] **A title**" in lines[2] and r"> -# \[2] **B**" in lines[-1]
    assert "> Other words." in lines


def test_a_source_that_says_otherwise_is_said_to():
    first = replace(QUOTE, text="The crew has 24 days of paid leave in the year.", answer=None)
    first = replace(first, dated="2025-02-28")
    second = replace(OTHER, text=first.text.replace("24", "26"), dated="2026-01-31")
    differing = replace(ANSWER, quotes=(first, second))
    cited = [line for line in body(differing).split("\n") if line.startswith("> -#")]
    assert ["says otherwise" in line for line in cited] == [False, True]
    assert cited[1].endswith(r"(of 2026-01-31; \[1] of 2025-02-28)")
    assert answer_reply(differing).embeds[0].footer.text.startswith("The sources differ")
    same_day = replace(ANSWER, quotes=(first, replace(second, dated=first.dated)))
    assert "otherwise" in body(same_day) and "2025" not in body(same_day)


def test_quotes_too_weak_beside_the_best_are_left_to_a_button():
    weak = replace(OTHER, score=0.01)
    assert "Other words." not in body(replace(ANSWER, quotes=(QUOTE, weak)))
    assert body(replace(ANSWER, quotes=(QUOTE, weak))) == body(ANSWER)


def test_a_further_quote_of_the_same_document_does_not_repeat_its_title():
    again = replace(OTHER, title=QUOTE.title, document=QUOTE.document, document_id=QUOTE.document_id, page=None)
    assert r"> -# \[2] same document, paragraph 11" in body(replace(ANSWER, quotes=(QUOTE, again)))


@pytest.mark.parametrize(
    ("heading", "shown"), [("A title", "3"), ("A title > Part > One", "3 · Part › One"), ("A titled", "3 · A titled")]
)
def test_a_heading_does_not_say_the_title_again(heading, shown):
    first = replace(QUOTE, heading=heading, uri=None)
    text = body(replace(ANSWER, quotes=(first, replace(first, rank=2, text="Other words.", uri=None))))
    assert f"**A title**, paragraph 11, page {shown}\n" in text + "\n"
    assert f"same document, paragraph 11, page {shown}\n" in text + "\n"


def test_two_documents_of_one_title_are_told_apart_by_name():
    text = body(replace(ANSWER, quotes=(QUOTE, replace(OTHER, title=QUOTE.title))))
    assert " · a.txt · " in text and " · b.txt" in text


def test_context_stands_before_the_quote_in_small_print():
    context = Context("The chief  spoke.", 10, 27, 5)
    lines = body(replace(ANSWER, quotes=(replace(QUOTE, context=context),))).split("\n")
    assert lines[0] == "-# Earlier, in paragraph 5: The chief  spoke."
    assert lines[1].startswith("> It said")


def test_context_of_several_lines_keeps_its_lines():
    context = Context("One.\n  Two.", 10, 20, 5)
    lines = body(replace(ANSWER, quotes=(replace(QUOTE, context=context),))).split("\n")
    assert lines[:4] == ["-# Earlier, in paragraph 5:", "> One.", ">   Two.", ""]


def test_other_places_of_the_same_text_are_named():
    places = (Place("b.txt", 12, 0, 41), Place("a.txt", 30, 0, 41), *[Place("c.txt", n, 0, 41) for n in (1, 2)])
    text = body(replace(ANSWER, quotes=(replace(QUOTE, also_in=places),)))
    assert text.endswith("> -# also in b.txt, paragraph 12; paragraph 30; c.txt, paragraph 1 and 1 more")


def test_the_library_is_named_where_two_were_asked_and_not_where_one_was():
    both = {"1": "this server", "shared": "shared library"}
    assert "this server" in body(ANSWER, names=both)
    assert "shared library" in body(replace(ANSWER, quotes=(replace(QUOTE, library="shared"),)), names=both)
    assert "this server" not in body(ANSWER, names={"1": "this server"})


@pytest.mark.parametrize(
    ("confidence", "words"),
    [(0.95, "Sure of this answer"), (0.9, "Sure of"), (0.8, "Likely the answer"), (0.69, "Unsure: ")],
)
def test_the_footer_says_in_words_how_sure_it_is_and_how_much_was_searched(confidence, words):
    footer = answer_reply(replace(ANSWER, confidence=confidence)).embeds[0].footer.text
    assert footer.startswith(words) and footer.endswith("· 12 documents searched")


def test_the_question_is_shown_as_it_was_asked():
    assert answer_reply(replace(ANSWER, question="Why\n**so**?")).embeds[0].author.name == "Why **so**?"


def test_an_answer_can_be_looked_into_followed_up_voted_on_and_removed():
    assert actions(answer_reply(ANSWER)) == ["context", "more", "follow", "yes", "no", "remove"]
    assert "remove" not in actions(answer_reply(ANSWER, private=True))


def test_a_follow_up_says_in_short_what_it_follows():
    for shown in (ANSWER, ABSTENTION):
        first = body(shown, following="Who **is**\nhe? " * 20).split("\n")[0]
        assert (
            first.startswith(r"-# following: Who \*\*is\*\* he? Who ") and first.endswith(r"\[…]") and len(first) < 260
        )
        assert "following" not in body(shown)


def test_a_follow_up_says_how_it_was_read_and_another_question_does_not():
    for answer in (ANSWER, ABSTENTION):
        read = replace(answer, read_as="When was **Harvard**\nfounded? " * 20)
        second = body(read, following="Who runs Harvard?").split("\n")[1]
        assert second.startswith(r"-# read as: When was \*\*Harvard\*\* founded? ")
        assert second.endswith(r"\[…]") and len(second) < 260
        assert "read as" not in body(read) and "read as" not in body(answer, following="Who runs Harvard?")


def test_an_abstention_says_so_and_shows_no_word_of_a_document():
    reply = answer_reply(ABSTENTION)
    assert reply.embeds[0].description.startswith("**I found no answer to this in the documents.**")
    assert "words" not in str(reply.embeds[0].to_dict()).replace("Why", "")
    assert "70%" not in str(reply.embeds[0].to_dict())
    assert actions(reply) == ["closest", "follow", "no", "remove"]


def test_an_abstention_without_passages_offers_none():
    assert "closest" not in actions(answer_reply(replace(ABSTENTION, passages=())))


def test_a_long_quote_is_cut_at_a_word_at_a_marked_place_and_says_where_the_rest_is():
    words = "word " * 1000
    long = replace(QUOTE, text=words, end=100 + len(words), answer=Span("word", 2600, 2604))
    text = body(replace(ANSWER, quotes=(long,)))
    first, *_, last = text.split("\n")
    assert first.startswith(r"> *\[…]* word ") and first.endswith(r" word *\[…]*")
    assert " **word** " in first and set(first[2:].replace("*", "").split()) == {"word", r"\[…]"}
    assert last.endswith("shortened, whole in context")


@pytest.mark.parametrize("text", ["*" * 350, "😀" * 350, "word " * 70, "\n*" * 174 + "ab", "™" * 350, "1.\n" * 116])
def test_three_quotes_as_long_as_quotes_get_are_never_cut(text):
    found = [replace(QUOTE, rank=n, text=text, end=100 + len(text), answer=None, uri=None) for n in (1, 2, 3)]
    assert body(replace(ANSWER, quotes=tuple(found))).count(f"{quoted(text)}\n> -# ") == 3


@pytest.mark.parametrize("text", ["*" * 350, "*" * 9000, "word* " * 9000])
def test_three_quotes_are_shown_however_long_they_and_their_citations_are(text):
    long = replace(
        QUOTE,
        text=text,
        end=100 + len(text),
        answer=None,
        title="*" * 900,
        heading="*" * 900,
        uri="https://example.org/" + "x" * 270,
        context=Context("*" * 900, 0, 900, 1),
        also_in=tuple(Place("*" * 900, number, 0, 1) for number in range(9)),
    )
    found = tuple(replace(long, rank=n, document=f"{n}{'*' * 900}", document_id=n) for n in (1, 2, 3))
    shown = body(replace(ANSWER, quotes=found, read_as="*" * 900), following="*" * 900)
    assert [rf"> -# \[{rank}] **" in shown for rank in (1, 2, 3)] == [True] * 3


@settings(max_examples=50, deadline=None)
@given(answers(most=3))
def test_every_quote_of_an_answer_is_shown(answer):
    if answer.answered and len(answer.quotes) > 1:
        assert all(rf"-# \[{quote.rank}] " in body(answer, following=answer.question) for quote in answer.quotes)


def test_a_link_is_only_its_host():
    assert link("https://docs.example.org/a b(c)?d=e#f") == (
        "[docs.example.org](https://docs.example.org/a%20b%28c%29?d=e#f)"
    )
    assert link("https://münchen.example/straße") == (
        "[xn--mnchen-3ya.example](https://xn--mnchen-3ya.example/stra%C3%9Fe)"
    )
    assert link("https://example.org/" + "x" * 5000) == "example.org"


@pytest.mark.parametrize(
    "uri",
    [
        "https://bank.example@evil.example/",
        "javascript:alert(1)",
        "discord://-/settings",
        "https://",
        "https://[::1",
        "https://exa mple.org/",
        "https://example.org:99999999/",
        "https://a_b.example/",
        "folder/file.txt",
        "",
    ],
)
def test_what_is_no_plain_web_address_is_no_link(uri):
    assert link(uri) is None


def test_a_title_can_not_pass_for_a_citation_or_a_link():
    cited = citation("T**\n> -# [1] [x](https://evil.example)", 1, heading="a\nb", library="c`d`")
    assert cited == (r"**T\*\* \> -\# \[1] \[x](https\://evil.example)**, paragraph 1 · a b · c\`d\`")


@given(quotes(1, tricky.filter(lambda text: text.strip())))
def test_what_is_shown_of_a_quote_is_its_text(quote):
    text = body(replace(ANSWER, quotes=(replace(quote, context=None, answer=None),)))
    assert text.startswith(quoted(quote.text)) or "shortened" in text


def test_an_abstention_says_that_the_question_s_language_is_unknown_and_an_answer_does_not():
    said = "I don't know the language of this question, so I only looked for its words."
    assert body(replace(ABSTENTION, language_known=False)).split("\n")[1] == said
    assert said not in body(ABSTENTION)
    assert said not in body(replace(ANSWER, language_known=False))


def test_numbers_that_no_quote_mentions_are_told_and_cut_where_they_are_long():
    (embed,) = answer_reply(replace(ANSWER, question="What of 2014, and 70 %?")).embeds
    assert embed.footer.text == "Sure of this answer · 2014: not mentioned in any quote · 12 documents searched"
    (embed,) = answer_reply(replace(ANSWER, question="9" * 2_000)).embeds
    assert len(embed.footer.text) < 150
