"""What managers' tests share: replies that must be ephemeral, forms, and presses that no client would send."""

from __future__ import annotations

from typing import Any

import simcord
from simcord.actors import MemberActor
from simcord.backend import serializers
from simcord.builders import ChannelHandle, UserHandle
from simcord.enums import ComponentType, InteractionType
from simcord.results import InteractionResult, ResponseMessage

from bot.client import QuothBot
from tests.bot.conftest import text_of

RULES = b"Rules of the house\n\nGuests leave their shoes at the door. Dinner is served at seven in the evening.\n"
NEW_RULES = b"Rules of the house\n\nGuests may keep their shoes on. Dinner is served at nine in the evening.\n"
BINARY = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00\xb8" * 40


def private(result: InteractionResult) -> ResponseMessage:
    """Return what a command showed, which nobody but its sender saw."""
    assert result.acknowledged
    assert result.ephemeral
    assert result.response is not None
    assert result.response.ephemeral
    return result.response


def told(result: InteractionResult) -> str:
    """Return the words of what a command showed to its sender alone."""
    return text_of(private(result))


def said_after(result: InteractionResult) -> str:
    """Return what a press was answered with in a reply of its own, which nobody but the presser saw."""
    replies = [*result.followups, *([result.response] if result.response is not None else [])]
    assert replies and replies[-1].ephemeral
    return text_of(replies[-1])


async def press(person: MemberActor | UserHandle, message: Any, label: str) -> InteractionResult:
    """Press the button that begins with this label."""
    buttons = [part for row in message.components for part in row["components"] if "label" in part]
    (custom_id,) = [button["custom_id"] for button in buttons if button["label"].startswith(label)]
    return await person.click(message, custom_id=custom_id)


def documents(bot: QuothBot, guild: int | None) -> dict[str, str]:
    """Return the texts of the documents that a server's library holds, by name."""
    if not bot.shelf.has_documents(guild):
        return {}
    with bot.shelf.using(guild) as library:
        return {record.name: library.document_by_id(record.id).text for record in library.documents()}


async def form_of(person: MemberActor, channel: ChannelHandle) -> InteractionResult:
    """Open the form of ``/library add`` and return it."""
    result = await person.slash(channel, "library add")
    assert result.modal is not None
    return result


async def send_form(person: MemberActor, channel: ChannelHandle, *files: tuple[str, bytes]) -> InteractionResult:
    """Send files with the form of ``/library add``."""
    return await person.submit_modal(await form_of(person, channel), {"files": list(files)})


async def forge(
    env: simcord.Env,
    person: MemberActor,
    channel: ChannelHandle,
    custom_id: str,
    *,
    kind: ComponentType = ComponentType.BUTTON,
    values: list[str] | None = None,
    resolved: dict[str, Any] | None = None,
) -> InteractionResult:
    """Press a button that the bot never sent, on a message of the bot's that everyone sees."""
    component: dict[str, Any] = {"type": int(kind), "custom_id": custom_id}
    if kind is ComponentType.BUTTON:
        component |= {"style": 2, "label": "forged"}
    elif kind is ComponentType.STRING_SELECT:
        component["options"] = [{"label": value, "value": value} for value in values or ["x"]]
    message = env.backend.create_message(
        channel.id, env.backend.bot_user.id, "a message", components=[{"type": 1, "components": [component]}]
    )
    data: dict[str, Any] = {"custom_id": custom_id, "component_type": int(kind)}
    if values is not None:
        data["values"] = values
    if kind is ComponentType.CHANNEL_SELECT:
        data["resolved"] = resolved or {"channels": {}}
    return await person._dispatch_interaction(
        InteractionType.MESSAGE_COMPONENT,
        channel,
        data,
        extra={"message": dict(serializers.message_payload(env.backend, message))},
        source_message_id=message.id,
    )
