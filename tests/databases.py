"""The database a test run works on: SQLite, or PostgreSQL in a database of its own that is dropped at the end.

Django has one default database in a process, so one run has one kind; the kind is chosen before the run starts. Every
test that uses the database gets an empty one: on SQLite a fresh copy of a file that was migrated once, on PostgreSQL the
same database with every table emptied.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import LiteralString
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from ml_connector.web.service_config import ServiceConfig
from ml_connector.web.settings import configure

KIND = "ML_CONNECTOR_TEST_DATABASE"  # sqlite or postgresql
ADDRESS = "ML_CONNECTOR_TEST_POSTGRES"  # address of a server on which databases may be created
DEFAULT_ADDRESS = "postgresql://postgres@127.0.0.1:5432/postgres"

#: Turns text into a signing key for Django; no secret of any installation depends on it.
_SIGNING = "only for tests"


class NoServer(Exception):
    """No PostgreSQL server answers at the address."""


def chosen_kind() -> str:
    """Return which database this process tests on: `sqlite` unless the environment says `postgresql`."""
    kind = os.environ.get(KIND, "") or "sqlite"
    if kind not in {"sqlite", "postgresql"}:
        raise ValueError(f"{KIND} is sqlite or postgresql, not {kind!r}.")
    return kind


def server_address() -> str:
    """Return the address of the PostgreSQL server to test on."""
    return os.environ.get(ADDRESS, "") or DEFAULT_ADDRESS


def ask_server(address: str) -> None:
    """Make sure that a server answers.

    Raises:
        NoServer: none does, or it lets nobody in.
    """
    try:
        psycopg.connect(address, connect_timeout=3).close()
    except psycopg.OperationalError as error:
        raise NoServer(str(error).strip().splitlines()[0]) from None


_WRITTEN_COLUMNS = (
    "SELECT column_name FROM information_schema.columns"
    " WHERE table_schema = current_schema() AND table_name = %s AND is_generated = 'NEVER'"
)


class SqliteDatabase:
    """SQLite: each test has a file of its own, so that a thread of an earlier test cannot disturb a later one."""

    kind = "sqlite"

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="ml-connector-tests-"))
        self._template = self._folder / "template.sqlite3"
        self._count = 0
        self.path: Path | None = None  #: file of the test that is running
        configure(ServiceConfig(home=self._folder / "no-database-was-asked-for"), _SIGNING)
        self._wait_for_no_disk()

    def empty(self) -> None:
        """Give the test that begins an empty database."""
        from django.core.management import call_command

        self.leave()
        if not self._template.exists():
            self._use(self._template)
            call_command("migrate", verbosity=0, interactive=False)
            _close_connections()
            _fold_log(self._template)
        self._count += 1
        home = self._folder / f"test-{self._count}"
        home.mkdir()
        # The name that the service's own configuration gives it, so that a test may start the service in this home.
        self.path = home / "connector.sqlite3"
        shutil.copyfile(self._template, self.path)
        self._use(self.path)

    def keep(self) -> None:
        """Keep what stands in it now, to be brought back."""
        assert self.path is not None
        _close_connections()
        _fold_log(self.path)
        shutil.copyfile(self.path, self._folder / "kept.sqlite3")

    def bring_back(self) -> None:
        """Let an empty database hold what was kept."""
        assert self.path is not None
        _close_connections()
        for file in self.path.parent.iterdir():
            file.unlink()
        shutil.copyfile(self._folder / "kept.sqlite3", self.path)

    def leave(self) -> None:
        """Close what the test opened and remove its file."""
        _close_connections()
        if self.path is not None:
            shutil.rmtree(self.path.parent, ignore_errors=True)
            self.path = None
            self._use(self._folder / "no-database-was-asked-for" / "connector.sqlite3")

    def drop(self) -> None:
        """Remove everything."""
        self.leave()
        shutil.rmtree(self._folder, ignore_errors=True)

    def bytes_on_disk(self) -> bytes:
        """Return every byte that the database keeps, its write-ahead log included."""
        assert self.path is not None
        return b"".join(file.read_bytes() for file in sorted(self.path.parent.iterdir()))

    @staticmethod
    def _wait_for_no_disk() -> None:
        # The machine may lose these files whenever it likes; a process that ends loses nothing.
        from django.db import connections

        options = connections.settings["default"]["OPTIONS"]
        options["init_command"] = options["init_command"].replace("synchronous=FULL", "synchronous=OFF")

    @staticmethod
    def _use(path: Path) -> None:
        from django.db import connections

        # One dictionary describes the database to the connections of every thread.
        connections.settings["default"]["NAME"] = str(path)


class PostgresqlDatabase:
    """PostgreSQL: a database made for this run, emptied before every test, dropped at the end."""

    kind = "postgresql"
    path: Path | None = None

    def __init__(self) -> None:
        self._server = server_address()
        ask_server(self._server)
        self._name = f"ml_connector_test_{os.getpid()}_{secrets.token_hex(4)}"
        self._made = False
        self._tables: list[str] = []
        self._empty, self._back = "", ""
        configure(ServiceConfig(database=urlunsplit(urlsplit(self._server)._replace(path="/" + self._name))), _SIGNING)

    def empty(self) -> None:
        """Give the test that begins an empty database."""
        from django.db import connection

        self.leave()
        if not self._made:
            self._make()
        with connection.cursor() as cursor:
            cursor.execute(self._empty)

    def keep(self) -> None:
        """Keep what stands in it now, to be brought back."""
        from django.db import connection

        statements = ["DROP SCHEMA IF EXISTS kept CASCADE", "CREATE SCHEMA kept"]
        back = []
        with connection.cursor() as cursor:
            for table in self._tables:
                cursor.execute(f'SELECT EXISTS (SELECT 1 FROM "{table}")')
                if cursor.fetchone()[0]:
                    cursor.execute(_WRITTEN_COLUMNS, [table])
                    columns = ", ".join(f'"{name}"' for (name,) in cursor.fetchall())
                    statements.append(f'CREATE TABLE kept."{table}" AS SELECT {columns} FROM "{table}"')
                    back.append(
                        f'INSERT INTO "{table}" ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM kept."{table}"'
                    )
            cursor.execute("SELECT sequencename, last_value FROM pg_sequences WHERE last_value IS NOT NULL")
            back += [f"SELECT setval('\"{name}\"', {last})" for name, last in cursor.fetchall()]
            cursor.execute("; ".join(statements))
        self._back = f"BEGIN; {'; '.join(back)}; COMMIT"

    def bring_back(self) -> None:
        """Let an empty database hold what was kept."""
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(self._back)

    def leave(self) -> None:
        """Close what the test opened."""
        _close_connections()

    def drop(self) -> None:
        """Drop the database."""
        self.leave()
        if self._made:
            self._tell_server("DROP DATABASE {} WITH (FORCE)")

    def bytes_on_disk(self) -> bytes:
        """Return every row of every table as text; binary columns are decoded, so that words in them would show."""
        from django.db import connection

        found = bytearray()
        with connection.cursor() as cursor:
            for table in sorted(connection.introspection.table_names(cursor)):
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
                for row in cursor.fetchall():
                    for value in row:
                        found += bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
                        found += b"\n"
        return bytes(found)

    def _make(self) -> None:
        from django.core.management import call_command
        from django.db import connection

        self._tell_server("CREATE DATABASE {}")
        self._made = True
        # The machine may lose this database whenever it likes; waiting for its disk would only take time.
        self._tell_server("ALTER DATABASE {} SET synchronous_commit = off")
        call_command("migrate", verbosity=0, interactive=False)
        with connection.cursor() as cursor:
            self._tables = [
                name for name in connection.introspection.table_names(cursor) if name != "django_migrations"
            ]
        self._empty = _without_triggers(self._tables)

    def _tell_server(self, statement: LiteralString) -> None:
        with psycopg.connect(self._server, autocommit=True) as server:
            server.execute(sql.SQL(statement).format(sql.Identifier(self._name)))


Database = SqliteDatabase | PostgresqlDatabase


def make_database() -> Database:
    """Set Django up on the database of this run. Nothing is created until the first test asks for it.

    Raises:
        NoServer: PostgreSQL was chosen and does not answer.
    """
    return PostgresqlDatabase() if chosen_kind() == "postgresql" else SqliteDatabase()


def _without_triggers(tables: list[str]) -> str:
    """Return what empties tables although their triggers refuse it. TRUNCATE would pass them as well, but
    makes new files for every table and index, which takes longer than most tests."""
    statements = [f'ALTER TABLE "{table}" DISABLE TRIGGER USER' for table in tables]
    statements += [f'DELETE FROM "{table}"' for table in tables]
    statements.append("SET CONSTRAINTS ALL IMMEDIATE")
    statements += [f'ALTER TABLE "{table}" ENABLE TRIGGER USER' for table in tables]
    statements.append(
        "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false) FROM pg_sequences"
        " WHERE schemaname = current_schema()"
    )
    return f"BEGIN; {'; '.join(statements)}; COMMIT"


def _close_connections() -> None:
    from django.db import connections

    connections.close_all()


def _fold_log(path: Path) -> None:
    """A copy of the file alone must be whole: nothing of it may be left in the write-ahead log."""
    import sqlite3

    database = sqlite3.connect(path)
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
