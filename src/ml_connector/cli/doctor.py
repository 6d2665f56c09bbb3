"""The doctor: everything that must hold for the work to go on."""

from __future__ import annotations

import stat
from typing import Any

from ml_connector.cli.context import Context
from ml_connector.core.errors import ConnectorError
from ml_connector.flows.standing import standings
from ml_connector.flows.surroundings import CLIENT_ID, CLIENT_SECRET, WEB_CONNECTOR_PASSWORD
from ml_connector.store import chain
from ml_connector.store.models import Connection


def examine(context: Context) -> list[dict[str, Any]]:
    """Return one finding per thing that was looked at: whether it holds, and a sentence with the next step."""
    found: list[dict[str, Any]] = []

    def note(ok: bool, sentence: str) -> None:
        found.append({"ok": ok, "sentence": sentence})

    config = context.config
    try:
        context.open_database()
        vault = context.vault
    except ConnectorError as problem:
        note(False, str(problem))
        return found
    note(True, f"The database answers and is up to date ({'PostgreSQL' if config.database else 'SQLite'}).")
    _key_file(config.key_path, note)
    url = config.own_url
    reachable = url.startswith("https://") or "//localhost" in url
    note(reachable, f"The Web Connector reaches the service at {url}." if reachable else _NEEDS_HTTPS.format(url=url))
    rows = {row.name: row for row in Connection.objects.all()}
    if not rows:
        note(False, "There is no connection yet; make one with: ml-connector connection add.")
    for standing in standings():
        row = rows[standing.name]
        try:
            whole = all(vault.open(row, name) for name in (CLIENT_ID, CLIENT_SECRET, WEB_CONNECTOR_PASSWORD))
            note(whole, f"{row.name}: the credentials {'open' if whole else 'are not complete; set them again'}.")
        except ConnectorError as problem:
            note(False, f"{row.name}: {problem}")
        for problem_words in standing.problems:
            note(False, f"{row.name}: {problem_words}")
        if standing.last_session_note:
            note(False, f"{row.name}: the last Web Connector session ended with: {standing.last_session_note}")
        polled = standing.last_poll_at or "never"
        note(bool(standing.last_poll_at), f"{row.name}: last poll of the Web Connector: {polled}.")
        verdict = chain.verify(row)
        holds = "is broken; see audit verify" if verdict.breaks else "holds"
        note(not verdict.breaks, f"{row.name}: the audit chain of {verdict.entries} entries {holds}.")
    return found


_NEEDS_HTTPS = (
    "The Web Connector accepts only https addresses but for localhost, and this one is {url}:"
    " set ML_CONNECTOR_PUBLIC_URL."
)


def _key_file(path: Any, note: Any) -> None:
    if not path.exists():
        note(True, "The master key comes from the environment.")
        return
    open_to_others = bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
    words = f"others on this machine can read the master key at {path}; run: chmod 600 {path}"
    note(
        not open_to_others,
        f"The master key at {path} is readable by its owner only." if not open_to_others else words.capitalize() + ".",
    )
