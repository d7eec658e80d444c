"""Libraries of many servers that say the same but for canaries: words and numbers that stand in one server's alone.

A document has two. Its ``named`` one stands in its file's name, its title and its text: an outsider may have heard it,
and try it. Its ``told`` one stands in a sentence that answers a question, and no outsider ever sends it.
"""

from __future__ import annotations

import json
import os
import random
import re
import string
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from bot.records import Records
from bot.shelf import Shelf
from bot.uploads import UploadLimits, add_upload

ALL = os.environ.get("QUOTH_FAULTS") == "all"

SERVERS = range(900_000_000_000_000_001, 900_000_000_000_000_021)
"""The ids of the servers."""

SHARED = 0
"""The number that the shared library's documents have in place of a server's."""

_HEARD = 2
"""Of each server, so many documents' names have been heard of elsewhere."""

_KEPT = 9
"""So many of a canary's first characters give it away: lists cut what is long, and stems lose their endings."""

_TOPICS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    (
        "gate",
        "number",
        "The gate of the north yard opens with the code {told}. It is changed on the first Monday in May.",
        ("Which code opens the gate of the north yard?", "What is the code of the gate?", "code for the north gate?"),
    ),
    (
        "mascot",
        "word",
        "The mascot of the house is a grey goose called {told}. It sleeps in the stable beside the ponies.",
        ("What is the mascot called?", "What is the name of the goose?", "How is the grey goose called?"),
    ),
    (
        "network",
        "word",
        "The password of the guests' network is {told}. Whoever forgets it asks at the desk downstairs.",
        ("What is the password of the guests' network?", "Which password do guests use?", "wifi password for guests"),
    ),
    (
        "fees",
        "number",
        "All fees are paid to the account {told} before the tenth of the month. Late fees cost three crowns more.",
        ("To which account are the fees paid?", "What account do I pay my fees to?", "account for the fees"),
    ),
    (
        "keys",
        "word",
        "The keeper of the keys is Mister {Told}, who lives above the bakery. He opens the hall at six.",
        ("Who is the keeper of the keys?", "Who keeps the keys?", "Which man lives above the bakery?"),
    ),
    (
        "ferry",
        "word",
        "The ferry that leaves for the island at seven is the {Told}. It takes forty people and two carts.",
        ("Which ferry leaves for the island at seven?", "What is the name of the ferry to the island?"),
    ),
    (
        "alarm",
        "number",
        "In an emergency, the guard is called at the number {told}. The guard comes within nine minutes.",
        ("Which number is called in an emergency?", "What is the number of the guard?", "emergency number"),
    ),
    (
        "society",
        "word",
        "The society was founded by Doctor {Told} in the winter of 1874. At first it had eleven members.",
        ("Who founded the society?", "By whom was the society founded in 1874?", "founder of the society"),
    ),
    (
        "kitchen",
        "word",
        "On Fridays the kitchen serves a soup of {told} with bread. On all other days there is porridge.",
        ("Which soup is served on Fridays?", "What does the kitchen serve on Fridays?"),
    ),
    (
        "locker",
        "number",
        "The spare lamp lies in the locker {told} below the stairs. Its oil is bought in autumn.",
        ("In which locker does the spare lamp lie?", "Where is the spare lamp?", "locker of the spare lamp"),
    ),
    (
        "pharmacy",
        "word",
        "Against hay fever the nurse gives two spoons of {told} a day. It is kept cool and dark.",
        ("What does the nurse give against hay fever?", "Which medicine helps against hay fever?"),
    ),
    (
        "watch",
        "word",
        "The watchword of the night watch is {told}. Whoever doesn't know it waits outside until dawn.",
        ("What is the watchword of the night watch?", "Which watchword does the night watch use?"),
    ),
)

_AROUND = "This page belongs to the handbook of {Named} and is read aloud in spring."


@dataclass(frozen=True, slots=True)
class Paper:
    """A document of a server, and questions that the sentence with its ``told`` canary answers."""

    server: int
    topic: str
    title: str
    named: str
    told: str
    body: str
    questions: tuple[str, ...]

    @property
    def file(self) -> str:
        """What its file is called."""
        return f"{self.topic} {self.named}.md"


