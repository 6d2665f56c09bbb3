"""Commands about documents: what is where, why, and what to do about it."""

from __future__ import annotations

from typing import Any

import click

from ml_connector.cli.context import Context, new_table, pass_context, utc_now
from ml_connector.flows import connections, deadlines, operator
from ml_connector.flows.by_state import in_states
from ml_connector.flows.local_time import local, span
from ml_connector.flows.story import story, summary, told
from ml_connector.flows.story import why as answer_why
from ml_connector.store.models import Document


@click.command()
@click.option("--connection", "name", help="Only this connection.")
@click.option("--state", "states", multiple=True, help="Only this state, such as blocked or 'Needs mapping'.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=200, show_default=True, help="How many at most.")
@click.option("--after", type=int, default=0, help="Go on after this document's number.")
@pass_context
def documents(context: Context, name: str | None, states: tuple[str, ...], limit: int, after: int) -> None:
    """List documents, oldest first."""
    context.open_database()
    now = utc_now()
    rows = Document.objects.filter(pk__gt=after).select_related("connection").defer("raw", "request_xml").order_by("pk")
    if name:
        rows = rows.filter(connection=connections.named(name))
    rows_found = in_states(rows, states, limit)
    found = [summary(document) for document in rows_found]

    def words() -> None:
        table = new_table("No.", "Supplier", "Invoice", "Date", "Amount", "State", "TxnID", "Acknowledged", "Deadline")
        for document, row in zip(rows_found, found, strict=True):
            table.add_row(
                str(row["id"]), row["supplier_name"], row["invoice_number"], row["invoice_date"],
                f"{row['gross']} {row['currency']}", row["state_words"], row["txn_id"],
                f"{span((now - document.acknowledged_at).total_seconds())} ago" if document.acknowledged_at else "no",
                local(document.connection, deadline) if (deadline := deadlines.deadline(document)) else "none",
            )  # fmt: skip
        context.show(table)
        if len(found) == limit:
            context.say(f"There may be more: --after {found[-1]['id']}.")

    context.answer(found, words)


@click.command()
@click.argument("text", metavar="ID")
@click.option("--connection", "name", help="Look only in this connection.")
@pass_context
def show(context: Context, text: str, name: str | None) -> None:
    """Tell the full story of one invoice. ID is our number, the invoice's number or id, the RefNumber or the TxnID."""
    document = _find(context, text, name)
    chapters = story(document)
    now = context.surroundings.clock()
    answer = answer_why(document, now)
    value = summary(document) | {"why": answer.as_dict(), "story": [chapter.as_dict() for chapter in chapters]}

    def words() -> None:
        context.say(
            f"Document {document.pk}: {document.supplier_name}, invoice {document.invoice_number} of"
            f" {document.invoice_date}, {value['gross']} {document.currency}"
        )
        for line in told(document, answer, now):
            context.say(line)
        if document.txn_id:
            context.say(
                f"QuickBooks: {document.kind} {document.ref_number}, TxnID {document.txn_id}, no. {document.txn_number}"
            )
        table = new_table("When (UTC)", "Who", "What", "")
        for chapter in chapters:
            request = f" [request {chapter.request_id}]" if chapter.request_id else ""
            table.add_row(
                chapter.at.strftime("%Y-%m-%d %H:%M:%S"), chapter.actor, chapter.event, f"{chapter.words}{request}"
            )
        context.show(table)

    context.answer(value, words)


@click.command()
@click.argument("text", metavar="ID")
@click.option("--connection", "name", help="Look only in this connection.")
@pass_context
def why(context: Context, text: str, name: str | None) -> None:
    """Say in one answer why an invoice is where it is: cause, owner, next step, next try, deadline."""
    document = _find(context, text, name)
    now = context.surroundings.clock()
    answer = answer_why(document, now)

    def words() -> None:
        for line in told(document, answer, now):
            context.say(line)

    context.answer(answer.as_dict(), words)


@click.command()
@click.argument("text", metavar="ID")
@click.option("--connection", "name", help="Look only in this connection.")
@click.option("--post-new", is_flag=True, help="Look-alikes in QuickBooks are other invoices: post a new document.")
@pass_context
def retry(context: Context, text: str, name: str | None, post_new: bool) -> None:
    """Have a document worked on again at once."""
    document = _find(context, text, name)
    _done(context, document, operator.retry(context.surroundings, document, context.actor, post_new=post_new))


@click.command()
@click.argument("text", metavar="ID")
@click.option("--txn-id", required=True, help="TxnID of the document in QuickBooks.")
@click.option("--connection", "name", help="Look only in this connection.")
@pass_context
def link(context: Context, text: str, txn_id: str, name: str | None) -> None:
    """Name the document in QuickBooks that an invoice is, instead of posting a new one."""
    document = _find(context, text, name)
    _done(context, document, operator.link(context.surroundings, document, txn_id, context.actor))


@click.command()
@click.argument("text", metavar="ID")
@click.option("--reason", required=True, help="Why; kept with the document.")
@click.option("--connection", "name", help="Look only in this connection.")
@pass_context
def skip(context: Context, text: str, reason: str, name: str | None) -> None:
    """Take an invoice out without telling Basware."""
    document = _find(context, text, name)
    _done(context, document, operator.skip(context.surroundings, document, reason, context.actor))


@click.command("give-up")
@click.argument("text", metavar="ID")
@click.option("--reason", required=True, help="Why; Basware's users read it.")
@click.option("--connection", "name", help="Look only in this connection.")
@pass_context
def give_up(context: Context, text: str, reason: str, name: str | None) -> None:
    """Give up on an invoice: Basware is told that its transfer failed, and why."""
    document = _find(context, text, name)
    _done(context, document, operator.give_up(context.surroundings, document, reason, context.actor))


@click.command()
@click.argument("text", metavar="ID")
@click.argument("words")
@click.option("--connection", "name", help="Look only in this connection.")
@pass_context
def note(context: Context, text: str, words: str, name: str | None) -> None:
    """Write something down in a document's story. It cannot be changed or deleted."""
    document = _find(context, text, name)
    _done(context, document, operator.note(context.surroundings, document, words, context.actor))


@click.command()
@click.argument("text", metavar="ID")
@click.option("--to", "person", help="Name of a user; without it, nobody.")
@click.option("--connection", "name", help="Look only in this connection.")
@pass_context
def assign(context: Context, text: str, person: str | None, name: str | None) -> None:
    """Say who takes care of a document, or that nobody does."""
    document = _find(context, text, name)
    _done(context, document, operator.assign(context.surroundings, document, person or "", context.actor))


def _find(context: Context, text: str, name: str | None) -> Any:
    context.open_database()
    return operator.find(connections.named(name) if name else None, text)


def _done(context: Context, document: Any, sentence: str) -> None:
    document.refresh_from_db()
    context.answer({"id": document.pk, "state": document.state, "said": sentence}, sentence)
