"""Files that somebody made to do harm, by the name that each has in a folder: made when they are asked for."""

from __future__ import annotations

from collections.abc import Callable

from tests.documents.hostile import mail, office, pdf, texts

FILES: dict[str, Callable[[], bytes]] = {**pdf.FILES, **office.FILES, **mail.FILES, **texts.FILES}
