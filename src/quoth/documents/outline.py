"""The headings above a place in a document."""

from __future__ import annotations

from quoth.documents.model import LONGEST_TITLE


class Outline:
    """The headings that a walk through a document has passed and that still hold.

    ``path`` joins them by " > ", from the highest to the lowest; None above the first. ``title`` is the first heading
    of level 1.
    """

    def __init__(self) -> None:
        self._headings: list[tuple[int, str]] = []
        self.path: str | None = None
        self.title: str | None = None

    def enter(self, level: int, heading: str) -> None:
        """Go below a heading of a level (1 is the highest); those of its level and below hold no longer.

        A heading without words only ends those before it.
        """
        heading = heading[:LONGEST_TITLE].rstrip()
        while self._headings and self._headings[-1][0] >= level:
            self._headings.pop()
        if heading:
            self._headings.append((level, heading))
            if level == 1 and self.title is None:
                self.title = heading
        # One string for all paragraphs below a heading
        self.path = " > ".join(heading for _, heading in self._headings) or None
