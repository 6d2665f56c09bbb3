"""Commands about dry runs: see what would be posted before anything is written."""

from __future__ import annotations

from typing import Any

import click

from ml_connector.cli.context import Context, new_table, pass_context
from ml_connector.flows import connections, dry_run
from ml_connector.flows.dry_run import VERDICT_WORDS, Tried
from ml_connector.store.cents import from_cents

_MOST = 1000


@click.command("dry-run")
@click.argument("name", required=False)
@pass_context
def begin(context: Context, name: str | None) -> None:
    """Read both systems and write to neither, until the connection goes live."""
    surroundings = context.surroundings
    row = connections.only_one(name)
    dry_run.begin(surroundings, row, context.actor)
    context.answer({"dry_run": True}, f"Connection {row.name} is in dry run: nothing is written to either system.")


@click.command("go-live")
@click.argument("name", required=False)
@click.option(
    "--company", required=True, help="Name of the company file that answers, to be sure that it is the right one."
)
@pass_context
def go_live(context: Context, name: str | None, company: str) -> None:
    """End the dry run: what Basware offers is entered in QuickBooks from now on."""
    surroundings = context.surroundings
    row = connections.only_one(name)
    sentence = dry_run.go_live(surroundings, row, company, context.actor)
    context.answer({"dry_run": False}, sentence)


@click.command()
@click.argument("name", required=False)
@click.option("--only", type=click.Choice(list(VERDICT_WORDS)), help="Only invoices of which this would become.")
@click.option("--again", is_flag=True, help="Have QuickBooks asked again whether it has them.")
@pass_context
def trial(context: Context, name: str | None, only: str | None, again: bool) -> None:
    """Show what would become of the invoices that Basware offers, in a dry run."""
    surroundings = context.surroundings
    row = connections.only_one(name)
    if again:
        count = dry_run.look_again(surroundings, row, context.actor)
        context.answer({"asked": count}, f"QuickBooks is asked again for {count} invoices in the next session.")
        return
    counted = dry_run.counts(row)
    found = [one for verdict in ([only] if only else VERDICT_WORDS) for one in dry_run.tried(row, verdict, limit=_MOST)]

    def words() -> None:
        for verdict, count in counted.items():
            context.say(f"{VERDICT_WORDS[verdict]}: {count}")
        table = new_table("No.", "Supplier", "Invoice", "Date", "Amount", "What would become of it")
        for one in found:
            about = _as_dict(one)
            why = " ".join(fault.says for fault in one.faults) or one.txn_id
            amount = f"{about['gross']} {about['currency']}"
            names = (about["supplier_name"], about["invoice_number"], about["invoice_date"], amount)
            table.add_row(str(about["id"]), *names, f"{VERDICT_WORDS[one.verdict]}{': ' + why if why else ''}")
        if found:
            context.show(table)

    context.answer({"counts": counted, "documents": [_as_dict(one) for one in found]}, words)


def _as_dict(one: Tried) -> dict[str, Any]:
    document = one.document
    return {
        "id": document.pk,
        "verdict": one.verdict,
        "invoice_id": document.invoice_id,
        "supplier_name": document.supplier_name,
        "invoice_number": document.invoice_number,
        "invoice_date": document.invoice_date,
        "gross": f"{from_cents(document.gross_cents):.2f}",
        "currency": document.currency,
        "kind": document.kind,
        "txn_id": one.txn_id,
        "faults": [{"code": fault.code, "says": fault.says, "do": fault.do} for fault in one.faults],
    }
