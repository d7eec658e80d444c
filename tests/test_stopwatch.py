import time

import pytest

from quoth.errors import QuestionError
from quoth.library import Library
from quoth.stopwatch import STAGES, Stopwatch, Timing


@pytest.fixture
def observed(seed_library, encoder):
    """The seed library with all timings that its observer was told of."""
    told: list[Timing] = []
    with Library.open(seed_library.folder, encoder=encoder, observe=told.append) as library:
        yield library, told


def test_laps_leave_no_gap_between_a_question_s_beginning_and_its_end():
    began = time.perf_counter()
    watch = Stopwatch()
    for stage in ("embedding", "reading", "embedding"):
        watch.lap(stage)
    within = time.perf_counter() - began
    assert list(watch.stages) == ["embedding", "reading"]
    assert 0 < watch.seconds == sum(watch.stages.values()) <= within


def test_an_observer_is_told_what_each_stage_of_an_answer_took(observed):
    library, told = observed
    answer = library.ask("When was the cyber police launched?")
    (timing,) = told
    assert timing.kind == "ask" and set(timing.stages) == set(STAGES)
    assert min(timing.stages.values()) >= 0
    assert timing.seconds == pytest.approx(answer.seconds)


def test_a_search_has_no_stage_of_reading_and_quoting(observed):
    library, told = observed
    library.search("cyber police")
    assert told[0].kind == "search"
    assert set(STAGES) - set(told[0].stages) == {"loading", "reading", "windows", "quotes"}


def test_a_question_that_is_refused_is_not_told_of(observed):
    library, told = observed
    with pytest.raises(QuestionError):
        library.ask(" ")
    assert not told


def test_an_observer_may_ask_the_library_that_calls_it(seed_library, encoder):
    """It is called outside of the locks, which another thread would wait for."""
    counts = []

    def observe(timing: Timing) -> None:
        counts.append(library.counts())

    with Library.open(seed_library.folder, encoder=encoder, observe=observe) as library:
        library.search("cyber police")
    assert counts == [(1, counts[0][1])]
