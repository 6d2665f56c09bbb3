"""The command that lists payments, and how far Basware knows them."""

from __future__ import annotations

import click

from ml_connector.cli.context import Context, new_table, pass_context
from ml_connector.flows import payment_list


@click.command()
@click.option("--connection", "name", default="", help="Only this connection.")
@click.option(
    "--view", type=click.Choice(list(payment_list.VIEWS)), default=payment_list.ALL, show_default=True, help="Which."
)
@click.option("--document", "text", default="", help="Only of documents with this number.")
@click.option("--before", type=int, help="Go on with those before this number.")
@pass_context
def payments(context: Context, name: str, view: str, text: str, before: int | None) -> None:
    """List payments of Bills, the latest first, and how far Basware knows each."""
    context.open_database()
    found = payment_list.find(view, name, text, before)
    rows = [row.as_dict() for row in found.rows]

    def words() -> None:
        table = new_table("Paid on", "Supplier", "Invoice", "Paid", "Discount", "How", "Basware", "")
        for row in rows:
            table.add_row(
                row["paid_on"], row["supplier_name"], row["invoice_number"], f"{row['paid']} {row['currency']}",
                row["discount"], f"{row['method']} {row['number']}".strip(), row["state"],
                f"{row['says']} {row['next']}".strip(),
            )  # fmt: skip
        context.show(table)
        if found.before:
            context.say(f"There may be more: --before {found.before}.")

    context.answer({"payments": rows, "before": found.before}, words)
