"""The connector's way to the simulated Basware, on which a test can put what it likes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from ml_connector.basware.reach import Host
from ml_connector.basware.transport import HttpRequest, HttpResponse
from ml_connector.core.errors import TryAgain
from ml_connector.sandbox.basware.answers import ConnectionDropped
from ml_connector.sandbox.world import NoSuchHost, OutsideWorld


class ProcessKilled(BaseException):
    """The connector's process ends here, in the middle of whatever it did."""


@dataclass
class WorldReach:
    """The way to the simulated Basware."""

    transport: WorldTransport

    def find(self, host: Host) -> str:
        return f"{host.name} is known, at 192.0.2.1."

    def connect(self, host: Host) -> str:
        if self.transport.unreachable:
            raise TryAgain(f"{host.name} does not answer on port {host.port}: no route.")
        return f"{host.name} answers with a trusted certificate, encrypted with TLSv1.3."


@dataclass
class WorldTransport:
    """Carries the connector's requests into the simulated Basware, and loses what a test wants lost."""

    outside: OutsideWorld
    sent: list[tuple[str, str]] = field(default_factory=list)  #: method and path of every request
    bodies: list[tuple[str, str, bytes]] = field(default_factory=list)  #: method, path and body of those that had one
    kills: list[tuple[str, str, bool]] = field(default_factory=list)  #: method, path pattern, after it took effect
    meanwhile: list[tuple[str, str, bool, Callable[[], object]]] = field(
        default_factory=list
    )  #: like `kills`, and what
    scripted: list[tuple[str, str, int, HttpResponse]] = field(
        default_factory=list
    )  #: method, path pattern, times, answer
    refuses: Callable[[str, bytes], bool] = lambda path, body: False  #: by path and body; answered with a bare 400
    unreachable: bool = False
    chance_of_death: float = 0.0  #: that the process ends at a request, before or after it took effect

    def send(self, request: HttpRequest, timeout_s: float) -> HttpResponse:
        path = urlsplit(request.url).path
        if self.unreachable:
            raise TryAgain("No connection to Basware.", applied=False)
        self._kill(request.method, path, after=False)
        self.sent.append((request.method, path))
        if request.body:
            self.bodies.append((request.method, path, request.body))
        self._happens(request.method, path, after=False)
        if (scripted := self._scripted(request.method, path)) is not None:
            return scripted
        if request.method == "POST" and self.refuses(path, request.body):
            return HttpResponse(status=400)
        try:
            answer = self.outside.call(request.method, request.url, request.headers, request.body)
        except (ConnectionDropped, NoSuchHost) as lost:
            raise TryAgain("The connection was lost before the answer was complete.", applied=None) from lost
        self._kill(request.method, path, after=True)
        self._happens(request.method, path, after=True)
        return HttpResponse(status=answer.status, headers=answer.headers, body=answer.body)

    def _kill(self, method: str, path: str, *, after: bool) -> None:
        for armed in self.kills:
            if armed[0] == method and fnmatchcase(path, armed[1]) and armed[2] is after:
                self.kills.remove(armed)
                raise ProcessKilled(path)
        if self.chance_of_death and self.outside.dice.random() < self.chance_of_death:
            raise ProcessKilled(path)

    def _happens(self, method: str, path: str, *, after: bool) -> None:
        for armed in list(self.meanwhile):
            if armed in self.meanwhile and _matches(armed[0], armed[1], method, path) and armed[2] is after:
                self.meanwhile.remove(armed)
                armed[3]()

    def _scripted(self, method: str, path: str) -> HttpResponse | None:
        for position, (armed, pattern, times, answer) in enumerate(self.scripted):
            if _matches(armed, pattern, method, path):
                self.scripted[position] = (armed, pattern, times - 1, answer)
                if times == 1:
                    del self.scripted[position]
                return answer
        return None

    def count(self, method: str, pattern: str) -> int:
        """Return how many requests there were of a method to paths of a pattern."""
        return sum(1 for found, path in self.sent if found == method and fnmatchcase(path, pattern))


def _matches(method: str, pattern: str, found: str, path: str) -> bool:
    return method == found and fnmatchcase(path, pattern)
