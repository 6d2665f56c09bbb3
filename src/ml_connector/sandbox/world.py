"""Both outside worlds in one process, on one simulated clock and from one seed, without a single socket.

Basware is reached through `call`, which finds the WSGI application by host; the Web Connector and Basware's
notifications reach the integration under test as a WSGI application that is named later with `connect`. Nobody sleeps:
whoever would wait moves the clock.
"""

from __future__ import annotations

import io
import random
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

from ml_connector.sandbox.basware.app import BaswareApp
from ml_connector.sandbox.basware.presigned import PresignedApp
from ml_connector.sandbox.basware.push import Webhook
from ml_connector.sandbox.basware.switches import Switches
from ml_connector.sandbox.basware.tenant import BaswareTenant
from ml_connector.sandbox.firm import HAND_TYPED_SUPPLIER, Firm, build_firm
from ml_connector.sandbox.quickbooks.about import Product
from ml_connector.sandbox.quickbooks.company_file import CompanyFile
from ml_connector.sandbox.quickbooks.desktop import QuickBooksDesktop
from ml_connector.sandbox.quickbooks.hostclock import HostClock
from ml_connector.sandbox.quickbooks.pace import INSTANT, Pace
from ml_connector.sandbox.quickbooks.qwc_file import QwcFile
from ml_connector.sandbox.quickbooks.seeding import company_of_firm
from ml_connector.sandbox.quickbooks.transports import WsgiTransport
from ml_connector.sandbox.quickbooks.workstation import Workstation, seeded

#: A WSGI application; typed loosely, because frameworks disagree with wsgiref about environ.
Application = Callable[..., Iterable[bytes]]

#: The hosts of the simulated Basware. Names nobody owns: nothing here is ever looked up.
API_URL = "https://api.basware.example"
PRESIGNED_URL = "https://objects.basware.example"

#: When a world begins unless told otherwise: a Monday morning after every invoice of the firm was written.
BEGINNING = datetime(2026, 11, 23, 16, 0, 0, tzinfo=UTC)


class SimulatedClock:
    """The one clock of a world. It stands still until somebody moves it, and never goes back."""

    def __init__(self, start: datetime = BEGINNING) -> None:
        """`start` is aware UTC."""
        self._now = start

    def now(self) -> datetime:
        """Return the time, aware UTC."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Let time pass. Raises: ValueError if the seconds are negative."""
        if seconds < 0:
            raise ValueError("Time does not go back.")
        self._now += timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class WsgiAnswer:
    """An answer of a WSGI application, read to its end."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)  #: names in lower case
    body: bytes = b""


class NoSuchHost(LookupError):
    """Nobody answers at the host of an address."""


def call_wsgi(
    application: Application, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
) -> WsgiAnswer:
    """Call a WSGI application as a server would.

    Raises: whatever the application raises, a dropped connection (`ConnectionDropped`) above all.
    """
    parts = urlsplit(url)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": _decoded(parts.path or "/"),
        "QUERY_STRING": parts.query,
        "SERVER_NAME": parts.hostname or "",
        "SERVER_PORT": str(parts.port or (443 if parts.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": parts.netloc,
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": str(len(body)) if body else "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, shown: list[tuple[str, str]], exc_info: object = None) -> object:
        started.append((status, shown))
        return lambda data: None

    chunks = application(environ, start_response)
    try:
        answer = b"".join(chunks)
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
    status, shown = started[-1]
    return WsgiAnswer(
        status=int(status.split(" ", 1)[0]), headers={name.lower(): value for name, value in shown}, body=answer
    )


def _decoded(path: str) -> str:
    """Decode a path as servers do: bytes as Latin-1, an encoded slash left encoded, because it separates nothing."""
    return "%2F".join(unquote(part, "latin-1") for part in re.split("%2[Ff]", path))


def small_firm(seed: int = 1, *, vendors: int = 24, customers: int = 15) -> Firm:
    """Return the firm with short lists, the named suppliers and their terms among them, for worlds that are many."""
    whole = build_firm(seed)
    typed = {line.customer_list_id for bill in whole.hand_typed_bills for line in bill.lines}
    kept_vendors = whole.vendors[:vendors]
    if HAND_TYPED_SUPPLIER not in {vendor.name for vendor in kept_vendors}:
        kept_vendors = (*kept_vendors, whole.vendor_named(HAND_TYPED_SUPPLIER))
    needed = {c.parent_list_id for c in whole.customers if c.list_id in typed} | typed
    kept_customers = tuple(c for i, c in enumerate(whole.customers) if i < customers or c.list_id in needed)
    return replace(whole, vendors=kept_vendors, customers=kept_customers)


class OutsideWorld:
    """Basware's tenant, and a Windows machine with QuickBooks and the Web Connector, on one simulated clock."""

    def __init__(
        self,
        seed: int = 1,
        *,
        firm: Firm | None = None,
        product: Product | None = None,
        pace: Pace = INSTANT,
        switches: Switches | None = None,
        start: datetime = BEGINNING,
        company_codes: Sequence[str] = (),
    ) -> None:
        """`firm` is what the company file holds; `product` the installed QuickBooks; `pace` how long it takes."""
        self.seed = seed
        self.clock = SimulatedClock(start)
        self.firm = firm or build_firm(1)
        self._application: Application | None = None
        self.basware = BaswareTenant(
            clock=self.clock.now,
            seed=seed,
            company_codes=company_codes or (self.firm.company_code,),
            switches=switches,
            deliver=self._deliver,
        )
        self._hosts: dict[str, Application] = {
            urlsplit(API_URL).netloc: BaswareApp(
                self.basware, base_url=API_URL, presigned_base_url=PRESIGNED_URL, sleep=self.clock.advance
            ),
            urlsplit(PRESIGNED_URL).netloc: PresignedApp(self.basware, sleep=self.clock.advance),
        }
        rng, faults = seeded(seed)
        self.company: CompanyFile = company_of_firm(self.firm, HostClock(self.clock.now))
        self.desktop = QuickBooksDesktop(self.company, product=product, rng=rng, faults=faults, pace=pace)
        self.workstation = Workstation(
            self.desktop,
            clock=self.clock.now,
            transport=self._way_to_the_service,
            sleep=self.clock.advance,
            faults=faults,
        )
        #: Draws what a world's own caller leaves to chance; apart from the dice of either side.
        self.dice = random.Random(f"{seed}/world")

    def connect(self, application: Application) -> None:
        """Name the application that the Web Connector and Basware's notifications reach, whatever the host."""
        self._application = application

    def disconnect(self) -> None:
        """Let nobody answer: the service is down."""
        self._application = None

    def call(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> WsgiAnswer:
        """Make one request of a host of Basware's.

        Raises:
            NoSuchHost: there is no such host.
            ConnectionDropped: the connection ended without an answer.
        """
        application = self._hosts.get(urlsplit(url).netloc)
        if application is None:
            raise NoSuchHost(urlsplit(url).netloc)
        return call_wsgi(application, method, url, headers, body)

    def _way_to_the_service(self, qwc: QwcFile) -> WsgiTransport:
        return WsgiTransport(self._integration)

    def _integration(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if self._application is None:
            # What a reverse proxy says while the service behind it is down.
            start_response("502 Bad Gateway", [("Content-Type", "text/html")])
            return [b"<html><body>Bad Gateway</body></html>"]
        return self._application(environ, start_response)

    def _deliver(self, call: Webhook) -> int:
        return call_wsgi(self._integration, "POST", call.url, dict(call.headers), call.body).status
