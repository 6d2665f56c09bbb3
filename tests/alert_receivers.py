"""Receivers of alerts on this computer: a mail server that speaks SMTP, and a web server that takes webhooks."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


@dataclass
class MailBox:
    """What a mail server took in; what it says of the next letters is said by the test."""

    letters: list[EmailMessage] = field(default_factory=list)
    says: list[str] = field(default_factory=list)  #: answers to recipients, one each; then it takes all
    signed_in: list[str] = field(default_factory=list)
    password: str = ""
    port: int = 0

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.says:
            return self.says.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        self.letters.append(message_from_bytes(content, policy=policy.default))  # type: ignore[arg-type]
        return "250 Taken"

    def lets_in(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        good = data.password.decode() == self.password
        self.signed_in.append(f"{data.login.decode()} {'in' if good else 'out'}")
        return AuthResult(success=good, handled=good)


@contextmanager
def a_mail_server(password: str = "") -> Iterator[MailBox]:
    """Run a mail server; with a password it lets nobody send who does not sign in."""
    box = MailBox(password=password)
    with socket.create_server(("127.0.0.1", 0)) as free:
        box.port = free.getsockname()[1]
    controller = Controller(
        box, hostname="127.0.0.1", port=box.port, auth_require_tls=False, auth_required=bool(password),
        authenticator=box.lets_in if password else None,
    )  # fmt: skip
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


@dataclass
class Hooks:
    """What a web server took in."""

    calls: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)
    says: list[tuple[int, bytes, Mapping[str, str]]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}/hook"


@contextmanager
def a_web_server() -> Iterator[Hooks]:
    """Run a web server that takes every POST, unless it was told to say something else."""
    hooks = Hooks()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hooks.calls.append((self.path, dict(self.headers), body))
            status, answer, headers = hooks.says.pop(0) if hooks.says else (204, b"", {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hooks.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield hooks
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