@dataclass(frozen=True, slots=True)
class Papers:
    """The documents of all servers, and whose a canary is."""

    of: dict[int, tuple[Paper, ...]]
    whose: dict[str, Paper]
    _pattern: re.Pattern[str]

    @classmethod
    def written(cls, servers: Iterable[int], *, seed: int = 14, topics: int = len(_TOPICS)) -> Papers:
        """Write the documents of ``servers``; ``SHARED`` may be among them."""
        made = _canaries(random.Random(seed))
        of = {
            server: tuple(_paper(server, topic, next(made), next(made)) for topic in _TOPICS[:topics])
            for server in servers
        }
        papers = [paper for those in of.values() for paper in those]
        whose = {mark(canary): paper for paper in papers for canary in (paper.named, paper.told)}
        assert len(whose) == 2 * len(papers), "a canary is one server's alone"
        return cls(of, whose, re.compile("|".join(whose)))

    def seen_in(self, text: str) -> set[str]:
        """Return the canaries (their first characters) that a text shows, whatever markup parts their letters."""
        return set(self._pattern.findall(plain(text)))

    def heard_of(self, server: int) -> tuple[Paper, ...]:
        """Return the documents of a server whose names outsiders have heard of."""
        return self.of[server][:_HEARD]

    def crossings(
        self, shown: str, server: int | None, *, shared: bool = True, said: Set[str] = frozenset()
    ) -> list[str]:
        """Return what a server's members are shown of others' canaries, each with whose it is.

        Nothing is due in direct messages (None) but what is shared. A name that members ``said`` themselves (as
        ``seen_in`` finds it) may be repeated to them; what it stands for is not.
        """
        due = {server, SHARED} if shared or server is None else {server}
        return [
            f"{seen} of {paper.server}, shown in {server}: {shown[:2000]}"
            for seen in sorted(self.seen_in(shown))
            if (paper := self.whose[seen]).server not in due and not (seen in said and paper.named.startswith(seen))
        ]


def mark(canary: str) -> str:
    """Return what ``Papers.seen_in`` finds of a canary."""
    return canary[:_KEPT]


def plain(text: str) -> str:
    """Return a text as it reads: without marks of formatting, in small letters."""
    return re.sub(r"[*_~|`\\\u00ad\u200b-\u200f\u2060-\u2064\ufeff]", "", text).casefold()


def _canaries(chance: random.Random) -> Iterator[str]:
    """Yield words that are no language's and no other one's beginning."""
    begun: set[str] = set()
    while True:
        word = "".join(chance.choice("bdfgklmnprstvz") + chance.choice("aeiou") for _ in range(6))
        if word[:_KEPT] not in begun:
            begun.add(word[:_KEPT])
            yield word


def _paper(server: int, topic: tuple[str, str, str, tuple[str, ...]], named: str, told: str) -> Paper:
    name, kind, sentence, questions = topic
    if kind == "number":
        told = "".join(random.Random(told).choices(string.digits, k=12))
    title = f"The {name} of {named.capitalize()}"
    body = f"{_AROUND}\n\n{sentence}\n".format(Named=named.capitalize(), told=told, Told=told.capitalize())
    return Paper(server, name, title, named, told, body, questions)


def fill(shelf: Shelf, records: Records, server: int, papers: Sequence[Paper], **others: str) -> None:
    """Add a server's documents as its managers do: the first as a file of its own, the others as lines of one.

    ``others`` are further lines, by name. The shared library has no managers, and gets the same from its operator.
    """
    first, *rest = papers
    lines = [{"_id": paper.file, "title": paper.title, "text": paper.body} for paper in rest]
    lines += [{"_id": name, "title": "", "text": text} for name, text in others.items()]
    for name, data in (
        (first.file, f"# {first.title}\n\n{first.body}"),
        (f"handbook {rest[0].named}.jsonl", "".join(json.dumps(line) + "\n" for line in lines)),
    ):
        if server == SHARED:
            with shelf.using(None, create=True) as library:
                library.add(name, data.encode())
        else:
            add_upload(
                shelf,
                records,
                guild=server,
                by=server + 7,
                name=name,
                data=data.encode(),
                replace=False,
                limits=UploadLimits(),
            )


def files_below(folder: Path) -> dict[Path, bytes]:
    """Return every file below a folder with its bytes."""
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()}


def byte_matches(folder: Path, texts: Iterable[str], raw: Iterable[bytes] = ()) -> list[str]:
    """Return where below a folder any of these texts' first characters stand, in UTF-8 or UTF-16, or raw bytes do."""
    wanted: dict[bytes, str] = {}
    for text in texts:
        for form in (mark(text), mark(text).capitalize(), mark(text).upper()):
            for code in ("utf-8", "utf-16-le", "utf-16-be"):
                wanted[form.encode(code)] = text
    wanted |= dict.fromkeys(raw, "a vector")
    return [
        f"{what} in {path.relative_to(folder)}"
        for path, data in files_below(folder).items()
        for form, what in wanted.items()
        if form in data
    ]
