"""What every command works with, and how it speaks: sentences for people, JSON for scripts, exit codes for both."""

from __future__ import annotations

import getpass
import json
import logging
import os
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from ml_connector.core.errors import ConnectorError, NeedsOperator, TryAgain
from ml_connector.core.secret import Secret
from ml_connector.store.master_key import key_text
from ml_connector.web.service_config import ServiceConfig, read_config
from ml_connector.web.settings import configure

if TYPE_CHECKING:  # these load Django's models, which must be set up first; see Context.open_database
    from ml_connector.flows.surroundings import Surroundings
    from ml_connector.store.vault import Vault

#: Exit codes. 2 is click's own, for wrong usage.
OK, NOT_OK, CANNOT, LATER = 0, 1, 3, 4


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


@dataclass
class Context:
    """Lives for one command."""

    overrides: dict[str, Any]
    as_json: bool
    quiet: bool

    @cached_property
    def config(self) -> ServiceConfig:
        """The service's configuration."""
        return read_config(**self.overrides)

    @cached_property
    def console(self) -> Console:
        """For people; nothing of it goes to a script's output."""
        return Console(stderr=self.as_json, quiet=self.quiet, soft_wrap=True, highlight=False)

    @cached_property
    def vault(self) -> Vault:
        """The vault.

        Raises:
            NeedsOperator: there is no master key yet, or it is no key.
        """
        self.open_database()
        from ml_connector.store.vault import read_vault

        return read_vault(self.config.key_path)

    @cached_property
    def surroundings(self) -> Surroundings:
        """Time, dice, vault and the way to Basware."""
        self.open_database()
        from ml_connector.basware.transport import HttpTransport
        from ml_connector.flows.surroundings import Surroundings

        return Surroundings(clock=utc_now, dice=random.random, vault=self.vault, transport=HttpTransport())

    @property
    def actor(self) -> str:
        """Who gives the command, for the audit trail."""
        return os.environ.get("ML_CONNECTOR_ACTOR") or f"{getpass.getuser()} (command line)"

    def open_database(self) -> None:
        """Set the database up for this process.

        Raises:
            NeedsOperator: there is none yet, or it is of another version.
        """
        from ml_connector.web.database import open_database

        open_database(self.config)

    def set_up_models(self) -> None:
        """Set Django up for the configured home, which may not exist yet; nothing is opened."""
        key_path = self.config.key_path
        configure(self.config, key_text(key_path) if key_path.exists() else "")

    def say(self, sentence: str) -> None:
        """Say something to a person."""
        if not self.as_json:
            self.console.print(sentence, markup=False)

    def answer(self, value: Any, sentence: str | Callable[[], None] = "") -> None:
        """Give the result: JSON to a script, words to a person."""
        if self.as_json:
            click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))
        elif callable(sentence):
            sentence()
        elif sentence:
            self.console.print(sentence, markup=False)


pass_context = click.make_pass_decorator(Context)


@contextmanager
def plain_errors(as_json: bool) -> Iterator[None]:
    """Turn every expected failure into one sentence and an exit code; never a stack trace."""
    try:
        yield
    except TryAgain as trouble:
        _fail(as_json, f"{trouble} Try again later.", LATER)
    except NeedsOperator as problem:
        _fail(as_json, str(problem), CANNOT)
    except ConnectorError as refused:
        _fail(as_json, str(refused), CANNOT)


def _fail(as_json: bool, sentence: str, code: int) -> None:
    if as_json:
        click.echo(json.dumps({"error": sentence}, ensure_ascii=False))
    else:
        click.echo(f"Error: {sentence}", err=True)
    sys.exit(code)


def read_secret(value: str | None, file: Path | None, variable: str) -> Secret | None:
    """Take a secret from a file or the environment, or from the command line where nothing else was given.

    Raises:
        NeedsOperator: the file cannot be read or is empty.
    """
    if file is not None:
        try:
            text = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise NeedsOperator(f"{file} cannot be read: {read_failure(error)}.") from None
        if not text:
            raise NeedsOperator(f"{file} is empty; it should hold the secret.")
        return Secret(text)
    text = value or os.environ.get(variable, "")
    return Secret(text) if text else None


def read_failure(error: OSError | UnicodeDecodeError) -> str:
    """Say why a file could not be read, without the words of the program."""
    return (error.strerror or "it does not open") if isinstance(error, OSError) else "it is not UTF-8 text"


def set_up_logging(level: str) -> None:
    """Log to standard error: one line per event, keys first, never a payload."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_KeyFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.getLogger("django.request").setLevel("ERROR")


class _KeyFormatter(logging.Formatter):
    """Writes `time level logger message key=value ...`."""

    _plain = frozenset(logging.makeLogRecord({}).__dict__) | {
        "message",
        "asctime",
        "taskName",
        "request",
        "status_code",
    }

    def format(self, record: logging.LogRecord) -> str:
        stamp = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        extra = "".join(f" {k}={v}" for k, v in record.__dict__.items() if k not in self._plain)
        line = f"{stamp} {record.levelname.lower()} {record.name.removeprefix('ml_connector.')} {record.getMessage()}{extra}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line
