"""Commands about the month's close: the three columns, the sheet, the signature."""

from __future__ import annotations

from pathlib import Path

import click

from ml_connector.cli.context import NOT_OK, Context, new_table, pass_context, utc_now, writing_file
from ml_connector.flows import connections, month_close, reconciliation
from ml_connector.flows.close_sheet import sheet as close_sheet
from ml_connector.flows.local_time import local
from ml_connector.store.cents import from_cents

_MONTH = click.option("--month", "period", required=True, help="As 2026-03.")


@click.group()
def month() -> None:
    """The month's close: Basware, connector and QuickBooks, to the cent."""


@month.command()
@click.argument("name", required=False)
@_MONTH
@pass_context
def show(context: Context, name: str | None, period: str) -> None:
    """Add up a month in three columns, and say what differs."""
    context.open_database()
    row = connections.only_one(name)
    found = reconciliation.month(row, period)
    listed = reconciliation.causes(row, period, utc_now(), size=1000)
    signed = month_close.signature(found)

    def words() -> None:
        table = new_table("Currency", "Documents", "Basware", "Connector", "QuickBooks", "Not entered", "Drift")
        for total in found.totals:
            amounts = (total.basware, total.connector, total.quickbooks, total.to_enter, total.drift)
            table.add_row(total.currency, str(total.documents), *(f"{from_cents(cents):,.2f}" for cents in amounts))
        context.show(table)
        for cause in listed.causes:
            invoice = cause.document.invoice_number or "without a number"
            context.say(f"{cause.document.pk} {invoice} ({cause.state}): {cause.words} {cause.next_step}")
        if found.unread:
            context.say(f"{found.unread} invoices could not be read, and count in no month.")
        if signed:
            since = f"; {len(signed.changes)} suppliers changed since" if signed.changes else "; nothing changed since"
            context.say(f"Signed by {signed.row.actor}, {local(row, signed.row.at)}{since}.")

    value = reconciliation.as_values(found) | month_close.signature_as_values(signed)
    context.answer(value | {"causes": [cause.as_dict() for cause in listed.causes]}, words)
    if not found.agrees:
        raise SystemExit(NOT_OK)


@month.command()
@click.argument("name", required=False)
@_MONTH
@click.option("--out", type=click.Path(path_type=Path), required=True, help="File to write, for a spreadsheet.")
@pass_context
def sheet(context: Context, name: str | None, period: str, out: Path) -> None:
    """Write the close of a month as CSV: sums, every document that differs, and the signature."""
    context.open_database()
    text = close_sheet(connections.only_one(name), period, utc_now())
    with writing_file(out):
        out.write_text("\ufeff" + text, encoding="utf-8", newline="")
    context.answer({"file": str(out)}, f"The close sheet is in {out}.")


@month.command()
@click.argument("name", required=False)
@_MONTH
@click.option("--remark", default="", help="For auditors; needed where the columns do not agree.")
@pass_context
def sign(context: Context, name: str | None, period: str, remark: str) -> None:
    """Sign a month: its figures are frozen under your name, and later changes are shown."""
    surroundings = context.surroundings
    row = month_close.sign(surroundings, connections.only_one(name), period, remark, context.actor)
    context.answer(
        {"month": period, "signed_by": row.actor, "digest": row.digest},
        f"{reconciliation.month_words(period)} is signed by {row.actor}.",
    )
