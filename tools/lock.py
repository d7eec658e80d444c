"""``make lock``: pin every package of the bot's install, with hashes, for all platforms and Pythons that Quoth knows.

uv resolves them; this parts PyTorch and its CUDA libraries from the rest. On Linux the default index has PyTorch with
gigabytes of these, and whoever takes the build for CPUs from PyTorch's own index wants everything else as it is pinned.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCK, TORCH_LOCK = ROOT / "requirements.lock", ROOT / "requirements-torch.lock"
EXTRAS = ("bot", "documents")
INDEX = "https://pypi.org/simple"

_CUDA = re.compile(r"(torch|triton|cuda-[a-z]+|nvidia-[a-z0-9-]+)==")
_HEADER = """\
# {what}, made by `make lock`; not to be changed by hand.
# Install: make install-locked (docs/reliability.md)
"""


def resolved(uv: str) -> str:
    """Return what uv pins, the newest versions that fit ``pyproject.toml``, from the public index alone."""
    with tempfile.TemporaryDirectory() as scratch:
        found = Path(scratch) / "all.lock"
        extras = [argument for extra in EXTRAS for argument in ("--extra", extra)]
        how = ["--universal", "--generate-hashes", "--no-header", "--no-config", "--default-index", INDEX, "--quiet"]
        command = [uv, "pip", "compile", "pyproject.toml", *extras, *how, "--output-file", str(found)]
        subprocess.run(command, cwd=ROOT, check=True)
        return found.read_text("utf-8")


def entries(text: str) -> Iterator[str]:
    """Yield each package's lines: the pin, its hashes, and who wants it."""
    yield from re.findall(r"^[a-z0-9].*\n(?:[ \t].*\n)*", text, re.MULTILINE)


def main() -> None:
    """Write both files."""
    pinned = list(entries(resolved(sys.argv[1])))
    cuda = [entry for entry in pinned if _CUDA.match(entry)]
    rest = [entry for entry in pinned if not _CUDA.match(entry)]
    LOCK.write_text(_HEADER.format(what="All but PyTorch") + "".join(rest), "utf-8")
    TORCH_LOCK.write_text(_HEADER.format(what="PyTorch, on Linux with CUDA") + "".join(cuda), "utf-8")


if __name__ == "__main__":
    main()
