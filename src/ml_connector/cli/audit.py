"""Commands about the audit trail and the keys."""

from __future__ import annotations

from pathlib import Path

import click

from ml_connector.cli.context import NOT_OK, Context, pass_context, writing_file
from ml_connector.core.errors import NeedsOperator
from ml_connector.flows import audit_file, audit_search, audit_verifier, connections
from ml_connector.flows.audit_export import write_export
from ml_connector.store import chain
from ml_connector.store.master_key import ENVIRONMENT
from ml_connector.store.models import Connection
from ml_connector.store.vault import rotate_key_file


@click.group()
def audit() -> None:
    """The audit trail: every step of every document, chained by hash."""


@audit.command()
@click.argument("name", required=False)
@pass_context
def verify(context: Context, name: str | None) -> None:
    """Walk the chain from its first entry; say where it does not hold."""
    context.open_database()
    rows = [connections.named(name)] if name else list(Connection.objects.order_by("name"))
    found = [(row, chain.verify(row)) for row in rows]
    value = [
        {"connection": row.name, "ok": not v.breaks, "entries": v.entries, "head": v.head, "breaks": list(v.breaks)}
        for row, v in found
    ]

    def words() -> None:
        for row, verdict in found:
            holds = "holds" if not verdict.breaks else "DOES NOT HOLD"
            context.say(f"{row.name}: {verdict.entries} entries, the chain {holds}; head {verdict.head}.")
            for sentence in verdict.breaks:
                context.say(f"  {sentence}")

    context.answer(value, words)
    if any(verdict.breaks for _, verdict in found):
        raise SystemExit(NOT_OK)


@audit.command()
@click.argument("name", required=False)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="File to write: one JSON object a line.")
@click.option("--full", is_flag=True, help="With the exact bytes of every exchange, in base64.")
@pass_context
def export(context: Context, name: str | None, out: Path, full: bool) -> None:
    """Write the audit trail of a connection as JSON lines; the first line is its head."""
    context.open_database()
    row = connections.only_one(name)
    with writing_file(out):
        count, head = write_export(row, out, full=full)
    context.answer(
        {"file": str(out), "entries": count, "head": head}, f"{count} entries written to {out}; head {head}."
    )


@audit.command()
@click.argument("name", required=False)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="ZIP to write: entries and manifest.")
@click.option(
    "--document", "q", default="", help="Only of documents with this number, or of a call with this request id."
)
@click.option("--actor", default="", help="Only what this person, or connector, did.")
@click.option("--event", default="", help="Only what is called this, such as skipped.")
@click.option("--since", default="", help="First day, as 2026-03-01.")
@click.option("--until", default="", help="Last day.")
@click.option("--csv", "as_csv", is_flag=True, help="CSV for a spreadsheet, instead of JSON lines.")
@click.option("--full", is_flag=True, help="With the exact bytes of every exchange; JSON lines only.")
@pass_context
def part(context: Context, /, name: str | None, out: Path, as_csv: bool, full: bool, **given: str) -> None:
    """Write a part of the audit trail as a ZIP with a manifest, to be checked without the connector."""
    surroundings = context.surroundings
    filters = audit_search.read_filters({**given, "connection": connections.only_one(name).name})
    asked = audit_search.understood(filters)
    assert asked is not None
    form = "csv" if as_csv else "jsonl"
    order = audit_file.Order(wanted=asked.wanted, form=form, full=full, asked=dict(filters.as_query()))
    packed = audit_file.export(surroundings, asked.connection, order, context.actor)
    with writing_file(out), out.open("wb") as file:
        for piece in packed:
            file.write(piece)
    context.answer({"file": str(out)}, f"It is in {out}; check it with: python audit_verifier.py {out}")


@audit.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="File to write, such as audit_verifier.py.")
@pass_context
def verifier(context: Context, out: Path) -> None:
    """Write the program that checks exports; it needs Python alone, and nothing of the connector."""
    with writing_file(out):
        out.write_bytes(Path(audit_verifier.__file__).read_bytes())
    context.answer({"file": str(out)}, f"The verifier is in {out}: python {out} <export>")


@click.group()
def keys() -> None:
    """The master key that seals every credential."""


@keys.command()
@pass_context
def rotate(context: Context) -> None:
    """Seal every credential's key under a new master key, and put the new key in place of the old one.

    A service that runs goes on: it reads the key anew when a credential does not open.
    """
    import os

    vault = context.vault
    if os.environ.get(ENVIRONMENT):
        raise NeedsOperator(
            f"The master key comes from {ENVIRONMENT}; unset it and give the key by file, so that the new one can be kept."
        )
    count, key_id = rotate_key_file(vault, context.config.key_path)
    context.answer(
        {"sealed": count, "key_id": key_id},
        f"The credentials of {count} connections are sealed under the new key {key_id}; the old one opens nothing any more.",
    )
