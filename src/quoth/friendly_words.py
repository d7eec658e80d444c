"""What is said around a question to be friendly, which nothing in a document answers to."""

from __future__ import annotations

import re

from quoth.answer_kind import QUESTION_WORD
from quoth.rarity import CONTENT, rarity
from quoth.words import terms

_SOMEONE = r"(?:you(?: guys| all)?|u|ya|any ?one|any ?body|some ?one|some ?body)(?: here| else| out there)?"
_PLEASE = r"(?:please|pls|plz|kindly)"
_FOLKS = r"(?:guys|all|everyone|everybody|there|folks|people|team|friends|bot|again)"
_THANKS = (
    r"(?:many )?(?:thanks|thank (?:you|u)|thx|tysm|ty|cheers)(?: (?:in advance|so much|a lot|again|guys|all|everyone))*"
)
_FRIENDLY = (
    _PLEASE,
    _THANKS,
    rf"(?:hey|hi|hiya|hello|yo|howdy|greetings|good (?:morning|afternoon|evening|day))(?: {_FOLKS})*",
    r"ok|okay|so|well|u[hm]+|hm+|oh|alright|anyway|btw|by the way|guys",
    r"(?:sorry|apologies|excuse me|pardon)(?: (?:if|for) [^,.:;!?]{1,60}?(?=,|:|;| but\b))?|but",
    r"(?:just )?(?:a |one |another )?(?:quick|simple|short|random|stupid|dumb|silly|noob|newbie) (?:question|one|q)"
    r"(?: for (?:my|a|the) \w+)?",
    r"(?:i ?['’]?a?m )(?:just |a bit |really |so |still )?(?:curious|confused|wondering|new here|lost|not sure)",
    r"(?:just )?(?:curious|wondering)",
    r"i(?: was|['’]ve been) (?:just )?wondering",
    r"(?:i|we)(?:['’]d| would)? (?:just )?(?:need|want|wanna|wanted|like|love)(?: to)? (?:know|ask|find out)",
    r"i have (?:a|one|another) (?:quick )?question|my question is|here['’]?s my question|let me ask",
)
_REQUEST = (
    r"<@!?\d+>|@\w+",
    rf"(?:can|could|would|will) {_SOMEONE} (?:{_PLEASE} )?(?:(?:tell|remind|inform)(?: me| us)?|let (?:me|us) know)",
    rf"do {_SOMEONE} (?:happen to |even |actually )?know",
    rf"(?:does )?{_SOMEONE} (?:happen to |even |actually )?knows?",
    r"any (?:idea|clue)s?",
    rf"(?:{_PLEASE},? )?(?:tell|remind) (?:me|us)(?! (?:about|of|more)\b)",
    r"sorry (?:if|for) [^,.:;!?]{1,60}? but",
)
_BETWEEN = r"[\s,.:;!…–—-]*"
_BEFORE = re.compile(
    rf"{_BETWEEN}(?:(?:(?P<request>{'|'.join(_REQUEST)})|(?P<friendly>{'|'.join(_FRIENDLY)}))(?!\w){_BETWEEN})+",
    re.IGNORECASE,
)
_BEGINS = re.compile(
    rf"(?:(?:in|on|at|to|from|for|by|of|with|under|during) )?{QUESTION_WORD}\b"
    r"|(?:is|are|was|were|do|does|did|can|could|has|have|had|will|would|should|may|if|whether)\b",
    re.IGNORECASE,
)
_STOP = re.compile(r"[,.:;!…–—-]\s*$")
_BEHIND_IT = (
    rf"(?<!they )(?<!you )(?<!we )(?<!to ){_PLEASE}\b",
    rf"{_THANKS}\b",
    r"(?:lol|lmao|haha+|asking for a friend|just curious)\b",
    r"any(?:one|body)(?: knows?)?(?=\s*\?)|(?:do|does) (?:you|any ?one|u) know\b|any (?:idea|clue|help appreciated)\b",
)
_SIGN = r"\s,.:;!?؟？()'\"’”»`>\\/…–—-"
_BEHIND = re.compile(
    rf"(?P<end>[\"'”’»)?؟？]{{0,3}})(?:[{_SIGN}]*(?<!\w)(?:{'|'.join(_BEHIND_IT)}|[^\w{_SIGN}]))+[{_SIGN}]*$",
    re.IGNORECASE,
)
_LOOKED_THROUGH = 100  # characters at the end: looking takes as long as their square


def without_small_talk(question: str) -> str:
    """Return a question without greetings, thanks and requests to be told; as it is where nothing else is left.

    What is said before a question goes only where it asks to be told, or a stop or a question follows it: "Hello Dolly"
    greets nobody.
    """
    kept = question
    if before := _BEFORE.match(kept):
        rest = kept[before.end() :]
        if before.end("request") > before.end("friendly") or _BEGINS.match(rest) or _STOP.search(before[0]):
            kept = rest
    if behind := _BEHIND.search(kept, max(0, len(kept) - _LOOKED_THROUGH)):
        kept = kept[: behind.end("end")] + ("?" if "?" in behind[0] and "?" not in behind["end"] else "")
    told = [term for term in terms(kept) if rarity(term) > CONTENT]
    return kept.strip() if told and kept != question else question
