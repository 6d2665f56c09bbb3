"""A running installation with two connections, for the tests that disturb it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from installation import Installation

PASSWORD = "canary-password-8f2c"
CLIENT_SECRET = "canary-secret-51d7"


@dataclass(frozen=True)
class Served:
    """The installation and who signs in to it."""

    installation: Installation
    user: str
    other_user: str
    password: str = PASSWORD
    client_secret: str = CLIENT_SECRET


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service, running; its Basware is an address at which nobody answers."""
    installation = Installation(tmp_path_factory.mktemp("installation") / "home")
    assert installation.run("init").code == 0
    users = []
    for name, code in (("main", "US10"), ("other", "US20")):
        made = installation.run(
            "connection", "add", name, "--base-url", "http://127.0.0.1:9", "--company-code", code,
            "--client-id", "a-client", "--set", "invoice_poll_s=86400",
            ML_CONNECTOR_CLIENT_SECRET=CLIENT_SECRET, ML_CONNECTOR_QBWC_PASSWORD=PASSWORD,
        )  # fmt: skip
        assert made.code == 0, made
        users.append(made.value["user"])
    try:
        installation.serve()
        yield Served(installation, users[0], users[1])
    finally:
        installation.leave()
