"""Commands about connections: one company file and its Basware companies."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from ml_connector.cli.connection_words import describe
from ml_connector.cli.context import (
    FROM_ENVIRONMENT,
    NOT_OK,
    Context,
    new_table,
    pass_context,
    read_secret,
    read_value,
    utc_now,
    writing_file,
)
from ml_connector.cli.dry_runs import begin, go_live, trial
from ml_connector.core.errors import NeedsOperator
from ml_connector.core.secret import Secret
from ml_connector.flows import connections, health, reposting
from ml_connector.flows.standing import details, standing, standings
from ml_connector.store import duties


@click.group()
def connection() -> None:
    """Connections: make, look at, try, pause."""


for _command in (begin, trial, go_live):
    connection.add_command(_command)


def _settings(pairs: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise NeedsOperator(f"--set takes name=value, not {pair!r}.")
        found[name.strip().replace("-", "_")] = value.strip()
    return found


def _credential_options(command: Any) -> Any:
    for option in (
        _secret_option("--client-id", "OAuth client id at Basware; without a value from ML_CONNECTOR_CLIENT_ID."),
        _secret_option("--client-secret", "OAuth client secret; without a value from ML_CONNECTOR_CLIENT_SECRET."),
        click.option("--client-secret-file", type=click.Path(path_type=Path), help="File with the client secret."),
        _secret_option("--password", "Web Connector password; without a value from ML_CONNECTOR_QBWC_PASSWORD."),
        click.option("--password-file", type=click.Path(path_type=Path), help="File with the Web Connector password."),
        click.option(
            "--set", "settings", multiple=True, metavar="NAME=VALUE", help="A setting; may be given many times."
        ),
        click.option(
            "--post-payment-blocked/--hold-payment-blocked", default=None, help="Whether blocked invoices are posted."
        ),
    ):
        command = option(command)
    return command


def _secret_option(name: str, words: str) -> Any:
    return click.option(name, is_flag=False, flag_value=FROM_ENVIRONMENT, help=words)


@dataclass(frozen=True, slots=True)
class _Credentials:
    client_id: str | None
    client_secret: Secret | None
    password: Secret | None


def _credentials(given: dict[str, Any]) -> _Credentials:
    return _Credentials(
        read_value(given["client_id"], "ML_CONNECTOR_CLIENT_ID"),
        read_secret(given["client_secret"], given["client_secret_file"], "ML_CONNECTOR_CLIENT_SECRET"),
        read_secret(given["password"], given["password_file"], "ML_CONNECTOR_QBWC_PASSWORD"),
    )


def _from_environment(given: dict[str, Any]) -> dict[str, Any]:
    """Return the options with what was not given taken from the environment, as far as it is there."""
    for name, variable in (
        ("client_id", "ML_CONNECTOR_CLIENT_ID"),
        ("client_secret", "ML_CONNECTOR_CLIENT_SECRET"),
        ("password", "ML_CONNECTOR_QBWC_PASSWORD"),
    ):
        if given[name] is None and os.environ.get(variable):
            given = given | {name: FROM_ENVIRONMENT}
    return given


@connection.command()
@click.argument("name")
@click.option("--base-url", required=True, help="Root of the Basware API, such as https://test-api.basware.com.")
@click.option("--token-url", default="", help="Token endpoint; without it /v1/tokens under the base URL.")
@click.option(
    "--company-code", "codes", multiple=True, required=True, help="Basware company code; may be given many times."
)
@click.option("--dry-run", is_flag=True, help="Read both systems and write to neither, until it goes live.")
@_credential_options
@pass_context
def add(
    context: Context, /, name: str, base_url: str, token_url: str, codes: tuple[str, ...], dry_run: bool, **given: Any
) -> None:
    """Make a connection. Prints the password for the Web Connector, once, unless you gave one."""
    surroundings = context.surroundings
    found = _credentials(_from_environment(given))
    if not found.client_id or found.client_secret is None:
        raise NeedsOperator("Give Basware's client id and secret: --client-id and --client-secret-file.")
    made, secret = connections.add(
        surroundings,
        name,
        base_url=base_url,
        token_url=token_url,
        codes=codes,
        client_id=found.client_id,
        client_secret=found.client_secret,
        password=found.password,
        settings=_all_settings(given),
        actor=context.actor,
        dry_run=dry_run,
    )
    shown = secret.open() if found.password is None else None
    value = {"name": made.name, "user": made.qb_user, "password": shown, "file_id": made.file_id}

    def words() -> None:
        context.say(f"Connection {made.name} is made. The Web Connector's user is {made.qb_user}.")
        if shown is not None:
            context.say(f"Its password is {shown}  (shown this once; type it into the Web Connector).")
        context.say(f"Next: ml-connector connection ping {made.name}; ml-connector connection qwc {made.name}.")

    context.answer(value, words)


def _all_settings(given: dict[str, Any]) -> dict[str, Any]:
    settings = _settings(given["settings"])
    if given["post_payment_blocked"] is not None:
        settings["post_payment_blocked"] = given["post_payment_blocked"]
    return settings


@connection.command("set")
@click.argument("name")
@click.option("--base-url", help="Root of the Basware API.")
@click.option("--token-url", help="Token endpoint.")
@_credential_options
@pass_context
def set_command(context: Context, /, name: str, base_url: str | None, token_url: str | None, **given: Any) -> None:
    """Change a connection's address, credentials or settings: what is named, and nothing else."""
    surroundings = context.surroundings
    row = connections.named(name)
    found = _credentials(given)
    done = connections.change(
        surroundings,
        row,
        context.actor,
        base_url=base_url,
        token_url=token_url,
        client_id=found.client_id,
        client_secret=found.client_secret,
        password=found.password,
        settings=_all_settings(given),
    )
    context.answer({"changed": done}, f"Changed: {', '.join(done)}." if done else "Nothing was given to change.")


