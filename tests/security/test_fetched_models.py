"""A model that is named is fetched without code and pickles, and what it says of code is refused as in a folder."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMIT = "0" * 40
NAME = "harbour/canary"


class Hub:
    """What Hugging Face's hub says of one model, on loopback; ``asked`` are the files that somebody wanted.

    ``paths`` are those of all requests.
    """

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.asked: set[str] = set()
        self.paths: list[str] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self.reply(body=False)

            def do_GET(self) -> None:
                self.reply(body=True)

            def reply(self, *, body: bool) -> None:
                path = self.path.partition("?")[0]
                hub.paths.append(path)
                if path.startswith(f"/api/models/{NAME}/"):
                    listed = path.startswith(f"/api/models/{NAME}/tree/")
                    self.send(200, json.dumps(hub.tree() if listed else hub.facts()).encode(), body, "application/json")
                    return
                name = path.partition("/resolve/")[2].partition("/")[2]
                if not path.startswith(f"/{NAME}/resolve/") or name not in hub.files:
                    self.send(404, b"", body, "text/plain", {"X-Error-Code": "RepoNotFound"})
                    return
                hub.asked.add(name)
                tag = hashlib.sha1(hub.files[name]).hexdigest()
                self.send(200, hub.files[name], body, "text/plain", {"X-Repo-Commit": COMMIT, "ETag": f'"{tag}"'})

            def send(self, status: int, data: bytes, body: bool, kind: str, more: dict[str, str] | None = None) -> None:
                self.send_response(status)
                for key, value in {"Content-Type": kind, "Content-Length": str(len(data)), **(more or {})}.items():
                    self.send_header(key, value)
                self.end_headers()
                if body:
                    self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def facts(self) -> dict[str, object]:
        return {"id": NAME, "sha": COMMIT, "tags": [], "siblings": [{"rfilename": name} for name in self.files]}

    def tree(self) -> list[dict[str, object]]:
        return [
            {"type": "file", "path": name, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}
            for name, data in self.files.items()
        ]

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    canary = f"open({str(tmp_path / 'sung')!r}, 'w').close()\n".encode()
    listing = [{"idx": 0, "name": "0", "path": "", "type": "modeling_canary.Canary"}]
    hub = Hub(
        {
            "modules.json": json.dumps(listing).encode(),
            "config.json": b"{}",
            "tokenizer.json": b"{}",
            "vocab.txt": b"[PAD]",
            "model.safetensors": (2).to_bytes(8, "little") + b"{}",
            "modeling_canary.py": canary,
            "pytorch_model.bin": canary,
            "model.pkl": canary,
            "1_Dense/pytorch_model.bin": canary,
            "onnx/model.onnx": canary,
            "onnx/config.json": b"{}",
            "native.so": canary,
        }
    )
    yield hub
    hub.close()
    assert not (tmp_path / "sung").exists()


def run(code: str, folder: Path, hub: Hub) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT") if name in os.environ}
    paths = os.pathsep.join(filter(None, [str(ROOT / "src"), os.environ.get("PYTHONPATH")]))
    own = {"HF_ENDPOINT": hub.address, "HF_HOME": str(folder / "hub"), "HOME": str(folder), "NO_PROXY": "127.0.0.1"}
    environment = kept | own | {"PYTHONPATH": paths}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=240)


def test_of_a_named_model_no_code_and_no_pickle_is_fetched_and_none_that_it_names_is_run(hub, tmp_path):
    ran = run(f"from quoth.encoder import Encoder; Encoder.load({NAME!r})", tmp_path, hub)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "ModelError: the model in" in ran.stderr and "brings code of its own" in ran.stderr
    # Nor is anything else asked or told
    assert all(path.startswith((f"/api/models/{NAME}/", f"/{NAME}/resolve/")) for path in hub.paths)
    assert hub.asked == {"modules.json", "config.json", "tokenizer.json", "vocab.txt", "model.safetensors"}


def test_a_name_that_the_hub_does_not_know_is_refused_with_what_to_do(hub, tmp_path):
    code = "from quoth.encoder import fetch\nfetch('nobody/nothing')"
    ran = run(code, tmp_path, hub)
    assert "ModelError: the model 'nobody/nothing' can't be fetched" in ran.stderr
    assert "give the name or folder of a sentence-transformers model" in ran.stderr
