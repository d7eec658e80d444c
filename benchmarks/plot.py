"""Pictures of what `quoth bench --json` found: latency and recall against the size of the library.

    pip install -e '.[bench]'
    quoth bench ../shared/eval/* --json > bench.json
    python benchmarks/plot.py bench.json --out docs

Writes `bench-latency.png` (median to 95th centile, and where a question's time goes at the largest size) and
`bench-recall.png`. Several files, of other sizes or machines, may be given; each is a line of its own.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

KINDS = {"ask": ("question to answer", "tab:orange"), "search": ("question to passages", "tab:blue")}
STYLES = ("-", "--", ":", "-.")
SMALLEST_SHARE = 0.01
"""Of the whole: a stage that takes less goes into "other"."""


def points(found: dict[str, Any], kind: str, figure: str) -> tuple[list[int], list[float]]:
    """Sizes, ascending, with a figure in milliseconds each."""
    sizes = sorted((size for size in found["sizes"] if size[kind]), key=lambda size: size["passages"])
    return [size["passages"] for size in sizes], [size[kind][figure] * 1000 for size in sizes]


def latency(files: dict[str, dict[str, Any]], out: Path) -> None:
    """The latency by size, and at the largest size by stage."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), width_ratios=(3, 2), layout="constrained")
    for (name, found), style in zip(files.items(), STYLES * len(files), strict=False):
        for kind, (label, colour) in KINDS.items():
            sizes, medians = points(found, kind, "median")
            if sizes:
                label = label if len(files) == 1 else f"{label}, {name}"
                left.plot(sizes, medians, style, marker="o", color=colour, label=label)
                left.fill_between(sizes, medians, points(found, kind, "p95")[1], color=colour, alpha=0.15, linewidth=0)
    left.set(xscale="log", yscale="log", xlabel="passages", ylabel="ms, median to 95th centile")
    left.yaxis.set_major_formatter("{x:g}")
    left.yaxis.set_minor_formatter("{x:g}")
    left.grid(visible=True, which="both", alpha=0.2)
    left.legend()
    stages(next(iter(files.values())), right)
    figure.suptitle(title(next(iter(files.values()))), fontsize="medium")
    figure.savefig(out / "bench-latency.png", dpi=130)


def stages(found: dict[str, Any], axes: Any) -> None:
    """A bar for each kind of question at the largest size, in the pieces of its stages."""
    largest = max(found["sizes"], key=lambda size: size["passages"])
    kinds = [kind for kind in KINDS if largest[kind]]
    names = dict.fromkeys(
        stage
        for kind in kinds
        for stage, mean in largest[kind]["stages"].items()
        if mean >= SMALLEST_SHARE * largest[kind]["mean"]
    )
    below = [0.0] * len(kinds)
    colours = plt.get_cmap("tab20").colors
    for place, name in enumerate([*names, "other"]):
        heights = [
            1000 * largest[kind]["stages"].get(name, 0.0)
            if name != "other"
            else 1000 * sum(mean for stage, mean in largest[kind]["stages"].items() if stage not in names)
            for kind in kinds
        ]
        axes.bar(
            [KINDS[kind][0].removeprefix("question ") for kind in kinds],
            heights,
            bottom=below,
            label=name.replace("_", " "),
            color=colours[place % len(colours)],
            width=0.6,
        )
        below = [one + height for one, height in zip(below, heights, strict=True)]
    axes.set(ylabel="ms, mean", title=f"by stage, at {largest['passages']:,} passages")
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(handles[::-1], labels[::-1], fontsize="small", loc="upper right")


def recall(files: dict[str, dict[str, Any]], out: Path) -> None:
    """Recall of the dense search, and whether planted documents and answers are found, by size."""
    figure, axes = plt.subplots(figsize=(6.5, 4.2), layout="constrained")
    labels = {
        "recall_at_10": "recall@10 of the dense search",
        "r_at_1": "planted document first (R@1)",
        "hit_at_1": "first quote holds the answer (hit@1)",
    }
    for (name, found), style in zip(files.items(), STYLES * len(files), strict=False):
        for (key, label), colour in zip(labels.items(), ("tab:green", "tab:blue", "tab:orange"), strict=True):
            sizes = sorted((s["passages"], s[key]) for s in found["sizes"] if s[key] is not None)
            if sizes:
                label = label if len(files) == 1 else f"{label}, {name}"
                axes.plot(*zip(*sizes, strict=True), style, marker="o", color=colour, label=label)
    axes.set(xscale="log", xlabel="passages", ylim=(min(0.5, axes.get_ylim()[0]), 1.01))
    axes.grid(visible=True, alpha=0.2)
    axes.legend(loc="lower left")
    figure.suptitle(title(next(iter(files.values()))), fontsize="medium")
    figure.savefig(out / "bench-recall.png", dpi=130)


def title(found: dict[str, Any]) -> str:
    machine = found["machine"]
    busy = ", others were busy on it" if found["disturbed"] else ""
    return f"{machine['processor']}, {machine['cores']} cores{busy}; {found['model']}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, help="what quoth bench --json printed")
    parser.add_argument("--out", type=Path, default=Path("docs"), help="the folder of the pictures")
    options = parser.parse_args()
    files = {path.stem: json.loads(path.read_text()) for path in options.files}
    options.out.mkdir(parents=True, exist_ok=True)
    latency(files, options.out)
    recall(files, options.out)


if __name__ == "__main__":
    main()
