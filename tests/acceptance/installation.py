"""An installation as a customer has it: a home folder, the command, and the service as a process of its own."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

from ml_connector.cli.demo_processes import Program, free_port
from ml_connector.sandbox.quickbooks import soap

#: Words that tell a stranger what is inside.
INTERNAL = re.compile(r"Traceback|\.py\b|lxml|django|sqlite|psycopg|Exception|Errno|/site-packages/|<class", re.I)


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def value(self) -> Any:
        """The JSON answer."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Reply:
    """An HTTP answer."""

    status: int
    text: str

    def result(self, method: str) -> str:
        """The result of a SOAP method."""
        found = re.search(rf"<{method}Result>(.*?)</{method}Result>", self.text, re.S)
        return unescape(found[1]) if found else ""


class Installation:
    """One home, the commands in it, and the service when it was started."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.log = home.parent / f"{home.name}.log"
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self._programs: list[Program] = []
        self._service: Program | None = None

    @property
    def environment(self) -> dict[str, str]:
        return {"ML_CONNECTOR_HOME": str(self.home), "ML_CONNECTOR_ACTOR": "a clerk"}

    def run(self, *arguments: str, json_: bool = True, **environment: str) -> Done:
        """Run a command to its end."""
        words = [sys.executable, "-m", "ml_connector", *(["--json"] if json_ else []), *arguments]
        done = subprocess.run(
            words, capture_output=True, text=True, env={**os.environ, **self.environment, **environment}, timeout=60
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def serve(self) -> None:
        """Start the service and wait until it says that it is ready."""
        if self._service is None:
            command = [sys.executable, "-m", "ml_connector", "--json", "serve", "--port", str(self.port)]
            self._service = self.program("connector", [*command, "--public-url", self.url], self.log, self.environment)
        self._service.start()

    def kill(self) -> None:
        """End the service as a power cut would."""
        assert self._service is not None
        self._service.kill()

    def end(self) -> None:
        """Ask the service to end."""
        assert self._service is not None
        self._service.stop()

    def program(self, name: str, command: list[str], log: Path, environment: Mapping[str, str]) -> Program:
        """Name a program that ends with the installation."""
        made = Program(name, command, log, environment)
        self._programs.append(made)
        return made

    def leave(self) -> None:
        """End every process that was started here."""
        for program in reversed(self._programs):
            program.stop()

    def call(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Reply:
        """Make one HTTP request of the service."""
        connection = http.client.HTTPConnection("localhost", self.port, timeout=60)
        try:
            connection.request(method, path, body=body or None, headers=dict(headers or {}))
            answer = connection.getresponse()
            return Reply(answer.status, answer.read().decode("utf-8", "replace"))
        finally:
            connection.close()

    def soap(self, name: str, method: str, **arguments: str) -> Reply:
        """Call the service as the Web Connector does."""
        body = soap.call(method, list(arguments.items()))
        return self.call("POST", f"/qbwc/{name}", body, soap.headers(method))

    def sign_in(self, name: str, user: str, password: str) -> tuple[str, ...]:
        """Call authenticate."""
        reply = self.soap(name, "authenticate", strUserName=user, strPassword=password)
        return tuple(
            unescape(text)
            for text in re.findall(r"<(?:\w+:)?string>(.*?)</(?:\w+:)?string>|<(?:\w+:)?string ?/>", reply.text)
        )

    def ask(self, name: str, ticket: str, hcp: str = "") -> str:
        """Call sendRequestXML and return the request."""
        return self.soap(
            name,
            "sendRequestXML",
            ticket=ticket,
            strHCPResponse=hcp,
            strCompanyFileName="C:/books.qbw",
            qbXMLCountry="US",
            qbXMLMajorVers="16",
            qbXMLMinorVers="0",
        ).result("sendRequestXML")

    def hand_over(self, name: str, ticket: str, response: str, hresult: str = "", message: str = "") -> Reply:
        """Call receiveResponseXML."""
        return self.soap(name, "receiveResponseXML", ticket=ticket, response=response, hresult=hresult, message=message)
