"""What happens to calls on their way: lost, cut, doubled, late, out of order. In both directions, from one seed."""

from __future__ import annotations

import contextlib
import io
import json
import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from campaign.overheard import Overheard
from campaign.process import Process
from ml_connector.basware.transport import HttpRequest, HttpResponse
from ml_connector.core.errors import TryAgain
from world_wire import ProcessKilled, WorldTransport

#: Longest time that a request to Basware wanders about after its sender gave up on it: some proxy's patience.
_LATE_S = 25.0


@dataclass(slots=True, kw_only=True)
class Weather:
    """The chance of each misfortune of a call."""

    lost: float = 0.0  #: it never arrives
    unanswered: float = 0.0  #: it is carried out, and its answer is lost
    cut: float = 0.0  #: the answer ends in the middle
    doubled: float = 0.0  #: it is delivered twice, and the second answer comes back
    late: float = 0.0  #: it is carried out after its sender gave up on it
    replayed: float = 0.0  #: an earlier call arrives once more, before this one


@dataclass
class Frontdoor:
    """Stands before the connector's own service: the Web Connector and Basware's notifications come through it."""

    service: Callable[..., Iterable[bytes]]
    dice: random.Random
    process: Process
    revive: Callable[[], None]
    note: Callable[[str], None]
    weather: Weather = field(default_factory=Weather)
    counts: Counter[str] = field(default_factory=Counter)
    overheard: Overheard = field(default_factory=Overheard)
    _earlier: list[dict[str, Any]] = field(default_factory=list)  #: calls as they were, bodies included

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        call = {**environ, "body": environ["wsgi.input"].read()}
        if environ["REQUEST_METHOD"] != "POST":
            return self._answered(self._carried_out(call), start_response, call)
        is_soap = "/qbwc/" in environ["PATH_INFO"]
        kind = "soap" if is_soap else "notification"
        weather, dice = self.weather, self.dice
        if self._earlier and self._happens(weather.replayed, f"{kind} replayed"):
            self._carried_out(dice.choice(self._earlier))
        if is_soap:
            self._earlier.append(call)
            del self._earlier[:-60]
        if self._happens(weather.lost, f"{kind} lost"):
            return self._answered(None, start_response, call)
        if self._happens(weather.doubled, f"{kind} doubled"):
            self._carried_out(call)
        answer = self._carried_out(call)
        if self._happens(weather.unanswered, f"{kind} unanswered"):
            answer = None
        if answer is not None and is_soap and len(answer[2]) > 2 and self._happens(weather.cut, f"{kind} cut"):
            status, headers, body = answer
            answer = status, headers, body[: dice.randrange(1, len(body) - 1)]
        return self._answered(answer, start_response, call)

    def _happens(self, chance: float, what: str) -> bool:
        if not chance or self.dice.random() >= chance:
            return False
        self.counts[what] += 1
        self.note(what)
        return True

    def _carried_out(self, call: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes] | None:
        environ = {name: value for name, value in call.items() if name != "body"}
        environ["wsgi.input"] = io.BytesIO(call["body"])
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> object:
            started.append((status, headers))
            return lambda data: None

        try:
            chunks = self.service(environ, start_response)
            body = b"".join(chunks)
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        except ProcessKilled as killed:
            if "/qbwc/" in call["PATH_INFO"] and str(killed).startswith("after web_connector"):
                self.overheard.hears(call["body"], b"")  # it was taken, and only the reply is missing
            self.revive()
            return None
        if "/qbwc/" in call["PATH_INFO"]:
            self.overheard.hears(call["body"], body)
        return *started[-1], body

    @staticmethod
    def _answered(
        answer: tuple[str, list[tuple[str, str]], bytes] | None, start_response: Any, call: dict[str, Any]
    ) -> Iterable[bytes]:
        if answer is None:
            if "/qbwc/" in call["PATH_INFO"]:
                return []  # the caller sees a connection that ends without an answer
            raise ConnectionResetError("no answer")
        status, headers, body = answer
        start_response(status, headers)
        return [body]


@dataclass
class Backdoor:
    """Carries the connector's requests to Basware."""

    inner: WorldTransport
    dice: random.Random
    process: Process
    now: Callable[[], datetime]
    note: Callable[[str], None]
    weather: Weather = field(default_factory=Weather)
    counts: Counter[str] = field(default_factory=Counter)
    _late: list[tuple[datetime, HttpRequest]] = field(default_factory=list)

    def send(self, request: HttpRequest, timeout_s: float) -> HttpResponse:
        self.process.before_statement()
        self.delivers_late()
        point = f"call {request.method} {_shape(request.url)}"
        self.process.passes(point, "before")
        weather = self.weather
        if self._happens(weather.lost, "request lost"):
            raise TryAgain("No connection to Basware.", applied=False)
        if request.method == "POST" and self._happens(weather.late, "request late"):
            due = self.now() + timedelta(seconds=self.dice.uniform(1, _LATE_S))
            self._late.append((due, request))
            raise TryAgain("Basware did not answer in time.", applied=None)
        if self._happens(weather.doubled, "request doubled"):
            with contextlib.suppress(TryAgain):
                self.inner.send(request, timeout_s)
        answer = self.inner.send(request, timeout_s)
        self.process.passes(point, "after")
        self.note(f"{request.method} {_shape(request.url)} {answer.status}")
        if self._happens(weather.unanswered, "request unanswered"):
            raise TryAgain("The connection was lost before the answer was complete.", applied=None)
        if len(answer.body) > 2 and self._happens(weather.cut, "answer cut"):
            body = answer.body[: self.dice.randrange(1, len(answer.body) - 1)]
            return HttpResponse(status=answer.status, headers=answer.headers, body=body)
        return answer

    def delivers_late(self, *, all_of_them: bool = False) -> None:
        """Hand over what was on its way for long enough."""
        now = self.now()
        arrived = [late for late in self._late if all_of_them or late[0] <= now]
        self._late = [late for late in self._late if late not in arrived]
        for _, request in arrived:
            with contextlib.suppress(TryAgain):
                self.inner.send(request, 30.0)

    def _happens(self, chance: float, what: str) -> bool:
        if not chance or self.dice.random() >= chance:
            return False
        self.counts[what] += 1
        self.note(what)
        return True


def _shape(url: str) -> str:
    """Return the path of an address without what is particular to one call."""
    parts = urlsplit(url).path.strip("/").split("/")
    kept = [part if len(part) < 30 and not any(c.isdigit() for c in part[2:]) else "*" for part in parts]
    return "/".join(kept)


def as_json(value: object) -> str:
    """Write a value the same way every time."""
    return json.dumps(value, sort_keys=True, default=str)