@connection.command("list")
@pass_context
def list_command(context: Context) -> None:
    """Show every connection and how it stands."""
    context.open_database()
    rows = [found.as_dict() for found in standings(utc_now())]

    def words() -> None:
        if not rows:
            context.say("There is no connection yet; make one with: ml-connector connection add.")
            return
        table = new_table(
            "Name", "Company file", "State", "Last poll", "Last success", "Next poll", "Missed", "Waiting", "Blocked",
            "First deadline",
        )  # fmt: skip
        for row in rows:
            table.add_row(
                row["name"], row["company_name"] or "not seen yet", _state(row), row["last_poll_at"] or "never",
                row["last_success_at"] or "never", row["next_poll_at"] or "not known", str(row["missed_polls"]),
                str(row["waiting"]), str(row["blocked"]), row["first_deadline"] or "none",
            )  # fmt: skip
        context.show(table)
        for row in rows:
            for problem in row["problems"]:
                context.say(f"{row['name']}: {problem}")

    context.answer(rows, words)


def _state(standing: dict[str, Any]) -> str:
    return f"{standing['state']}: {standing['pause_reason']}" if standing["pause_reason"] else str(standing["state"])


@connection.command("show")
@click.argument("name", required=False)
@pass_context
def show_command(context: Context, name: str | None) -> None:
    """Show one connection: settings, duties, and what each side last said."""
    context.open_database()
    value = details(connections.only_one(name), utc_now())

    context.answer(value, lambda: describe(context, value))


@connection.command()
@click.argument("name", required=False)
@pass_context
def ping(context: Context, name: str | None) -> None:
    """Try Basware: name, line, token, scopes, list call, each with its time."""
    surroundings = context.surroundings
    row = connections.only_one(name)
    steps = [step.as_dict() for step in health.check(surroundings, row)]
    ok = all(step["ok"] for step in steps)
    stands = standing(row, surroundings.clock())

    def words() -> None:
        for step in steps:
            mark = "ok    " if step["ok"] else "wrong "
            context.say(f"{mark}{step['name']}: {step['sentence']} ({step['milliseconds']} ms)")
            if step["do"]:
                context.say(f"      {step['do']}")
        context.say(
            f"Basware waits to hear of {stands.unanswered} documents; the first deadline:"
            f" {stands.first_deadline or 'none'}."
        )

    waits = {"unanswered": stands.unanswered, "first_deadline": stands.first_deadline}
    context.answer({"ok": ok, "steps": steps} | waits, words)
    if not ok:
        raise SystemExit(NOT_OK)


@connection.command()
@click.argument("name", required=False)
@click.option("--out", type=click.Path(path_type=Path), help="File to write; without it standard output.")
@click.option("--public-url", help="Address under which the Web Connector reaches the service.")
@pass_context
def qwc(context: Context, name: str | None, out: Path | None, public_url: str | None) -> None:
    """Write the .qwc file that is opened on the QuickBooks machine."""
    context.open_database()
    row = connections.only_one(name)
    content = connections.qwc_file(row, context.url(public_url))
    if out is None:
        click.echo(content.decode(), nl=False)
        return
    with writing_file(out):
        out.write_bytes(content)
    context.answer({"file": str(out)}, f"Written to {out}; open it with the Web Connector on the QuickBooks machine.")


