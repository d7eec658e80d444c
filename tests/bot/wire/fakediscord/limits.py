"""Discord's documented limits, checked on what a bot sends. Each function returns the problems found, in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Payload = Mapping[str, Any]

CONTENT = 2_000
EMBEDS = 10
EMBED_TOTAL = 6_000
EMBED_TEXTS = {"title": 256, "description": 4_096}
FIELDS, FIELD_NAME, FIELD_VALUE = 25, 256, 1_024
FOOTER, AUTHOR = 2_048, 256
ROWS, BUTTONS, LABEL, CUSTOM_ID, URL = 5, 5, 80, 100, 512
V2_COMPONENTS, V2_TEXT = 40, 4_000
NONCE = 25
MODAL_TITLE, MODAL_LABEL, MODAL_ROWS, INPUT = 45, 45, 5, 4_000
CHOICES, CHOICE = 25, 100
COMMAND_NAME, COMMAND_DESCRIPTION, COMMAND_OPTIONS, COMMAND_TOTAL = 32, 100, 25, 8_000
COMMANDS_OF_TYPE = {1: 100, 2: 15, 3: 15}

EPHEMERAL = 1 << 6
COMPONENTS_V2 = 1 << 15
MESSAGE_FLAGS = {"sent": 1 << 2 | 1 << 12 | COMPONENTS_V2, "interaction": 1 << 2 | EPHEMERAL | 1 << 12 | COMPONENTS_V2}
ACTION_ROW, BUTTON, SELECTS, TEXT_INPUT, LABEL_COMPONENT = 1, 2, {3, 5, 6, 7, 8}, 4, 18

CALLBACKS = {2: {4, 5, 9}, 3: {4, 5, 6, 7, 9}, 4: {8}, 5: {4, 5, 6, 7}}
"""For each type of interaction, the types of callback that may answer it."""


def _long(what: str, text: object, limit: int, least: int = 0) -> Iterator[str]:
    if not isinstance(text, str):
        yield f"{what} is {text!r}, not text"
    elif not least <= len(text) <= limit:
        yield f"{what} has {len(text)} characters; from {least} to {limit} are allowed"


def message_problems(body: Payload, *, files: int = 0, edit: bool = False, where: str = "sent") -> list[str]:
    """Check a message as it is sent, edited or given to a callback (``where``: "sent" or "interaction")."""
    return list(_message(body, files, edit, where))


def _message(body: Payload, files: int, edit: bool, where: str) -> Iterator[str]:
    content, embeds, components = body.get("content"), body.get("embeds") or [], body.get("components") or []
    flags = body.get("flags") or 0
    if flags & ~MESSAGE_FLAGS[where]:
        yield f"flags {flags} can't be set on a {where} message"
    if content is not None:
        yield from _long("content", content, CONTENT)
    if not edit and not (content or embeds or components or files or body.get("poll") or body.get("sticker_ids")):
        yield "the message is empty (error 50006)"
    if flags & COMPONENTS_V2 and (content or embeds):
        yield "a message with Components V2 has neither content nor embeds"
    if body.get("nonce") is not None:
        yield from _long("nonce", str(body["nonce"]), NONCE)
    yield from _allowed_mentions(body)
    if len(embeds) > EMBEDS:
        yield f"{len(embeds)} embeds; {EMBEDS} are allowed"
    for embed in embeds:
        yield from _embed(embed)
    total = sum(map(_embed_length, embeds))
    if total > EMBED_TOTAL:
        yield f"the embeds of the message hold {total} characters; {EMBED_TOTAL} are allowed"
    yield from _components(components, v2=bool(flags & COMPONENTS_V2))


def _allowed_mentions(body: Payload) -> Iterator[str]:
    mentions = body.get("allowed_mentions")
    if mentions is None:
        return
    for kind in mentions.get("parse", []):
        if kind not in ("roles", "users", "everyone"):
            yield f"allowed_mentions.parse has {kind!r}"
    for kind in ("users", "roles"):
        if len(mentions.get(kind, [])) > 100:
            yield f"allowed_mentions.{kind} names more than 100"
        if mentions.get(kind) and kind in mentions.get("parse", []):
            yield f"allowed_mentions names {kind} and parses them as well"


def _embed_length(embed: Payload) -> int:
    parts = [embed.get("title"), embed.get("description"), (embed.get("footer") or {}).get("text")]
    parts += [(embed.get("author") or {}).get("name")]
    parts += [text for field in embed.get("fields", []) for text in (field.get("name"), field.get("value"))]
    return sum(len(part) for part in parts if part)


def _embed(embed: Payload) -> Iterator[str]:
    for name, limit in EMBED_TEXTS.items():
        if embed.get(name) is not None:
            yield from _long(f"embed.{name}", embed[name], limit)
    fields = embed.get("fields") or []
    if len(fields) > FIELDS:
        yield f"an embed has {len(fields)} fields; {FIELDS} are allowed"
    for field in fields:
        yield from _long("embed.field.name", field.get("name"), FIELD_NAME, 1)
        yield from _long("embed.field.value", field.get("value"), FIELD_VALUE, 1)
    if embed.get("footer"):
        yield from _long("embed.footer.text", embed["footer"].get("text"), FOOTER)
    if embed.get("author"):
        yield from _long("embed.author.name", embed["author"].get("name"), AUTHOR)
    if embed.get("url") is not None and not re.match(r"https?://\S+$", embed["url"]):
        yield f"embed.url {embed['url']!r} is not http or https"
    colour = embed.get("color")
    if colour is not None and not 0 <= colour <= 0xFFFFFF:
        yield f"embed.color {colour} is no colour"
    if not any(embed.get(name) for name in ("title", "description", "footer", "author", "image", "thumbnail")) and not (
        fields
    ):
        yield "an embed is empty"


def _walk(components: Sequence[Payload]) -> Iterator[Payload]:
    for component in components:
        yield component
        yield from _walk(component.get("components") or [])
        for name in ("accessory", "component"):
            if component.get(name):
                yield from _walk([component[name]])


def _components(components: Sequence[Payload], *, v2: bool) -> Iterator[str]:
    everything = list(_walk(components))
    if v2:
        if len(everything) > V2_COMPONENTS:
            yield f"{len(everything)} components; {V2_COMPONENTS} are allowed"
        text = sum(len(part.get("content") or "") for part in everything if part.get("type") == 10)
        if text > V2_TEXT:
            yield f"the text displays hold {text} characters; {V2_TEXT} are allowed"
    else:
        if len(components) > ROWS:
            yield f"{len(components)} action rows; {ROWS} are allowed"
        if any(row.get("type") != ACTION_ROW for row in components):
            yield "a message's top-level component is no action row"
    for row in everything:
        if row.get("type") == ACTION_ROW:
            yield from _row(row.get("components") or [])
    names = [part["custom_id"] for part in everything if part.get("custom_id") is not None]
    if len(names) != len(set(names)):
        yield f"custom_id is not unique: {names}"
    for name in names:
        yield from _long("custom_id", name, CUSTOM_ID, 1)


def _row(parts: Sequence[Payload]) -> Iterator[str]:
    if not parts:
        yield "an action row is empty"
    if len(parts) > BUTTONS:
        yield f"an action row has {len(parts)} components; {BUTTONS} are allowed"
    if len(parts) > 1 and any(part.get("type") != BUTTON for part in parts):
        yield "a select shares its row"
    for part in parts:
        if part.get("type") == BUTTON:
            yield from _button(part)
        elif part.get("type") in SELECTS:
            yield from _select(part)


def _button(button: Payload) -> Iterator[str]:
    if button.get("label") is not None:
        yield from _long("button.label", button["label"], LABEL)
    if not button.get("label") and not button.get("emoji"):
        yield "a button has neither label nor emoji"
    style = button.get("style")
    if style not in range(1, 7):
        yield f"button.style is {style!r}"
    if (style == 5) != bool(button.get("url")) or (style not in (5, 6)) != bool(button.get("custom_id")):
        yield f"a button of style {style} has url {button.get('url')!r} and custom_id {button.get('custom_id')!r}"
    if button.get("url"):
        yield from _long("button.url", button["url"], URL)


def _select(select: Payload) -> Iterator[str]:
    options = select.get("options") or []
    if select.get("type") == 3 and not 1 <= len(options) <= CHOICES:
        yield f"a select has {len(options)} options; from 1 to {CHOICES} are allowed"
    for option in options:
        yield from _long("option.label", option.get("label"), CHOICE, 1)
        yield from _long("option.value", option.get("value"), CHOICE, 1)
        if option.get("description") is not None:
            yield from _long("option.description", option["description"], CHOICE)
    if select.get("placeholder") is not None:
        yield from _long("select.placeholder", select["placeholder"], 150)


def modal_problems(data: Payload) -> list[str]:
    """Check a modal."""
    problems = [*_long("modal.title", data.get("title"), MODAL_TITLE, 1)]
    problems += _long("modal.custom_id", data.get("custom_id"), CUSTOM_ID, 1)
    rows = data.get("components") or []
    if not 1 <= len(rows) <= MODAL_ROWS:
        problems.append(f"a modal has {len(rows)} components; from 1 to {MODAL_ROWS} are allowed")
    for part in _walk(rows):
        if part.get("type") == LABEL_COMPONENT:
            problems += _long("label.label", part.get("label"), MODAL_LABEL, 1)
            if part.get("description") is not None:
                problems += _long("label.description", part["description"], 100)
        if part.get("type") == TEXT_INPUT:
            problems += _input(part)
    return problems


def _input(part: Payload) -> Iterator[str]:
    yield from _long("input.custom_id", part.get("custom_id"), CUSTOM_ID, 1)
    if part.get("label") is not None:
        yield from _long("input.label", part["label"], MODAL_LABEL, 1)
    if part.get("placeholder") is not None:
        yield from _long("input.placeholder", part["placeholder"], 100)
    if part.get("value") is not None:
        yield from _long("input.value", part["value"], INPUT)
    for name, least in (("min_length", 0), ("max_length", 1)):
        if part.get(name) is not None and not least <= part[name] <= INPUT:
            yield f"input.{name} is {part[name]}"


def autocomplete_problems(data: Payload) -> list[str]:
    """Check the choices of an autocomplete."""
    choices = data.get("choices") or []
    problems = [] if len(choices) <= CHOICES else [f"{len(choices)} choices; {CHOICES} are allowed"]
    for choice in choices:
        problems += _long("choice.name", choice.get("name"), CHOICE, 1)
        if isinstance(choice.get("value"), str):
            problems += _long("choice.value", choice["value"], CHOICE)
    return problems


def callback_problems(kind: int, body: Payload, files: int = 0) -> list[str]:
    """Check the callback of an interaction of the type ``kind``."""
    callback, data = body.get("type"), body.get("data") or {}
    if callback not in CALLBACKS[kind]:
        return [f"an interaction of type {kind} can't be answered by a callback of type {callback}"]
    if callback in (5, 6):
        # A deferred reply takes its flags now and everything else when it is edited
        extra = set(data) - {"flags"} or ({"flags"} if (data.get("flags") or 0) & ~EPHEMERAL else set())
        return [f"a deferred reply carries {sorted(extra)}"] if extra else []
    if callback == 8:
        return autocomplete_problems(data)
    if callback == 9:
        return modal_problems(data)
    return message_problems(data, files=files, edit=callback == 7, where="interaction")


def command_problems(commands: Sequence[Payload]) -> list[str]:
    """Check a whole set of application commands."""
    problems: list[str] = []
    for kind, limit in COMMANDS_OF_TYPE.items():
        names = [command["name"] for command in commands if command.get("type", 1) == kind]
        if len(names) > limit:
            problems.append(f"{len(names)} commands of type {kind}; {limit} are allowed")
        if len(names) != len(set(names)):
            problems.append(f"two commands of type {kind} share a name: {names}")
    for command in commands:
        if command.get("type", 1) == 1:
            problems += _option(command, 0)
            total = _command_length(command)
            if total > COMMAND_TOTAL:
                problems.append(f"/{command['name']} holds {total} characters; {COMMAND_TOTAL} are allowed")
        else:
            problems += _long("command.name", command.get("name"), COMMAND_NAME, 1)
            if command.get("description"):
                problems.append(f"the menu command {command['name']!r} has a description")
        permissions = command.get("default_member_permissions")
        if permissions is not None and not str(permissions).isdigit():
            problems.append(f"default_member_permissions is {permissions!r}")
        problems += [f"contexts holds {c}" for c in command.get("contexts") or [] if c not in (0, 1, 2)]
        problems += [f"integration_types holds {t}" for t in command.get("integration_types") or [] if t not in (0, 1)]
    return problems


def _option(option: Payload, depth: int) -> Iterator[str]:
    name = option.get("name") or ""
    if not re.fullmatch(r"[-_'\w]{1,32}", name) or name != name.lower():
        yield f"the command or option name {name!r} is not allowed"
    yield from _long(f"the description of {name!r}", option.get("description"), COMMAND_DESCRIPTION, 1)
    options = option.get("options") or []
    if len(options) > COMMAND_OPTIONS:
        yield f"{name!r} has {len(options)} options; {COMMAND_OPTIONS} are allowed"
    needed = [bool(o.get("required")) for o in options if o.get("type", 3) > 2]
    if needed != sorted(needed, reverse=True):
        yield f"an optional option of {name!r} stands before a required one"
    choices = option.get("choices") or []
    if choices and option.get("autocomplete"):
        yield f"{name!r} has choices and autocomplete"
    yield from autocomplete_problems({"choices": choices})
    if depth > 2:
        yield f"{name!r} is nested too deeply"
    for part in options:
        yield from _option(part, depth + 1)


def _command_length(option: Payload) -> int:
    own = len(option.get("name") or "") + len(option.get("description") or "")
    own += sum(len(c.get("name") or "") + len(str(c.get("value"))) for c in option.get("choices") or [])
    return own + sum(map(_command_length, option.get("options") or []))
