"""A dataset folder of made-up towns, of any size: a document each, with two questions on it."""

from __future__ import annotations

import json
from pathlib import Path

_FIRST = ("Ar", "Bel", "Cor", "Dun", "Es", "Far", "Gol", "Hal", "Il", "Ker")
_LAST = ("den", "wick", "mouth", "stead", "brook", "field", "ton", "ham")


def write_towns(folder: Path, count: int, *, unanswerable: int = 0) -> Path:
    """Write ``count`` towns with two answerable questions each, and so many questions that nothing answers."""
    (folder / "qrels").mkdir(parents=True)
    corpus, queries, judgements = [], [], ["query-id\tcorpus-id\tscore"]
    for number in range(count):
        town = _FIRST[number % len(_FIRST)] + _LAST[number // len(_FIRST) % len(_LAST)]
        year, founder = (
            str(1100 + 7 * number),
            f"Otto {_LAST[number % len(_LAST)].title()}{_FIRST[-number % 10].lower()}",
        )
        text = f"{town} is an old town by the sea. It was founded in {year} by {founder}, who later moved away."
        corpus.append({"_id": f"d{number}", "title": town, "text": text})
        for place, (asked, answer) in enumerate(
            [(f"When was {town} founded?", year), (f"Who founded the old town of {town}?", founder)]
        ):
            gold = {"text": answer, "doc_id": f"d{number}", "start": text.index(answer)}
            identifier = f"q{number}-{place}"
            queries.append({"_id": identifier, "text": asked, "metadata": {"answerable": True, "answers": [gold]}})
            judgements.append(f"{identifier}\td{number}\t1")
    for number in range(unanswerable):
        queries.append(
            {"_id": f"n{number}", "text": f"How tall is tower {number} in Paris?", "metadata": {"answerable": False}}
        )
    for name, records in (("corpus", corpus), ("queries", queries)):
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, records)) + "\n", encoding="utf-8")
    (folder / "qrels" / "test.tsv").write_text("\n".join(judgements) + "\n", encoding="utf-8")
    return folder
