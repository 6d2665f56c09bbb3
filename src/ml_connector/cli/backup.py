"""The command that backs the database up."""

from __future__ import annotations

from pathlib import Path

import click

from ml_connector.cli.context import Context, keep_to_owner, pass_context, writing_file
from ml_connector.core.errors import NeedsOperator
from ml_connector.flows import upkeep
from ml_connector.store.models import Connection


@click.command()
@click.option("--out", type=click.Path(path_type=Path), help="File to write; SQLite only. It must not exist yet.")
@click.option("--noted", metavar="WHERE", help="Only note that another program took a backup, and where it is.")
@pass_context
def backup(context: Context, out: Path | None, noted: str | None) -> None:
    """Copy the database while the service runs, and note that and when it was done."""
    surroundings = context.surroundings
    if (out is None) == (noted is None):
        raise NeedsOperator("Give one of the two: --out FILE, or --noted WHERE.")
    if out is not None:
        keep_to_owner()
        with writing_file(out):
            taken = upkeep.back_up(surroundings, out, context.actor)
    else:
        taken = upkeep.note_backup(surroundings, noted or "", context.actor)
    heads = {row.name: row.chain_hash for row in Connection.objects.only("name", "chain_hash").order_by("name")}
    value = {
        "at": taken.at.isoformat(timespec="seconds"),
        "place": taken.place,
        "bytes": taken.size_bytes,
        "heads": heads,
    }
    context.answer(value, f"Backup noted: {taken.place}. Keep the master key apart from it.")
