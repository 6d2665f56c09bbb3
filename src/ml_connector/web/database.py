"""The database of this process: set up, brought up to date, or found to be of another version."""

from __future__ import annotations

from ml_connector.core.errors import NeedsOperator
from ml_connector.store.master_key import key_text
from ml_connector.web.service_config import ServiceConfig
from ml_connector.web.settings import configure


def database_sentence(error: Exception) -> str:
    """Say what is wrong with the database, and what to do."""
    words = " ".join(str(error).split()).rstrip(".")
    known = (step for words_of_it, step in _NEXT_STEPS if words_of_it in words.lower())
    return f"The database does not take it: {words}. {next(known, _SEE_THAT_IT_RUNS)}"


_SEE_THAT_IT_RUNS = (
    "See that it runs and that its address is right: --database, or ML_CONNECTOR_DATABASE; without one it is in the"
    " home."
)

#: By words of the database's own message.
_NEXT_STEPS = (
    ("readonly", "Make the database and the home writable for the user who runs ml-connector."),
    ("read-only", "Use an address of PostgreSQL that takes writes."),
    ("unable to open", "Make the database and the home writable for the user who runs ml-connector."),
    ("not a database", "Restore it from a backup; what is there was not written by ml-connector, or is damaged."),
    ("malformed", "Restore it from a backup; it is damaged."),
    ("full", "Make room on its disk."),
    ("disk i/o", "Look after its disk."),
    ("locked", "Another program holds it; try again, or end that program."),
    ("permission denied", "Give the user of the database's address the rights on it."),
)


def open_database(config: ServiceConfig) -> None:
    """Set Django up on the configured database.

    Raises:
        NeedsOperator: the database does not exist yet, does not answer, or needs another version of the connector.
    """
    configure(config, key_text(config.key_path))
    from django.db import Error, connection  # only after the set-up
    from django.db.migrations.executor import MigrationExecutor

    if not config.database and not (config.home / "connector.sqlite3").exists():
        raise NeedsOperator(f"There is no database in {config.home} yet; make one with: ml-connector init.")
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        known = set(executor.loader.disk_migrations)
        foreign = [key for key in executor.loader.applied_migrations if key[0] == "store" and key not in known]
    except Error as error:
        raise NeedsOperator(database_sentence(error)) from None
    if foreign:
        raise NeedsOperator("The database was written by a newer version of ml-connector; install that version.")
    if missing:
        raise NeedsOperator("The database is of an older version; bring it up to date with: ml-connector init.")


def migrate(config: ServiceConfig) -> None:
    """Make the database, or bring it up to date. What is in it stays.

    Raises:
        NeedsOperator: the database does not answer.
    """
    configure(config, key_text(config.key_path))
    from django.core.management import call_command
    from django.db import Error

    try:
        call_command("migrate", verbosity=0, interactive=False)
    except Error as error:
        raise NeedsOperator(database_sentence(error)) from None
