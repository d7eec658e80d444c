"""What the bot remembers, in one SQLite file: references to answers, votes, settings, questions, managers' actions."""

from bot.records.kept import (
    Action,
    Earlier,
    Forgotten,
    GuildSettings,
    KeptAnswer,
    KeptSpan,
    PendingUpload,
    Stats,
    UnansweredQuestion,
    Upload,
    Votes,
)
from bot.records.records import Records

__all__ = [
    "Action",
    "Earlier",
    "Forgotten",
    "GuildSettings",
    "KeptAnswer",
    "KeptSpan",
    "PendingUpload",
    "Records",
    "Stats",
    "UnansweredQuestion",
    "Upload",
    "Votes",
]
