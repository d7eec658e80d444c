import numpy as np

from quoth.benchmark.exact import kth_cosines, recall

QUESTIONS = ["Who founded the town?", "When was Belwick founded?", "Which town lies by the sea?"]


def dense(library, texts):
    return [
        [(p.document, p.paragraph, p.start) for p in library.search(text, k=10, retriever="dense")] for text in texts
    ]


def test_an_index_that_is_exact_has_a_recall_of_one(library, plan_of, encoder):
    vectors = encoder.encode_questions(QUESTIONS)
    assert recall(plan_of(300), vectors, dense(library, QUESTIONS), 10) == 1.0


def test_what_a_search_misses_is_missing_from_the_recall(library, plan_of, encoder):
    vectors = encoder.encode_questions(QUESTIONS)
    found = dense(library, QUESTIONS)
    worst = [found[0][:4], [], [*found[2][:5], *found[2][:5]]]
    assert recall(plan_of(300), vectors, worst, 10) == (4 + 0 + 5) / 30


def test_the_bound_is_the_cosine_of_the_tenth_nearest_of_all(plan_of, encoder):
    plan, vectors = plan_of(300), encoder.encode_questions(QUESTIONS)
    all_cosines = np.sort(vectors @ plan.vectors(np.arange(300)).T, axis=1)
    assert np.allclose(kth_cosines(plan, vectors, 10), all_cosines[:, -10], atol=1e-6)
