"""Discord's limits, as its documentation gives them, counted the stricter way: in UTF-16 units."""

from __future__ import annotations

from bot.render import Reply

LIMITS = {"title": 256, "description": 4096, "author": 256, "footer": 2048, "name": 256, "value": 1024}
ALL_EMBEDS, FIELDS, CONTENT, LABEL, ROWS, IN_A_ROW, CUSTOM_ID = 6000, 25, 2000, 80, 5, 5, 100


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def check(reply: Reply) -> None:
    """Fail where Discord would refuse a reply."""
    assert reply.embeds or reply.content
    if reply.content is not None:
        assert 0 < units(reply.content) <= CONTENT and reply.content.strip()
    total = 0
    assert len(reply.embeds) <= 10
    for embed in reply.embeds:
        sent = embed.to_dict()
        parts = [(kind, str(sent[kind])) for kind in ("title", "description") if kind in sent]
        parts += [("author", sent["author"]["name"])] if "author" in sent else []
        parts += [("footer", sent["footer"]["text"])] if "footer" in sent else []
        fields = sent.get("fields", [])
        assert len(fields) <= FIELDS
        parts += [(key, field[key]) for field in fields for key in ("name", "value")]
        for kind, text in parts:
            assert text.strip(), f"an empty {kind}"
            assert units(text) <= LIMITS[kind], kind
            total += units(text)
    assert total <= ALL_EMBEDS
    _check_buttons(reply)


def _check_buttons(reply: Reply) -> None:
    rows = [button.row for button in reply.buttons]
    assert all(0 <= row < ROWS and rows.count(row) <= IN_A_ROW for row in rows)
    identities = [(button.action, button.page) for button in reply.buttons]
    assert len(set(identities)) == len(identities)
    for button in reply.buttons:
        assert 0 < units(button.label) <= LABEL
        assert button.page is None or 0 <= button.page <= 999
        assert len(f"quoth:{button.action}:{'x' * 16}:{button.page}") <= CUSTOM_ID
