"""A small Discord on loopback: gateway and REST over real sockets, for a bot that runs as its own process.

Payloads, limits, error codes and deadlines follow Discord's documentation; what breaks one is recorded in
``FakeDiscord.problems`` and refused as Discord refuses it.
"""

from .rest import CALLBACK, CHANNEL_MESSAGES, FOLLOW_UP, ORIGINAL
from .server import FakeDiscord
from .world import MANAGE_GUILD, ORDINARY, Channel, Guild, Interaction, Message, Person

__all__ = [
    "CALLBACK",
    "CHANNEL_MESSAGES",
    "FOLLOW_UP",
    "MANAGE_GUILD",
    "ORDINARY",
    "ORIGINAL",
    "Channel",
    "FakeDiscord",
    "Guild",
    "Interaction",
    "Message",
    "Person",
]
