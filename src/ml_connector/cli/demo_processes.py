"""The three programs of the demonstration, each a process of its own, speaking real HTTP, SOAP and qbXML."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from ml_connector.core.errors import NeedsOperator


class _Told:
    """Whether we were told to end, and whether that must wait: who is told while a process is made would lose sight of it."""

    to_end = False
    later = False


def end_when_told() -> None:
    """End on SIGTERM and SIGHUP as on Ctrl-C, so that what was started is ended as well."""

    def told(number: int, frame: FrameType | None) -> None:
        first, _Told.to_end = not _Told.to_end, True
        if first and not _Told.later:
            raise KeyboardInterrupt

    for name in ("SIGTERM", "SIGHUP"):  # Windows has no SIGHUP
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), told)


class Program:
    """One process, which says in its first line of output, as JSON, that it is ready and where."""

    def __init__(self, name: str, command: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self._command = list(command)
        self._log = log
        self._environment = {**os.environ, **environment}
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> dict[str, Any]:
        """Start it, and return what it says when it is ready.

        Raises:
            NeedsOperator: it ended instead.
        """
        with self._log.open("a", encoding="utf-8") as log:
            _Told.later = True
            try:
                self._process = subprocess.Popen(  # noqa: S603  # our own programs
                    self._command, stdout=subprocess.PIPE, stderr=log, env=self._environment, text=True
                )
            finally:
                _Told.later = False
        if _Told.to_end:
            raise KeyboardInterrupt
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise NeedsOperator(f"The {self.name} did not start; its words are in {self._log}.")
        ready: dict[str, Any] = json.loads(line)
        return ready

    @property
    def pid(self) -> int:
        """Its process id, once it was started."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self._end(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)

    def stop(self) -> None:
        """Ask it to end."""
        self._end(signal.SIGTERM)

    def _end(self, number: int) -> None:
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.send_signal(number)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)
        if process.stdout is not None:
            process.stdout.close()


class Cli:
    """Calls `ml-connector` as an operator's script would."""

    def __init__(self, home: Path) -> None:
        self._home = home

    @property
    def environment(self) -> dict[str, str]:
        """What points a command at the demonstration's home."""
        return {"ML_CONNECTOR_HOME": str(self._home), "ML_CONNECTOR_ACTOR": "demo"}

    def command(self, *arguments: str) -> list[str]:
        """Return the words of a call."""
        return [sys.executable, "-m", "ml_connector", "--json", *arguments]

    def __call__(self, *arguments: str) -> Any:
        """Call it and return its JSON answer.

        Raises:
            NeedsOperator: it refused; the sentence is its own.
        """
        done = subprocess.run(  # noqa: S603  # our own program
            self.command(*arguments),
            capture_output=True,
            text=True,
            env={**os.environ, **self.environment},
            check=False,
        )
        try:
            answer = json.loads(done.stdout)
        except ValueError:
            raise NeedsOperator(f"ml-connector {arguments[0]} said: {done.stderr.strip()[-500:]}") from None
        if isinstance(answer, dict) and "error" in answer:
            raise NeedsOperator(answer["error"])
        return answer


class Control:
    """The control interface of a simulator: what the outside world holds, asked of itself."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def get(self, path: str) -> Any:
        """Read something."""
        return self._call("GET", path, None)

    def post(self, path: str, body: Any) -> Any:
        """Do something."""
        return self._call("POST", path, body)

    def _call(self, method: str, path: str, body: Any) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = Request(  # noqa: S310  # loopback
            f"{self.url}/_control/{path}", data=data, method=method, headers={"Content-Type": "application/json"}
        )
        try:
            with urlopen(request, timeout=120) as answer:  # noqa: S310  # loopback
                return json.load(answer)
        except HTTPError as error:
            raise NeedsOperator(f"The simulator refused {path}: {error.read().decode()[:300]}") from None


def free_port() -> int:
    """Return a port that is free at the moment, to be kept over a restart."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(condition: Any, limit_s: float, every_s: float = 0.5) -> bool:
    """Ask again and again until the answer is yes; False if the time is over first."""
    end = time.monotonic() + limit_s
    while True:
        if condition():
            return True
        if time.monotonic() >= end:
            return False
        time.sleep(every_s)
