"""Commands about alerts: what holds now, who is told of what, and what was told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ml_connector.cli.context import FROM_ENVIRONMENT, NOT_OK, Context, new_table, pass_context, read_secret
from ml_connector.core.alerts import CHANNEL_WORDS, AlertKind, Cadence, Channel
from ml_connector.core.errors import NeedsOperator
from ml_connector.core.secret import Secret
from ml_connector.flows import alert_matters, alert_round, alert_rules, alert_words, people
from ml_connector.flows.alert_rules import Given
from ml_connector.store.models import AlertMessage, AlertRule

_VARIABLE = "ML_CONNECTOR_MAIL_PASSWORD"


@click.group()
def alerts() -> None:
    """Who is told of what, by e-mail, webhook or chat room."""


@alerts.command()
@click.option("--connection", default="", help="Only of this connection, and of the installation.")
@pass_context
def now(context: Context, connection: str) -> None:
    """Show what holds now that somebody should know of."""
    context.open_database()
    own_url = context.url(None)
    found = [alert_words.as_dict(row, own_url) for row in alert_matters.open_matters(connection)]

    def words() -> None:
        for row in found:
            context.say(f"{row['connection'] or 'installation'}: {row['words']}. {row['says']} {row['do']}")
        if not found:
            context.say("Nothing: all is as it should be, as far as the engine looked.")

    context.answer(found, words)


@alerts.command()
@pass_context
def rules(context: Context) -> None:
    """Show every rule."""
    context.open_database()
    found = list(alert_rules.all_rules())

    def words() -> None:
        if not found:
            context.say("There is no rule yet, so nobody is told of anything; make one with: ml-connector alerts add.")
            return
        table = new_table("Number", "User", "Name", "By", "To", "About", "When", "On")
        for rule in found:
            table.add_row(
                str(rule.pk), rule.user.name, rule.name, CHANNEL_WORDS[Channel(rule.channel)],
                rule.address or rule.user.email, ", ".join(rule.kinds), alert_rules.when_words(rule),
                "yes" if rule.is_on else "no",
            )  # fmt: skip
        context.show(table)

    context.answer([alert_rules.as_dict(rule) for rule in found], words)


def _rule_options(command: Callable[..., None]) -> Callable[..., None]:
    kinds, channels, cadences = (
        click.Choice([one.value for one in values]) for values in (AlertKind, Channel, Cadence)
    )
    for option in reversed(
        (
            click.option("--channel", type=channels, help="How it goes out; email unless it is said."),
            click.option("--address", help="Address of the webhook or chat room."),
            click.option("--about", "kinds", type=kinds, multiple=True, help="What it tells of; may be repeated."),
            click.option("--connection", help="Only of this connection; all unless it is said."),
            click.option("--least-amount", help="Only what comes to this much in one currency, in whole units."),
            click.option("--least-hours", help="Only what has lasted so many hours."),
            click.option(
                "--remind-hours", help="Hours after which it is told again; 0 means never, 24 unless it is said."
            ),
            click.option("--tells-end/--keeps-end", default=None, help="Whether it tells that something is over."),
            click.option("--cadence", type=cadences, help="At once, or together once an hour or a day."),
            click.option("--daily-at", help="Time of day of a daily message, such as 07:30."),
            click.option("--quiet-hours", help="Window in which it is silent, such as 22:00-06:00."),
        )
    ):
        command = option(command)
    return command


@alerts.command()
@click.argument("user")
@click.argument("name")
@_rule_options
@pass_context
def add(context: Context, /, user: str, name: str, **given: Any) -> None:
    """Make a rule of a user. A webhook's secret is printed, this once."""
    surroundings = context.surroundings
    owner = people.named(user)
    wanted = {key: value for key, value in given.items() if value not in (None, ())}
    if "kinds" not in wanted:
        wanted["kinds"] = alert_rules.suggested(owner).kinds
    rule, secret = alert_rules.make(surroundings, owner, Given(name=name, **wanted), context.actor)
    _tell(context, rule, secret, "made")


@alerts.command()
@click.argument("number", type=int)
@click.option("--name", help="Another name.")
@_rule_options
@pass_context
def change(context: Context, /, number: int, **given: Any) -> None:
    """Change what is named of a rule; the rest stays."""
    surroundings = context.surroundings
    rule = alert_rules.rule_for(None, number)
    known = alert_rules.given_of(rule)
    changes = {key: value for key, value in given.items() if value not in (None, ())}
    values = {name: getattr(known, name) for name in Given.__dataclass_fields__} | changes
    secret = alert_rules.change(surroundings, rule, Given(**values), context.actor)
    _tell(context, rule, secret, "changed")