@connection.command()
@click.argument("name", required=False)
@click.option("--reason", default="", help="Why; shown to whoever wonders.")
@pass_context
def pause(context: Context, name: str | None, reason: str) -> None:
    """Stop all work of a connection until it is resumed."""
    surroundings = context.surroundings
    row = connections.only_one(name)
    connections.pause(surroundings, row, reason, context.actor)
    context.answer(
        {"paused": True}, f"Connection {row.name} is paused; what was handed to QuickBooks still comes to its end."
    )


@connection.command()
@click.argument("name", required=False)
@pass_context
def resume(context: Context, name: str | None) -> None:
    """Go on with a paused connection."""
    surroundings = context.surroundings
    row = connections.only_one(name)
    connections.resume(surroundings, row, context.actor)
    context.answer({"paused": False}, f"Connection {row.name} goes on; everything is due at once.")


@connection.command()
@click.argument("name", required=False)
@click.option("--repost", is_flag=True, help="Go on, and enter again what the company file lost.")
@click.option("--go-on", is_flag=True, help="Go on, and leave what it lost as questions, one by one.")
@pass_context
def restored(context: Context, name: str | None, repost: bool, go_on: bool) -> None:
    """Show what a company file that was put back to an older copy lost, and decide."""
    surroundings = context.surroundings
    row = connections.only_one(name)
    if repost and go_on:
        raise NeedsOperator("Decide for one of the two: --repost, or --go-on.")
    if repost or go_on:
        sentence = reposting.decide(surroundings, row, context.actor, repost=repost)
        context.answer({"said": sentence}, sentence)
        return
    value = reposting.what_is_lost(row)

    def words() -> None:
        context.say(value["stopped"] or "Nothing stops the connection from writing to QuickBooks.")
        table = new_table("No.", "Supplier", "Invoice", "Date", "Amount", "TxnID that is gone")
        for found in value["documents"]:
            amount = f"{found['gross']} {found['currency']}"
            names = (found["supplier_name"], found["invoice_number"], found["invoice_date"], amount, found["txn_id"])
            table.add_row(str(found["id"]), *names)
        if value["documents"]:
            context.show(table)
            context.say(f"Decide: ml-connector connection restored {row.name} --repost, or --go-on.")

    context.answer(value, words)


@click.group()
def webhook() -> None:
    """Notifications from Basware, which make the next fetch sooner."""


@webhook.command()
@click.argument("name", required=False)
@click.option("--public-url", help="Address under which Basware reaches the service, which must be running.")
@pass_context
def create(context: Context, name: str | None, public_url: str | None) -> None:
    """Subscribe to invoices that wait for transfer."""
    surroundings = context.surroundings
    row = connections.only_one(name)
    url = connections.subscribe(surroundings, row, context.url(public_url), context.actor)
    context.answer({"url": url}, f"Basware notifies {url}.")


@webhook.command("list")
@click.argument("name", required=False)
@pass_context
def list_webhooks(context: Context, name: str | None) -> None:
    """Show what is subscribed at Basware."""
    surroundings = context.surroundings
    found = surroundings.basware(connections.only_one(name)).list_subscriptions()
    rows = [{"task_type": s.task_type, "sub_type": s.task_sub_type, "url": s.url} for s in found]

    def words() -> None:
        for row in rows:
            context.say(f"{row['task_type']}/{row['sub_type']}: {row['url']}")
        if not rows:
            context.say("Nothing is subscribed.")

    context.answer(rows, words)


@webhook.command()
@click.argument("name", required=False)
@click.option("--sub-type", default="WaitingForTransfer", show_default=True, help="Exact type of the subscription.")
@pass_context
def delete(context: Context, name: str | None, sub_type: str) -> None:
    """End the subscription of exactly one type, and forget the secret that its notifications were signed with."""
    surroundings = context.surroundings
    count = connections.unsubscribe(surroundings, connections.only_one(name), sub_type, context.actor)
    context.answer({"deleted": count}, f"{count} subscriptions ended.")


@click.command()
@click.argument("name", required=False)
@pass_context
def sync(context: Context, name: str | None) -> None:
    """Make everything due now: the running service asks Basware at once, and QuickBooks in the next session."""
    surroundings = context.surroundings
    row = connections.only_one(name)
    duties.wake_all(row.pk, surroundings.clock())
    context.answer({"due": list(duties.ALL)}, "Everything is due now.")
