"""Commands about replays: one act on many documents, planned first."""

from __future__ import annotations

from typing import Any

import click

from ml_connector.cli.context import Context, new_table, pass_context
from ml_connector.flows import replay as plans
from ml_connector.flows import replaying
from ml_connector.store.models import Replay


@click.group("replay")
def replay() -> None:
    """One act on many documents of the error inbox: planned first, then run."""


@replay.command("plan")
@click.option("--act", type=click.Choice(list(plans.VERBS)), default="retry", show_default=True, help="What to do.")
@click.option("--cause", default="", help="Only what this holds up, such as MLC-ACCOUNT-01.")
@click.option("--connection", default="", help="Only this connection.")
@click.option("--find", "q", default="", help="Only this number, or this supplier.")
@click.option("--since", default="", help="Received on this day or later, as 2026-03-31.")
@click.option("--until", default="", help="Received on this day or earlier.")
@pass_context
def plan_command(context: Context, /, **asked: Any) -> None:
    """Work out what an act would do to each document; nothing is done."""
    made = plans.plan(context.surroundings, plans.Choice(**asked), context.actor)
    _tell(context, made)


@replay.command("show")
@click.argument("number", type=int)
@pass_context
def show_command(context: Context, number: int) -> None:
    """Show a plan, and what became of it."""
    context.open_database()
    _tell(context, plans.named(number))


@replay.command("run")
@click.argument("number", type=int)
@click.option("--documents", required=True, help="How many documents the plan works on, to confirm it.")
@click.option("--words", default="", help="The reason, the note, or the person to assign to.")
@pass_context
def run_command(context: Context, number: int, documents: str, words: str) -> None:
    """Carry a plan out, or ask for approval where the connection wants a second person."""
    surroundings = context.surroundings
    row = plans.named(number)
    said = replaying.run(surroundings, row, context.actor, typed=documents, words=words)
    _said(context, row, said)


@replay.command("approve")
@click.argument("number", type=int)
@pass_context
def approve_command(context: Context, number: int) -> None:
    """Approve what another person wants, and carry it out."""
    surroundings = context.surroundings
    row = plans.named(number)
    _said(context, row, replaying.approve(surroundings, row, context.actor))


@replay.command("refuse")
@click.argument("number", type=int)
@pass_context
def refuse_command(context: Context, number: int) -> None:
    """Refuse what another person wants; nothing is done."""
    surroundings = context.surroundings
    row = plans.named(number)
    _said(context, row, replaying.refuse(surroundings, row, context.actor))


def _said(context: Context, row: Replay, said: str) -> None:
    row.refresh_from_db()
    context.answer(replaying.as_dict(row) | {"said": said}, said)


def _tell(context: Context, row: Replay) -> None:
    value = replaying.as_dict(row)

    def words() -> None:
        table = new_table("Documents", "Money", "Done", "What")
        for part in plans.parts(row):
            money = "\n".join(f"{entry.amount:,.2f} {entry.currency}".rstrip() for entry in part.sums)
            table.add_row(str(part.count), money, "yes" if part.runs else "no", part.says)
        context.show(table)
        if row.more:
            context.say(f"More documents fit than one plan holds; these are the {len(row.lines)} oldest.")
        if row.stage == Replay.Stage.PLANNED and value["would_run"]:
            context.say(f"Run it: ml-connector replay run {row.pk} --documents {value['would_run']}")

    context.answer(value, words)
