"""A browser without a screen: asks the console inside this process, keeps cookies, and sends forms as a page would."""

from __future__ import annotations

import re
from http.cookies import SimpleCookie
from io import BytesIO
from urllib.parse import urlencode

from django.core.handlers.wsgi import WSGIHandler

from ml_connector.core.roles import Role
from ml_connector.flows import people
from world import World

_APP = WSGIHandler()


class Answer:
    """What came back."""

    def __init__(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status = status
        self.headers = {name: value for name, value in headers if name != "Set-Cookie"}
        self.cookies = [value.strip() for name, value in headers if name == "Set-Cookie"]
        self.body = body
        self.text = body.decode("utf-8", "replace")  # a file is looked at as `body`

    @property
    def location(self) -> str:
        return self.headers.get("Location", "")


class Visitor:
    """One browser."""

    def __init__(self, world: World, address: str = "192.0.2.7") -> None:
        self.world = world
        self.address = address
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, form: dict[str, str] | None = None, **headers: str) -> Answer:
        """Make one request."""
        path, _, query = path.partition("?")
        body = urlencode(form or {}).encode()
        environ = {
            "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "SERVER_NAME": "connector.example",
            "SERVER_PORT": "443", "HTTP_HOST": "connector.example", "wsgi.url_scheme": "https", "REMOTE_ADDR": self.address,
            "HTTP_REFERER": "https://connector.example/console/", "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body), "wsgi.errors": BytesIO(),
            "HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), **headers,
        }  # fmt: skip
        told: list[tuple[int, list[tuple[str, str]]]] = []
        parts = _APP(environ, lambda status, found: told.append((int(status[:3]), found)))
        answer = Answer(*told[0], b"".join(parts))
        for text in answer.cookies:
            for name, morsel in SimpleCookie(text).items():
                self.cookies[name] = morsel.value
        return answer

    def get(self, path: str) -> Answer:
        return self.ask("GET", path)

    def send(self, path: str, page: str = "", **form: str) -> Answer:
        """Fill in the form that stands on a page (the same address, unless another is named), and send it."""
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get(page or path).text)
        assert found is not None, f"{page or path} has no form"
        return self.ask("POST", path, {"csrfmiddlewaretoken": found[1], **form})

    def comes_in_as(self, role: Role) -> Visitor:
        """Sign in, by a link, as somebody with this role."""
        surroundings = self.world.surroundings
        _, token = people.add(surroundings, f"{role}-{self.world.outside.seed}-{id(self)}", role, "a test")
        answer = self.send(f"/console/sign-in/{token.open()}")
        assert answer.status == 302, answer.text
        return self
