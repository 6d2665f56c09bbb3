"""Commands about QuickBooks' lists, and how far Basware knows them."""

from __future__ import annotations

import click

from ml_connector.cli.context import Context, new_table, pass_context
from ml_connector.core.entry_standing import STANDINGS, EntryStanding
from ml_connector.core.errors import NeedsOperator
from ml_connector.flows import connections, list_acts, list_desk
from ml_connector.flows.standing import list_standing

_kind = click.option("--kind", help="Only this list: terms, vendor, account, class or customer.")


@click.group("lists")
def lists_command() -> None:
    """QuickBooks' lists, and how far Basware knows them."""


@lists_command.command("status")
@click.argument("name", required=False)
@pass_context
def lists_status(context: Context, name: str | None) -> None:
    """Count the entries by kind, say when each list was read and sent, and show what Basware refused."""
    context.open_database()
    connection = connections.only_one(name)
    value = list_standing(connection)
    whole = {one.kind.value: one.as_dict() for one in list_desk.overview(connection).lists}
    for row in value["kinds"]:
        row |= {key: whole[row["kind"]][key] for key in ("read_at", "sent_at", "problem", "complete")}

    def words() -> None:
        table = new_table("List", "Entries", "Accepted", "Under way", "To be sent", "Refused", "Read", "Sent")
        for row in value["kinds"]:
            counts = [str(row[key]) for key in ("entries", "accepted", "sent", "due", "refused")]
            table.add_row(row["kind"], *counts, row["read_at"] or "never", row["sent_at"] or "never")
        context.show(table)
        for row in value["kinds"]:
            if row["problem"]:
                context.say(f"not read: {row['kind']}: {row['problem']}")
        for entry in value["refused"]:
            context.say(f"refused: {entry['kind']} {entry['name']}: {entry['complaint']}")

    context.answer(value, words)


@lists_command.command("entries")
@click.argument("name", required=False)
@click.option("--kind", required=True, help="Which list: terms, vendor, account, class or customer.")
@click.option("--standing", type=click.Choice([s.value for s in STANDINGS]), help="Only those that stand so.")
@click.option("--find", "text", default="", help="Only those with this ListID or code, or with this in their name.")
@click.option("--after", help="Go on after this entry: its ListID.")
@pass_context
def lists_entries(
    context: Context, name: str | None, kind: str, standing: str | None, text: str, after: str | None
) -> None:
    """List entries by name, those first that need somebody, with Basware's own words."""
    context.open_database()
    connection, of = connections.only_one(name), list_desk.read_list(kind)
    if text:
        found = list_desk.search(connection, of, text)
    else:
        mark = list_desk.mark_of(connection, of, after) if after else None
        found = list_desk.entries(connection, of, EntryStanding(standing) if standing else None, mark)
    rows = [row.as_dict() for row in found.rows]
    following = rows[-1]["list_id"] if found.after else None

    def words() -> None:
        table = new_table("ListID", "Code", "Name", "How it stands", "")
        for row in found.rows:
            table.add_row(row.entry.list_id, row.entry.code, row.entry.full_name, row.standing, row.says)
        context.show(table)
        if following:
            context.say(f"There are more: --after {following}.")
        if found.more:
            context.say("There are more; write more of the name.")

    context.answer({"entries": rows, "after": following}, words)


@lists_command.command("entry")
@click.argument("list_id")
@click.option("--kind", required=True, help="Which list: terms, vendor, account, class or customer.")
@click.option("--connection", "name", help="Which connection, if there are several.")
@pass_context
def lists_entry(context: Context, list_id: str, kind: str, name: str | None) -> None:
    """Show one entry: both sides, what happened to it, and what hangs on it."""
    context.open_database()
    found = list_desk.details(connections.only_one(name), list_desk.read_list(kind), list_id)
    if found is None:
        raise NeedsOperator(f"There is no {kind} {list_id!r}.")

    def words() -> None:
        context.say(f"{found.row.entry.full_name}: {found.row.standing}. {found.row.says} {found.do}".strip())
        table = new_table("Field", "QuickBooks", "Basware was last sent", "")
        for field in found.sides.fields:
            table.add_row(field.label, field.quickbooks, field.basware, "to be sent" if field.differs else "")
        context.show(table)
        for chapter in reversed(found.chapters):
            context.say(f"{chapter.at:%Y-%m-%d %H:%M:%S} {chapter.title} {chapter.actor} {chapter.words}".strip())

    context.answer(found.as_dict(), words)


@lists_command.command("resend")
@click.argument("name", required=False)
@_kind
@click.option("--all", "all_of_it", is_flag=True, help="Everything, not only what Basware refused.")
@click.option("--entry", "list_id", help="Only the entry with this ListID, however it stands; needs --kind.")
@pass_context
def lists_resend(context: Context, name: str | None, kind: str | None, all_of_it: bool, list_id: str | None) -> None:
    """Send refused entries to Basware again, changed harmlessly so that it does not drop them."""
    surroundings = context.surroundings
    row = connections.only_one(name)
    of = list_desk.read_list(kind) if kind else None
    if list_id:
        if of is None:
            raise NeedsOperator("Name the list of the entry with --kind.")
        said = list_acts.send_again(surroundings, row, of, list_id, context.actor)
        context.answer({"resent": 1}, said)
        return
    count = list_acts.resend(surroundings, row, of, all_of_it=all_of_it, actor=context.actor)
    context.answer({"resent": count}, f"{count} entries are sent to Basware again.")


@lists_command.command("reread")
@click.argument("name", required=False)
@_kind
@pass_context
def lists_reread(context: Context, name: str | None, kind: str | None) -> None:
    """Have the lists read from QuickBooks as a whole in the next session, not only what changed."""
    surroundings = context.surroundings
    of = list_desk.read_list(kind) if kind else None
    said = list_acts.read_anew(surroundings, connections.only_one(name), of, context.actor)
    context.answer({"said": said}, said)
