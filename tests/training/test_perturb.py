"""Questions made unanswerable and untidy: something changes, and never the original."""

import numpy as np

from quoth.training.mix import one_pass
from quoth.training.negatives import terms
from quoth.training.perturb import Swapper, mentions
from quoth.training.untidy import misspell, untidy

PASSAGES = [
    ("Chopin", "Fryderyk Chopin was born in Warsaw in 1810. He met Franz Liszt and George Sand in Paris in 1836."),
    ("Chopin", "In Vienna he played twelve concerts. Robert Schumann praised him in 1831, Clara Wieck in 1835."),
]
QUESTIONS = ["When did Chopin meet Franz Liszt?", "Where was Chopin born first?", "Who praised Chopin in 1831?"]


def test_mentions():
    found = {
        (m.text, m.kind) for m in mentions("Which first did Franz Liszt play in 1836 at two of 30 halls in Paris?")
    }
    assert found == {
        ("first", "relation"),
        ("Franz Liszt", "name2"),
        ("1836", "year"),
        ("two", "number-word"),
        ("30", "number"),
        ("Paris", "name1"),
    }
    assert not [m for m in mentions("Where is it?") if m.kind.startswith("name")]


def test_swaps_put_in_what_the_passage_lacks():
    swapper = Swapper(PASSAGES, QUESTIONS)
    changed = set()
    for seed in range(60):
        for question in QUESTIONS:
            before = question
            found = swapper.swap(question, PASSAGES[0][1], "Chopin", np.random.default_rng(seed))
            assert question == before
            if found is not None:
                text, new = found
                assert text != question and new in text
                negated = not new and ("n't" in text or "never" in text)
                assert negated or set(terms(new)) - set(terms("Chopin " + PASSAGES[0][1]))
                changed.add(text)
    assert "When did Chopin meet Clara Wieck?" in changed
    assert any("last" in text or "second" in text for text in changed)
    assert {"When didn't Chopin meet Franz Liszt?", "Where was never Chopin born first?"} & changed


def test_a_question_that_negates_already_is_not_negated():
    swapper = Swapper(PASSAGES, QUESTIONS)
    for seed in range(200):
        found = swapper.swap("Where did Chopin not meet Liszt?", "", "", np.random.default_rng(seed))
        assert found is None or ("n't" not in found[0] and "never" not in found[0])


def test_nothing_to_swap():
    assert Swapper([], []).swap("What is it?", "It is it.", "", np.random.default_rng(0)) is None


def test_untidy_questions_come_in_the_stated_shares():
    question, other = "When did Chopin meet Franz Liszt in Paris?", "Who was George Sand?"
    drawn = [untidy(question, np.random.default_rng(seed), other=other) for seed in range(2000)]
    assert question == "When did Chopin meet Franz Liszt in Paris?"
    share = np.mean([text == text.lower() for text in drawn])
    assert 0.26 < share < 0.34
    assert 0.06 < np.mean([len(text) > len(question) + 6 for text in drawn]) < 0.12
    assert 0.45 < np.mean([text == question for text in drawn]) < 0.62
    assert all(text.strip() for text in drawn)
    assert untidy("hm", np.random.default_rng(3)).strip()


def test_misspelling_changes_one_or_two_places():
    for seed in range(100):
        text = misspell("something peculiar happened", np.random.default_rng(seed))
        assert abs(len(text) - 27) <= 2 and text.count(" ") == 2
    assert misspell("a b c", np.random.default_rng(0)) == "a b c"


def test_the_mix_has_its_share_of_unanswerable_questions(collection):
    turns = one_pass(collection.items, 1, 0)
    impossible = [n for n, item in enumerate(collection.items) if item.role.name == "IMPOSSIBLE"]
    share = np.mean((turns[:, 1] != 0) | np.isin(turns[:, 0], impossible))
    assert share > 0.35
    assert (one_pass(collection.items, 1, 0) == turns).all()
    assert not np.array_equal(one_pass(collection.items, 1, 1), turns)
