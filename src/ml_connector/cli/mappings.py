"""Commands about mappings: what Basware's codes mean in QuickBooks."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from ml_connector.cli.context import Context, new_table, pass_context, read_failure, writing_file
from ml_connector.core.errors import NeedsOperator
from ml_connector.flows import connections, mappings

_connection = click.option("--connection", "name", help="Which connection, if there are several.")


@click.group()
def mapping() -> None:
    """What Basware's codes mean in QuickBooks, where that is not plain."""


@mapping.command("list")
@_connection
@pass_context
def list_command(context: Context, name: str | None) -> None:
    """Show what is decided, and which codes block documents."""
    context.open_database()
    row = connections.only_one(name)
    decided = [asdict(rule) for rule in mappings.rules(row)]
    missing = [{"kind": kind, "code": code} for kind, code in mappings.unmapped(row)]

    def words() -> None:
        table = new_table("Kind", "Basware code", "QuickBooks", "")
        for found in missing:
            table.add_row(found["kind"], found["code"], "not mapped", "blocks documents")
        for rule in decided:
            table.add_row(rule["kind"], rule["code"], rule["target"], rule["target_name"])
        context.show(table)

    context.answer({"rules": decided, "unmapped": missing}, words)


@mapping.command("set")
@click.argument("kind")
@click.argument("code")
@click.argument("target")
@_connection
@pass_context
def set_command(context: Context, kind: str, code: str, target: str, name: str | None) -> None:
    """Decide that CODE means TARGET: a ListID, account number or full name, or IGNORE to leave it out."""
    surroundings = context.surroundings
    row = connections.only_one(name)
    words = mappings.set_rule(surroundings, row, mappings.read_kind(kind), code, target, context.actor)
    context.answer({"said": words}, words)


@mapping.command()
@click.argument("kind")
@click.argument("code")
@_connection
@pass_context
def remove(context: Context, kind: str, code: str, name: str | None) -> None:
    """Take a decision back."""
    surroundings = context.surroundings
    row = connections.only_one(name)
    words = mappings.remove_rule(surroundings, row, mappings.read_kind(kind), code, context.actor)
    context.answer({"said": words}, words)


@mapping.command("export")
@click.option("--out", type=click.Path(path_type=Path), help="File to write; without it standard output.")
@_connection
@pass_context
def export_command(context: Context, out: Path | None, name: str | None) -> None:
    """Write every decision as CSV, with the codes that block documents to be filled in."""
    context.open_database()
    text = mappings.to_csv(connections.only_one(name))
    if out is None:
        click.echo(text, nl=False)
        return
    # Spreadsheet programs take a file for UTF-8 only if it says so.
    with writing_file(out):
        out.write_text(text, encoding="utf-8-sig", newline="")
    context.answer({"file": str(out)}, f"Written to {out}; fill in the empty targets and import it.")


@mapping.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@_connection
@pass_context
def import_command(context: Context, file: Path, name: str | None) -> None:
    """Take decisions from CSV, all or none; rows without a target are passed over."""
    surroundings = context.surroundings
    row = connections.only_one(name)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise NeedsOperator(
            f"{file} is not UTF-8 text: save it as CSV UTF-8 in the spreadsheet program, and import it again."
        ) from None
    except OSError as error:
        raise NeedsOperator(f"{file} cannot be read: {read_failure(error)}.") from None
    count = mappings.from_csv(surroundings, row, text, context.actor)
    context.answer({"taken": count}, f"{count} mappings taken; what they release is planned at once.")
