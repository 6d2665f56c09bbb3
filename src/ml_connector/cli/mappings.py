"""Commands about mappings: what Basware's codes mean in QuickBooks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from ml_connector.cli.context import Context, new_table, pass_context, read_failure, writing_file
from ml_connector.core.errors import NeedsOperator
from ml_connector.flows import connections, mapping_changes, mapping_desk, mappings
from ml_connector.flows.surroundings import settings_of
from ml_connector.store import mapping as mapping_questions
from ml_connector.store.models import MappingChange

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
@click.option("--plan", is_flag=True, help="Only show what it would change.")
@_connection
@pass_context
def import_command(context: Context, file: Path, plan: bool, name: str | None) -> None:
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
    if plan:
        _tell_plan(context, mappings.read_csv(row, text))
        return
    count = mappings.from_csv(surroundings, row, text, context.actor)
    proposed = settings_of(row).mapping_approval
    said = (
        "proposed; a second person must approve them." if proposed else "taken; what they release is planned at once."
    )
    context.answer({"taken": count, "proposed": proposed}, f"{count} mappings {said}")


def _tell_plan(context: Context, read: Sequence[mappings.Read]) -> None:
    value = [r.as_dict() for r in read]

    def words() -> None:
        table = new_table("Line", "Kind", "Basware code", "Now", "Then")
        for r in read:
            if r.changes or r.problem:
                table.add_row(str(r.line), r.kind, r.code, r.before, r.wanted.name if r.wanted else r.problem)
        context.show(table)

    context.answer(value, words)


@mapping.command()
@click.option("--before", type=int, help="Go on before this version.")
@_connection
@pass_context
def history(context: Context, before: int | None, name: str | None) -> None:
    """Show the versions of the mapping, the latest first."""
    context.open_database()
    found, more = mapping_desk.versions(connections.only_one(name), before)
    value = [v.as_dict() for v in found]

    def words() -> None:
        table = new_table("Version", "By", "When (UTC)", "How", "Changes")
        for v in found:
            listed = "\n".join(_in_words(change) for change in v.changes)
            more_of_it = "" if v.count == len(v.changes) else f"\n{v.count} in all"
            table.add_row(str(v.number), v.by, f"{v.at:%Y-%m-%d %H:%M}", v.how, listed + more_of_it)
        context.show(table)
        if more:
            context.say(f"There are more: --before {more}.")

    context.answer(value, words)


def _in_words(change: MappingChange) -> str:
    before, after = (
        "not mapped" if list_id is None else name or "left out"
        for list_id, name in ((change.before, change.before_name), (change.after, change.after_name))
    )
    return f"{change.kind} {change.code}: {before} -> {after}"


@mapping.command()
@click.argument("version", type=int)
@_connection
@pass_context
def undo(context: Context, version: int, name: str | None) -> None:
    """Take one version back: its codes mean again what they meant before."""
    surroundings = context.surroundings
    row = connections.only_one(name)
    words = mapping_changes.take_back(surroundings, row, version, context.actor)
    context.answer({"said": words}, words)


@mapping.command()
@_connection
@pass_context
def proposals(context: Context, name: str | None) -> None:
    """Show what waits for a second person."""
    context.open_database()
    found = list(mapping_questions.proposals(connections.only_one(name).pk).order_by("pk"))

    def words() -> None:
        table = new_table("No.", "Change", "By")
        for change in found:
            table.add_row(str(change.pk), _in_words(change), change.wanted_by)
        context.show(table)

    context.answer([mapping_desk.change_as_dict(change) for change in found], words)


@mapping.command()
@click.argument("numbers", type=int, nargs=-1, required=True)
@_connection
@pass_context
def approve(context: Context, numbers: tuple[int, ...], name: str | None) -> None:
    """Put proposals of other people into force."""
    surroundings = context.surroundings
    words = mapping_changes.approve(surroundings, connections.only_one(name), numbers, context.actor)
    context.answer({"said": words}, words)


@mapping.command()
@click.argument("numbers", type=int, nargs=-1, required=True)
@_connection
@pass_context
def refuse(context: Context, numbers: tuple[int, ...], name: str | None) -> None:
    """Refuse proposals of other people."""
    surroundings = context.surroundings
    words = mapping_changes.refuse(surroundings, connections.only_one(name), numbers, context.actor)
    context.answer({"said": words}, words)
