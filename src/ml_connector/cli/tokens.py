"""Commands about tokens of the HTTP API."""

from __future__ import annotations

import click

from ml_connector.cli.context import Context, new_table, pass_context
from ml_connector.core.scopes import Scope
from ml_connector.flows import api_tokens, people


@click.group()
def token() -> None:
    """Tokens with which programs use the HTTP API for a person."""


@token.command()
@click.argument("user")
@click.argument("name")
@click.option(
    "--scope", "scopes", type=click.Choice([scope.value for scope in Scope]), multiple=True, required=True,
    help="What it may be used for; may be repeated.",
)  # fmt: skip
@click.option("--days", type=int, default=api_tokens.USUAL_DAYS, show_default=True, help="After so many days it ends.")
@pass_context
def add(context: Context, user: str, name: str, scopes: tuple[str, ...], days: int) -> None:
    """Make a token, and print it, this once."""
    surroundings = context.surroundings
    made, text = api_tokens.make(surroundings, people.named(user), name, scopes, context.actor, days=days)
    value = dict(api_tokens.as_dict(made)) | {"token": text.open()}
    context.answer(value, f"The token, shown this once: {text.open()}")


@token.command("list")
@pass_context
def list_tokens(context: Context) -> None:
    """Show every token that is taken now."""
    found = api_tokens.all_live(context.surroundings.clock())

    def words() -> None:
        if not found:
            context.say("There is no token.")
            return
        table = new_table("Number", "User", "Name", "Begins with", "Scopes", "Ends (UTC)", "Last used (UTC)", "From")
        for row in found:
            table.add_row(
                str(row.pk), row.user.name, row.name, row.begins, ", ".join(row.scopes), f"{row.expires_at:%Y-%m-%d}",
                f"{row.used_at:%Y-%m-%d %H:%M}" if row.used_at else "never", row.used_from,
            )  # fmt: skip
        context.show(table)

    context.answer([api_tokens.as_dict(row) for row in found], words)


@token.command()
@click.argument("number", type=int)
@pass_context
def revoke(context: Context, number: int) -> None:
    """Take a token no more, from its next call on."""
    surroundings = context.surroundings
    api_tokens.revoke(surroundings, api_tokens.token_of(None, number), context.actor)
    context.answer({"revoked": number}, f"Token {number} is revoked.")
