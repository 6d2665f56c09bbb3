"""What every command works with, and how it speaks: sentences for people, JSON for scripts, exit codes for both."""

from __future__ import annotations

import errno
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
from django.db import Error as DatabaseError
from rich.console import Console
from rich.table import Column, Table

from ml_connector.core.errors import ConnectorError, NeedsOperator, TryAgain
from ml_connector.core.roles import roles_named
from ml_connector.core.secret import Secret
from ml_connector.core.sign_on import words_in
from ml_connector.store.master_key import key_text
from ml_connector.web.database import database_sentence
from ml_connector.web.service_config import ServiceConfig, checked_url, read_config
from ml_connector.web.settings import configure

if TYPE_CHECKING:  # these load Django's models, which must be set up first; see Context.open_database
    from ml_connector.flows.surroundings import Surroundings
    from ml_connector.store.vault import Vault

#: Exit codes. 2 is click's own, for wrong usage.
OK, NOT_OK, CANNOT, LATER = 0, 1, 3, 4


def new_table(*names: str) -> Table:
    """Return a table whose cells are folded where a terminal is too narrow, and never cut: half an ID is no ID."""
    return Table(*(Column(name, overflow="fold") for name in names))


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
        plain: dict[str, Any] = {
            "quiet": self.quiet,
            "soft_wrap": True,
            "highlight": False,
            "markup": False,
            "emoji": False,
        }
        console = Console(stderr=self.as_json, **plain)
        # Written to a file or a pipe there is no width to keep to: a table is as wide as what stands in it.
        return console if console.is_terminal else Console(stderr=self.as_json, width=100_000, **plain)

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
        from ml_connector.flows.alert_ways import MAIL_PASSWORD, network_ways
        from ml_connector.flows.sign_on_network import network_provider
        from ml_connector.flows.surroundings import Surroundings

        config, vault = self.config, self.vault
        hosts = frozenset(host.lower() for host in words_in(config.alert_hosts))
        return Surroundings(
            clock=utc_now,
            dice=random.random,
            vault=vault,
            transport=HttpTransport(),
            second_factor_roles=roles_named(config.second_factor_roles),
            provider=network_provider(config.sign_on()),
            ways=network_ways(
                config.own_url, config.home, config.mail(), lambda: vault.open(None, MAIL_PASSWORD), hosts
            ),
        )

    def url(self, given: str | None) -> str:
        """Return the address under which others reach the service: the one that was given, or the configured one."""
        return checked_url(given or self.config.own_url)

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
            self.console.print(sentence)

    def show(self, table: Table) -> None:
        """Show a table to a person."""
        self.console.print(table, soft_wrap=False)

    def answer(self, value: Any, sentence: str | Callable[[], None] = "") -> None:
        """Give the result: JSON to a script, words to a person."""
        if self.as_json:
            click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))
        elif callable(sentence):
            sentence()
        elif sentence:
            self.console.print(sentence)


#: What an option holds that was named without a value: its value is in the environment.
FROM_ENVIRONMENT = ""

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
    except DatabaseError as trouble:
        _fail(as_json, database_sentence(trouble), CANNOT)
    except OSError as trouble:
        if trouble.errno == errno.EPIPE:  # whoever read our output has gone; click ends quietly
            raise
        place = f"{trouble.filename}: " if trouble.filename else "The system does not allow it: "
        step = f" {_GIVE_THE_RIGHT}" if trouble.errno in {errno.EACCES, errno.EPERM, errno.EROFS} else ""
        _fail(as_json, f"{place}{trouble.strerror or trouble}.{step}", CANNOT)


_GIVE_THE_RIGHT = "Give the user who runs ml-connector the right to it, or name another place."


@contextmanager
def writing_file(path: Path) -> Iterator[None]:
    """Say it in one sentence if a file cannot be written.

    Raises:
        NeedsOperator: the file cannot be written; the sentence says why.
    """
    try:
        yield
    except OSError as error:
        raise NeedsOperator(f"{path} cannot be written: {error.strerror or error}. {_GIVE_THE_RIGHT}") from None


def _fail(as_json: bool, sentence: str, code: int) -> None:
    if as_json:
        click.echo(json.dumps({"error": sentence}, ensure_ascii=False))
    else:
        click.echo(f"Error: {sentence}", err=True)
    sys.exit(code)


def read_secret(value: str | None, file: Path | None, variable: str) -> Secret | None:
    """Take a secret from a file, or from the option, which may name the environment.

    Raises:
        NeedsOperator: the file cannot be read, or does not hold one line.
    """
    if file is not None:
        try:
            lines = [line.strip() for line in file.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
        except (OSError, UnicodeDecodeError) as error:
            raise NeedsOperator(f"{file} cannot be read: {read_failure(error)}.") from None
        if not lines:
            raise NeedsOperator(f"{file} is empty; it should hold the secret.")
        if len(lines) > 1:
            raise NeedsOperator(f"{file} has {len(lines)} lines; write the secret into it as the only line.")
        return Secret(lines[0])
    text = read_value(value, variable)
    return Secret(text) if text else None


def read_value(value: str | None, variable: str) -> str | None:
    """Return what an option was given. An option without a value of its own names the environment variable.

    Raises:
        NeedsOperator: the variable is named and not set.
    """
    if value != FROM_ENVIRONMENT:
        return value
    found = os.environ.get(variable, "")
    if not found:
        raise NeedsOperator(f"The option has no value, and {variable} is not set; give one of them.")
    return found


def read_failure(error: OSError | UnicodeDecodeError) -> str:
    """Say why a file could not be read, without the words of the program."""
    return (error.strerror or "it does not open") if isinstance(error, OSError) else "it is not UTF-8 text"


def keep_to_owner() -> None:
    """Make every file and folder that this process makes from now on readable by its owner only."""
    os.umask(0o077)


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
