"""Answers and everything else that the bot says, as Discord shows them. Pure: no client, no files, no clock."""

from bot.escape import plain
from bot.render.answer import answer_reply
from bot.render.documents import document_reply, library_list_reply, sources_reply
from bot.render.passages import MOST_PAGES, PER_PAGE, Excerpt, closest_reply, context_reply, more_reply
from bot.render.reply import Action, Button, Reply, note, refused_reply
from bot.render.server import POSTED, forgotten_reply, privacy_reply, settings_reply, stats_reply

__all__ = [
    "MOST_PAGES",
    "PER_PAGE",
    "POSTED",
    "Action",
    "Button",
    "Excerpt",
    "Reply",
    "answer_reply",
    "closest_reply",
    "context_reply",
    "document_reply",
    "forgotten_reply",
    "library_list_reply",
    "more_reply",
    "note",
    "plain",
    "privacy_reply",
    "refused_reply",
    "settings_reply",
    "sources_reply",
    "stats_reply",
]
