"""Draw docs/answer.png: a real answer from seeds/, from the very payload that Discord is sent.

Needs node with npm (packages come from its registry), Chromium (Debian: apt install chromium fonts-noto-core) and
Quoth with the extra "bot". Run from the repository's root:

    .venv/bin/python tools/picture/picture.py

The markup is read by the npm package discord-markdown-parser and drawn with the elements of
@skyra/discord-components-core, which look like Discord's dark theme.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from bot.render import Reply, answer_reply  # noqa: E402
from quoth.library import Library  # noqa: E402

QUESTION = "How much cybercrime was discovered in 2013?"
WIDTH = 620
BARS = 200
PAGE = """<!doctype html><meta charset="utf-8">
<style>
body {{ margin: 0; background: #36393e }}
discord-messages {{ padding-bottom: 14px }}
discord-messages {{ border: 0 }}
discord-embed-description {{ display: block; line-height: 1.3 }}
discord-embed-description span {{ white-space: pre-wrap }}
</style>
<body><script>window.payload = {payload}</script><script src="bundle.js"></script></body>
"""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("question", nargs="?", default=QUESTION)
    arguments.add_argument("--output", type=Path, default=ROOT / "docs" / "answer.png")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        draw(payload(chosen.question, Path(folder)), Path(folder), chosen.output)
    print(f"drew {chosen.output}")


def payload(question: str, folder: Path) -> dict[str, Any]:
    """Return what a client is sent of an answer."""
    with Library.open(folder / "library") as library:
        library.index([ROOT / "seeds"])
        reply: Reply = answer_reply(library.ask(question))
    rows = defaultdict(list)
    for button in reply.buttons:
        rows[button.row].append({"label": button.label, "style": button.style.value})
    return {"question": question, "embed": reply.embeds[0].to_dict(), "rows": list(rows.values())}


def draw(shown: dict[str, Any], folder: Path, output: Path) -> None:
    """Bundle the page, measure it, and take its picture at twice the size."""
    for name in ("package.json", "page.js", "crop.js"):
        shutil.copy(Path(__file__).parent / name, folder)
    (folder / "page.html").write_text(PAGE.format(payload=json.dumps(shown).replace("<", "\\u003c")), "utf-8")
    run("npm", "install", "--no-audit", "--no-fund", cwd=folder)
    run("node_modules/.bin/esbuild", "page.js", "--bundle", "--outfile=bundle.js", "--log-level=error", cwd=folder)
    page = (folder / "page.html").as_uri()
    browser = shutil.which("chromium") or shutil.which("google-chrome") or sys.exit("Chromium is not installed")
    chromium = [browser, "--headless", "--no-sandbox", "--hide-scrollbars", "--virtual-time-budget=3000"]
    measured = re.search(r'data-height="(\d+)"', run(*chromium, f"--window-size={WIDTH},3000", "--dump-dom", page))
    if measured is None:
        sys.exit("the page was not drawn; open page.html in a browser to see why")
    # Headless Chromium leaves as much of the picture's foot undrawn as the bars of its window would take
    size, whole = f"--window-size={WIDTH},{int(measured[1]) + BARS}", folder / "whole.png"
    run(*chromium, size, "--force-device-scale-factor=2", f"--screenshot={whole}", page)
    run("node", "crop.js", str(whole), str(output.absolute()), str(2 * int(measured[1])), cwd=folder)


def run(*command: str, cwd: Path | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode != 0:
        sys.exit(f"{command[0]} failed:\n{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
