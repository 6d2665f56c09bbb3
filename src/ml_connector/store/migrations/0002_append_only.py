"""Audit entries and exchanges are append-only in the database itself: an UPDATE or DELETE is refused."""

from __future__ import annotations

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

_TABLES = ("store_auditentry", "store_exchange", "store_accessentry", "store_signoff")


def forbid(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Create the triggers."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "CREATE FUNCTION mlc_append_only() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$"
        )
    for table in _TABLES:
        for action in ("UPDATE", "DELETE"):
            name = f"{table}_no_{action.lower()}"
            if schema_editor.connection.vendor == "postgresql":
                schema_editor.execute(
                    f"CREATE TRIGGER {name} BEFORE {action} ON {table}"
                    " FOR EACH STATEMENT EXECUTE FUNCTION mlc_append_only()"
                )
            else:
                schema_editor.execute(
                    f"CREATE TRIGGER {name} BEFORE {action} ON {table}"
                    " BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
                )


def allow(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Drop the triggers."""
    for table in _TABLES:
        for action in ("update", "delete"):
            on = f" ON {table}" if schema_editor.connection.vendor == "postgresql" else ""
            schema_editor.execute(f"DROP TRIGGER {table}_no_{action}{on}")
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION mlc_append_only()")


class Migration(migrations.Migration):
    """Triggers that forbid changes."""

    dependencies = [("store", "0001_initial")]
    operations = [migrations.RunPython(forbid, allow)]