def _tell(context: Context, rule: AlertRule, secret: Secret | None, what: str) -> None:
    value = dict(alert_rules.as_dict(rule)) | ({"secret": secret.open()} if secret else {})
    shown = f" Its messages are signed with this secret, shown this once: {secret.open()}" if secret else ""
    context.answer(value, f"Rule {rule.pk} of {rule.user.name} was {what}.{shown}")


@alerts.command()
@click.argument("number", type=int)
@click.argument("state", type=click.Choice(["on", "off"]))
@pass_context
def turn(context: Context, number: int, state: str) -> None:
    """Let a rule speak, or be silent."""
    surroundings = context.surroundings
    rule = alert_rules.rule_for(None, number)
    alert_rules.set_on(surroundings, rule, state == "on", context.actor)
    context.answer(alert_rules.as_dict(rule), f"Rule {number} is {state}.")


@alerts.command()
@click.argument("number", type=int)
@pass_context
def remove(context: Context, number: int) -> None:
    """Remove a rule."""
    surroundings = context.surroundings
    alert_rules.remove(surroundings, alert_rules.rule_for(None, number), context.actor)
    context.answer({"removed": number}, f"Rule {number} was removed.")


@alerts.command()
@click.argument("number", type=int)
@pass_context
def secret(context: Context, number: int) -> None:
    """Give a webhook another secret, and print it, this once."""
    surroundings = context.surroundings
    rule = alert_rules.rule_for(None, number)
    _tell(context, rule, alert_rules.renew_secret(surroundings, rule, context.actor), "given a new secret")


@alerts.command()
@click.argument("number", type=int)
@pass_context
def test(context: Context, number: int) -> None:
    """Send a test of a rule at once, and say whether it was taken."""
    surroundings = context.surroundings
    _tell_message(context, alert_round.try_out(surroundings, alert_rules.rule_for(None, number)))


@alerts.command()
@click.argument("number", type=int)
@pass_context
def again(context: Context, number: int) -> None:
    """Send a message once more that nobody took."""
    surroundings = context.surroundings
    message = alert_round.message_for(None, number)
    alert_round.send_again(surroundings, message)
    _tell_message(context, message)


def _tell_message(context: Context, message: AlertMessage) -> None:
    sent = message.state == AlertMessage.State.SENT
    context.answer(
        alert_round.as_dict(message),
        f"Taken: {message.address}." if sent else f"Not taken by {message.address}: {message.trouble}",
    )
    if not sent:
        raise SystemExit(NOT_OK)


@alerts.command()
@click.option("--limit", type=click.IntRange(1, 1000), default=25, help="How many, the latest first.")
@pass_context
def sent(context: Context, limit: int) -> None:
    """Show the latest messages, and what became of them."""
    context.open_database()
    found = [alert_round.as_dict(row) for row in alert_round.messages_for(None, limit=limit)]

    def words() -> None:
        if not found:
            context.say("Nothing was told yet.")
            return
        table = new_table("Number", "Made (UTC)", "User", "By", "To", "Subject", "State", "Trouble")
        for row in found:
            table.add_row(
                str(row["number"]), row["made_at"][:16], row["user"], row["channel"], row["address"], row["subject"],
                row["state"], row["trouble"],
            )  # fmt: skip
        context.show(table)

    context.answer(found, words)


@alerts.command("mail-password")
@click.option(
    "--password",
    is_flag=False,
    flag_value=FROM_ENVIRONMENT,
    help="The password at the mail server; without a value it is read from ML_CONNECTOR_MAIL_PASSWORD.",
)
@click.option("--password-file", type=click.Path(path_type=Path, readable=False), help="File that holds the password.")
@pass_context
def mail_password(context: Context, password: str | None, password_file: Path | None) -> None:
    """Keep the password of mail_user at the mail server, sealed; it holds from the next message on."""
    given = read_secret(password, password_file, _VARIABLE)
    if given is None:
        raise NeedsOperator("Give the password with --password-file.")
    alert_rules.keep_mail_password(context.surroundings, given, context.actor)
    context.answer({"kept": True}, "The password is kept.")
