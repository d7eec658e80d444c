"""An answer, or the plain word that there is none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bot.cutting import units
from bot.escape import shown, visible
from bot.render import reply
from bot.render.blocks import block, one_line, small
from bot.render.citation import also_in, below, citation, names_library
from bot.render.reply import Button, Reply, card, fits
from quoth.answer import Answer, Context, Quote, confidence_in_words
from quoth.counted import counted

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class _Room:
    """Units for a quote and for its context, and whether its citation is given whole."""

    quote: int
    context: int
    whole: bool


# 350 characters, as long as a quote gets, need no more than 1,100 units, whatever they are. Three such quotes with
# the longest of titles, headings and addresses don't fit together, and then the citations give way
_AMPLE = _Room(quote=1_100, context=400, whole=True)
_SCARCE = _Room(quote=680, context=250, whole=False)

_FOLLOWED = 120
"""Units that are shown of the question before, and of how this one was read."""

_NUMBERS = 60
"""Units of the numbers that are shown as not mentioned."""

_SURE = {
    "sure": ("Sure of this answer", reply.SURE),
    "likely": ("Likely the answer", reply.LIKELY),
    "unsure": ("Unsure: please read it in context", reply.UNSURE),
}

# How sure it is that the first quote answers says nothing of which source is right
_DIFFERING = ("The sources differ: please compare them", reply.UNSURE)


def answer_reply(
    answer: Answer, *, names: Mapping[str, str] = _NOTHING, private: bool = False, following: str | None = None
) -> Reply:
    """Return an answer as it is shown: its quotes with their citations, or that none was found.

    ``names`` says how the libraries that were asked are called, by their names; citations tell it where there are
    several. A ``private`` answer, which only its asker sees, has nothing to remove. ``following`` is the question that
    this one followed and is understood with: how it was read is shown then.
    """
    above = []
    if following is not None:
        above.append(f"-# following: {one_line(following, _FOLLOWED)}")
        if answer.read_as is not None:
            above.append(f"-# read as: {one_line(answer.read_as, _FOLLOWED)}")
    searched = f"{counted(answer.documents_searched, 'document')} searched"
    if not answer.offered:
        return _declined(answer, above, searched, private)
    words, colour = _DIFFERING if answer.disagreeing else _SURE[confidence_in_words(answer.confidence)]
    lines = _answer_lines(answer, above, names)
    if unmentioned := answer.unmentioned:
        words += f" · {one_line(', '.join(unmentioned), _NUMBERS)}: not mentioned in any quote"
    return Reply(
        embeds=(card(lines, author=answer.question, footer=f"{words} · {searched}", colour=colour),),
        buttons=(
            Button("context", "In context", page=1),
            Button("more", "More quotes", page=1),
            Button("follow", "Follow up"),
            *_feedback(private),
        ),
    )


def _declined(answer: Answer, above: list[str], searched: str, private: bool) -> Reply:
    lines = [*above, "**I found no answer to this in the documents.**"]
    if not answer.language_known:
        lines.append("I don't know the language of this question, so I only looked for its words.")
    buttons: tuple[Button, ...] = (Button("follow", "Follow up"),)
    if answer.passages:
        lines.append("You can still read the passages that come closest.")
        buttons = (Button("closest", "Closest passages", page=1), *buttons)
    feedback = tuple(button for button in _feedback(private) if button.action != "yes")  # there is nothing that helped
    return Reply(embeds=(card(lines, author=answer.question, footer=searched),), buttons=buttons + feedback)


def _feedback(private: bool) -> tuple[Button, ...]:
    votes = (Button("yes", "Helpful", row=1), Button("no", "Not helpful", row=1))
    return votes if private else (*votes, Button("remove", "Remove", row=1))


def _answer_lines(answer: Answer, first: list[str], names: Mapping[str, str]) -> list[str]:
    """Return the ``first`` lines and one string a quote: it is shown with its citation or not at all."""
    # Two documents of one title can only be told apart by their names
    quotes = answer.offered
    titles = Counter(title for title, _ in {(quote.title, quote.document) for quote in quotes})
    disagreeing = {quote.rank for quote in answer.disagreeing}
    lines: list[str] = []
    for room in (_AMPLE, _SCARCE):
        lines = [*first]
        for above, quote in zip((None, *quotes), quotes, strict=False):
            cited = _cited(quote, above, names, whole=room.whole, ambiguous=titles[quote.title] > 1)
            number = rf"\[{quote.rank}] " if len(quotes) > 1 else ""
            if quote.rank in disagreeing:
                cited += _otherwise(quote, quotes[0])
            lines.append("\n".join(_quote_lines(quote, number + cited, room, best=above is None)) + "\n")
        if fits(lines):
            break
    return lines


def _otherwise(quote: Quote, first: Quote) -> str:
    dates = f" (of {quote.dated}; \\[1] of {first.dated})" if quote.is_of_another_day(first) else ""
    return rf" · **says otherwise than \[1]**{dates}"


def _cited(quote: Quote, above: Quote | None, names: Mapping[str, str], *, whole: bool, ambiguous: bool) -> str:
    """Return a quote's citation, where ``above`` is the quote shown before it."""
    if above is not None and (above.library, above.document_id) == (quote.library, quote.document_id):
        title, uri, library = None, None, None
    else:
        title, uri, library = quote.title, quote.uri, names_library(names, quote.library)
    return citation(
        title,
        quote.paragraph,
        page=quote.page,
        heading=below(quote.title, quote.heading) if whole else None,
        uri=uri if whole else None,
        document=quote.document if ambiguous and whole and title is not None else None,
        library=library,
    )


def _quote_lines(quote: Quote, cited: str, room: _Room, *, best: bool) -> Iterator[str]:
    if quote.context is not None:
        yield _earlier(quote.context, room)
    # Bold says "this is the answer", which only the best quote is offered as
    answer = quote.answer if best else None
    span = (answer.start - quote.start, answer.end - quote.start) if answer else None
    text, cut = block(quote.text, span, room.quote)
    lines = [cited + (" · shortened, whole in context" if cut else "")]
    if quote.also_in and room.whole:
        lines.append(also_in(quote.also_in, quote.document))
    yield small(text, *lines)


def _earlier(context: Context, room: _Room) -> str:
    label = f"-# Earlier, in paragraph {context.paragraph}:"
    if "\n" not in visible(context.text) and units(markup := shown(context.text)) <= room.context:
        return f"{label} {markup}"
    return f"{label}\n{block(context.text, None, room.context)[0]}\n"
