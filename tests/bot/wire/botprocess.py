"""The bot as its own process, started as an operator starts it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from fakediscord import FakeDiscord

ROOT = Path(__file__).parents[3]
INHERITED = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "SYSTEMROOT")
"""What the process takes from this one's environment; nothing that sets the bot."""


class BotProcess:
    """A running ``python -m bot``."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._log = bytearray()
        self._grew = asyncio.Event()
        assert process.stdout is not None
        self._reading = asyncio.create_task(self._read(process.stdout))

    @classmethod
    async def start(
        cls, folder: Path, *, command: Sequence[str] = (sys.executable, "-m", "bot"), **settings: str
    ) -> BotProcess:
        """Start the bot in ``folder`` (where it would look for a ``.env``) with these settings alone."""
        environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
        paths = [*filter(None, [os.environ.get("PYTHONPATH")]), str(ROOT)]
        environment |= {
            "PYTHONPATH": os.pathsep.join(paths),
            "PYTHONUNBUFFERED": "1",
            "OMP_NUM_THREADS": "1",
        } | settings
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        return cls(process)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.returncode is None

    @property
    def log(self) -> str:
        """Everything it wrote so far, to standard output and standard error."""
        return self._log.decode(errors="replace")

    async def ready(self, fake: FakeDiscord, shards: int = 1, patience: float = 90.0) -> None:
        """Wait until every shard is there, or the process ends without having come so far."""
        coming = asyncio.create_task(fake.ready(shards, patience))
        ending = asyncio.create_task(self._process.wait())
        await asyncio.wait((coming, ending), return_when=asyncio.FIRST_COMPLETED)
        if not coming.done():
            coming.cancel()
            await self._reading
            raise AssertionError(f"the bot ended with {self._process.returncode}:\n{self.log}")
        ending.cancel()
        try:
            coming.result()
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log[-4000:]}") from None

    async def wrote(self, words: str, patience: float = 20.0) -> None:
        """Wait until its log holds these words."""
        try:
            async with asyncio.timeout(patience):
                while words not in self.log:
                    self._grew.clear()
                    await self._grew.wait()
        except TimeoutError:
            raise AssertionError(f"no {words!r} within {patience:g} s:\n{self.log[-4000:]}") from None

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    async def ended(self, patience: float = 30.0) -> int:
        """Wait until the process has ended and return its exit code."""
        try:
            async with asyncio.timeout(patience):
                code = await self._process.wait()
                await self._reading
        except TimeoutError:
            self._process.kill()
            raise AssertionError(f"the bot still runs after {patience:g} s:\n{self.log[-4000:]}") from None
        return code

    async def stop(self, patience: float = 30.0) -> int:
        """End the process as a service manager does, and return its exit code."""
        if self.running:
            self.signal(signal.SIGTERM)
        return await self.ended(patience)

    async def _read(self, stream: asyncio.StreamReader) -> None:
        while data := await stream.read(65_536):
            self._log += data
            self._grew.set()
