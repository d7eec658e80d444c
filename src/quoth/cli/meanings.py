"""What the scores mean that ``--explain`` shows, in words for whoever wonders why."""

from __future__ import annotations

from collections.abc import Mapping

OF_ANSWER: Mapping[str, str] = {
    "cosine_trusted": "likeness of question and passage by their vectors",
    "bm25_share": "BM25 of the passage, as a share of the most that this question allows",
    "coverage": "share of what the question tells that the passage holds; rare words tell more",
    "missing_rare": "share of that in names, numbers and rare words that the passage lacks",
    "pairs": "share of the question's neighbouring words that are neighbours in the passage",
    "window": "best coverage within thirty words of the passage",
    "document": "coverage by the whole document",
    "passage_gap": "how far the passage is before the next best one, 3 at most",
    "quote_coverage": "coverage by the quote alone",
    "quote_in_context": "the same with title, heading and whom a pronoun stands for",
    "quote_pairs": "neighbouring words, of the quote alone",
    "quote_gap": "how far the quote is before the best one of another passage, 3 at most",
    "kind_asked": "1 where a number, a time, a name or a reason is asked for",
    "kind_held": "and 1 where the quote holds one",
    "told": "how much the question tells at all; little for a greeting",
    "terms": "how long the question is (logarithm of its distinct words)",
    "trust": "how far the encoder knows the question's language, 0 to 1",
    "answerable": "the reader's log-odds that the passage answers",
    "span": "the reader's log-odds of its best answer against none",
    "believed": "logarithm of the reader's probability that the answer lies in the quote",
    "confidence_before_calibration": "the confidence that ships",
    "calibration_slope": "what its log-odds are multiplied by in this library",
    "calibration_intercept": "and what is added to them",
    "threshold": "the confidence from which on quotes are an answer",
}
"""What each score behind an answer or a refusal means."""

OF_PASSAGE: Mapping[str, str] = {
    "score": "probability among the passages found",
    "cosine": "likeness by their vectors",
    "cosine_trusted": "the same as far as the question's language is known",
    "cosine_margin": "how far that is before the best other passage",
    "bm25": "lexical score",
    "bm25_share": "share of the most that this question allows",
    "bm25_relative": "share of the best passage's",
    "coverage": "share of what the question tells that the passage holds",
    "coverage_here": "the same by how rare words are in this library",
    "missing_rare": "share in rare words that it lacks",
    "pairs": "neighbouring words in common",
    "title": "coverage by the title",
    "document": "by the whole document",
    "window": "within thirty words",
    "length": "logarithm of the number of words",
}
"""What each score of a passage means."""
