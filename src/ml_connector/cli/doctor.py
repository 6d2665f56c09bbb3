"""The doctor: everything that must hold for the work to go on."""

from __future__ import annotations

import http.client
import os
import ssl
import stat
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ml_connector.cli.context import Context
from ml_connector.core.errors import ConnectorError, NeedsOperator
from ml_connector.flows.standing import Standing, standings
from ml_connector.flows.surroundings import CLIENT_ID, CLIENT_SECRET, WEB_CONNECTOR_PASSWORD
from ml_connector.store import chain
from ml_connector.store.master_key import ENVIRONMENT
from ml_connector.store.models import Connection
from ml_connector.store.vault import Vault
from ml_connector.web.service_config import ServiceConfig, checked_url


class _Findings:
    """What was looked at, and what was found there."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []

    def note(self, ok: bool, sentence: str) -> None:
        self.items.append({"ok": ok, "warning": False, "sentence": sentence})

    def warn(self, sentence: str) -> None:
        """Note what holds the work up, but is nothing wrong."""
        self.items.append({"ok": True, "warning": True, "sentence": sentence})


def examine(context: Context) -> list[dict[str, Any]]:
    """Return one finding per thing that was looked at: whether it holds, and a sentence with the next step."""
    found = _Findings()
    config = context.config
    try:
        context.open_database()
        vault = context.vault
    except ConnectorError as problem:
        found.note(False, str(problem))
        return found.items
    found.note(True, f"The database answers and is up to date ({'PostgreSQL' if config.database else 'SQLite'}).")
    _key(config.key_path, found)
    _home(config, found)
    _address(config, found)
    rows = {row.name: row for row in Connection.objects.all()}
    if not rows:
        found.note(False, "There is no connection yet; make one with: ml-connector connection add.")
    for standing in standings(context.surroundings.clock()):
        _connection(rows[standing.name], standing, vault, found)
    return found.items


def _connection(row: Connection, standing: Standing, vault: Vault, found: _Findings) -> None:
    if standing.paused:
        why = f": {standing.pause_reason}" if standing.pause_reason else ""
        found.warn(f"{row.name}: the connection is paused{why}; go on with: ml-connector connection resume {row.name}.")
    try:
        whole = all(vault.open(row, name) for name in (CLIENT_ID, CLIENT_SECRET, WEB_CONNECTOR_PASSWORD))
        found.note(whole, f"{row.name}: {_CREDENTIALS_OPEN if whole else _NOT_COMPLETE}".format(name=row.name))
    except ConnectorError as problem:
        found.note(False, f"{row.name}: {problem}")
    for problem_words in standing.problems:
        found.note(False, f"{row.name}: {problem_words}")
    if standing.last_session_note:
        found.note(False, f"{row.name}: the last Web Connector session ended with: {standing.last_session_note}")
    polled = f"{row.name}: last call of the Web Connector: {standing.last_poll_at or 'never'}"
    if standing.next_poll_at:
        polled += f", last success: {standing.last_success_at or 'never'}, next call expected: {standing.next_poll_at}"
    found.note(bool(standing.last_poll_at), f"{polled}.")
    if standing.earlier_password_until:
        found.warn(
            f"{row.name}: the Web Connector has not used its new password yet; the earlier one is taken until"
            f" {standing.earlier_password_until}."
        )
    verdict = chain.verify(row)
    holds = "is broken; see audit verify" if verdict.breaks else "holds"
    found.note(not verdict.breaks, f"{row.name}: the audit chain of {verdict.entries} entries {holds}.")


_CREDENTIALS_OPEN = "the stored credentials open; ml-connector connection ping {name} tells whether Basware takes them."
_NOT_COMPLETE = "the credentials are not complete; set them again with: ml-connector connection set {name}."


def _address(config: ServiceConfig, found: _Findings) -> None:
    try:
        url = checked_url(config.own_url)
    except NeedsOperator as problem:
        found.note(False, f"{problem} Set ML_CONNECTOR_PUBLIC_URL.")
        return
    fit = url.startswith("https://") or urlsplit(url).hostname == "localhost"
    found.note(fit, (_ADDRESS if fit else _NEEDS_HTTPS).format(url=url))
    told = _health(url)
    if told == "ok":
        found.note(True, f"The service answered at {url}/health.")
    elif told:
        found.note(False, f"What answers at {url}/health is not a healthy service: {told}.")
    else:
        found.warn(
            f"No service answered at {url}/health: start it with ml-connector serve, or look at a proxy between."
        )


_ADDRESS = "The Web Connector is told the address {url}, which is of a form that it accepts."
_NEEDS_HTTPS = (
    "The Web Connector accepts only https addresses but for localhost, and this one is {url}:"
    " set ML_CONNECTOR_PUBLIC_URL."
)


def _health(url: str) -> str:
    """Ask the service whether it is well; return "ok", what is wrong, or nothing if nobody answered."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    if parts.scheme == "https":
        # Nothing secret is sent and nothing is believed: whose certificate it is, is for its callers to judge.
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        client: http.client.HTTPConnection = http.client.HTTPSConnection(host, port, timeout=5, context=context)
    else:
        client = http.client.HTTPConnection(host, port, timeout=5)
    try:
        client.request("GET", f"{parts.path}/health")
        answer = client.getresponse()
        body = answer.read(1000)
    except (OSError, http.client.HTTPException):
        return ""
    finally:
        client.close()
    if answer.status == 200 and b'"ok"' in body:
        return "ok"
    return "its database does not answer" if answer.status == 503 else f"HTTP status {answer.status}"


def _key(path: Path, found: _Findings) -> None:
    if os.environ.get(ENVIRONMENT):
        found.note(True, f"The master key comes from {ENVIRONMENT}.")
    elif _others_may_read(path):
        found.note(False, f"Others on this machine can read the master key at {path}; run: chmod 600 {path}.")
    else:
        found.note(True, f"The master key at {path} is readable by its owner only.")


def _home(config: ServiceConfig, found: _Findings) -> None:
    home, database = config.home, config.home / "connector.sqlite3"
    if _others_may_read(home):
        found.note(False, f"Others on this machine can look into the home {home}; run: chmod 700 {home}.")
    elif not config.database and _others_may_read(database):
        found.note(False, f"Others on this machine can read the database at {database}; run: chmod 600 {database}.")
    else:
        found.note(True, f"The home {home} is open to its owner only.")


def _others_may_read(path: Path) -> bool:
    """Tell whether group or others have any right; on Windows rights are not told by the mode."""
    return os.name == "posix" and path.exists() and bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
