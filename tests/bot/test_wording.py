"""Ids in what people write become names, and people's names are not kept."""

from types import SimpleNamespace
from typing import Any

import pytest

from bot.wording import Names, names_in_interaction, worded


@pytest.mark.parametrize(
    ("text", "shown", "kept"),
    [
        ("Who is <@8>?", "Who is @Ben?", "Who is @someone?"),
        ("Who is <@!8>, <@9>?", "Who is @Ben, @someone?", "Who is @someone, @someone?"),
        ("What may <@&5> do in <#6>?", "What may @role do in #channel?", "What may @role do in #channel?"),
        ("Why <:wave:77><a:dance:78>?", "Why :wave::dance:?", "Why :wave::dance:?"),
        ("What does </library add:55> do?", "What does /library add do?", "What does /library add do?"),
        ("And <t:0> or <t:1700000000:R>?",) + ("And 1970-01-01 00:00 UTC or 2023-11-14 22:13 UTC?",) * 2,
        ("On <t:9999999999999999>?", "On a time?", "On a time?"),
        ("<sound:1:2> What?", "What?", "What?"),
        ("a < b > c, <@x>, <8>, <:a:>, user@8",) * 3,
    ],
)
def test_ids_become_names_and_other_text_stays(text, shown, kept):
    wording = worded(text, Names({8: "Ben"}))
    assert (wording.text, wording.kept) == (shown, kept)


def test_a_name_is_no_markup_that_is_read_again():
    wording = worded("<@8>", Names({8: "<@9>"}))
    assert (wording.text, wording.kept) == ("@<@9>", "@someone")


def test_people_in_a_command_are_called_as_the_server_calls_them():
    users = {"1": {"username": "a", "global_name": None}, "2": {"username": "b", "global_name": "Bee"}}
    users |= {"3": {"username": "c", "global_name": "Cee"}}
    data = {"resolved": {"users": users, "members": {"2": {"nick": None}, "3": {"nick": "Sea"}}}}
    interaction: Any = SimpleNamespace(data=data, guild=None)
    assert names_in_interaction(interaction).people == {1: "a", 2: "Bee", 3: "Sea"}
    without: Any = SimpleNamespace(data=None, guild=None)
    assert names_in_interaction(without).people == {}
