"""Commands about the error inbox: what is held up, by cause."""

from __future__ import annotations

import click

from ml_connector.cli.context import Context, new_table, pass_context
from ml_connector.flows import inbox


@click.command("inbox")
@click.option("--connection", "name", default="", help="Only this connection.")
@pass_context
def inbox_command(context: Context, name: str) -> None:
    """Show what is held up, by cause, with how many documents and how much money."""
    context.open_database()
    found = inbox.groups(name)

    def words() -> None:
        table = new_table("Documents", "Money", "Cause", "Why", "Who acts")
        for group in found:
            money = "\n".join(f"{entry.amount:,.2f} {entry.currency}".rstrip() for entry in group.sums)
            table.add_row(str(group.count), money, group.cause.code, group.cause.says, group.cause.owner.value)
        context.show(table)
        if not found:
            context.say("Nothing is held up.")

    context.answer([group.as_dict() for group in found], words)
