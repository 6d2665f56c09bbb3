"""Commands about the company's sign-in."""

from __future__ import annotations

from pathlib import Path

import click

from ml_connector.cli.context import FROM_ENVIRONMENT, NOT_OK, Context, pass_context, read_secret
from ml_connector.core.errors import NeedsOperator
from ml_connector.flows import people, single_sign_on

_VARIABLE = "ML_CONNECTOR_SSO_CLIENT_SECRET"


@click.group()
def sso() -> None:
    """The sign-in with company accounts, by OpenID Connect."""


@sso.command()
@click.option("--public-url", help="Address under which people reach the service.")
@pass_context
def check(context: Context, public_url: str | None) -> None:
    """Look at the provider, its keys, the client secret and the redirect address, and say what is wrong."""
    found = single_sign_on.check(context.surroundings, context.url(public_url))
    fine = all(finding.ok for finding in found)

    def words() -> None:
        for finding in found:
            context.say(("ok    " if finding.ok else "wrong ") + finding.sentence)

    context.answer({"ok": fine, "findings": [{"ok": one.ok, "sentence": one.sentence} for one in found]}, words)
    if not fine:
        raise SystemExit(NOT_OK)


@sso.command()
@click.option(
    "--client-secret",
    is_flag=False,
    flag_value=FROM_ENVIRONMENT,
    help="The client secret that the provider gave; without a value it is read from ML_CONNECTOR_SSO_CLIENT_SECRET.",
)
@click.option(
    "--client-secret-file", type=click.Path(path_type=Path, readable=False), help="File that holds the client secret."
)
@pass_context
def secret(context: Context, client_secret: str | None, client_secret_file: Path | None) -> None:
    """Keep the client secret, sealed; it is used from the next sign-in on."""
    given = read_secret(client_secret, client_secret_file, _VARIABLE)
    if given is None:
        raise NeedsOperator("Give the client secret with --client-secret-file.")
    single_sign_on.keep_secret(context.surroundings, given, context.actor)
    context.answer({"kept": True}, "The client secret is kept.")


@sso.command()
@click.argument("name")
@pass_context
def unlink(context: Context, name: str) -> None:
    """Let a user's company account lead here no more; every session of the user ends."""
    surroundings = context.surroundings
    found = people.named(name)
    single_sign_on.unlink(surroundings, found, context.actor)
    context.answer({"name": found.name, "linked": False}, f"User {found.name} has no company account any more.")
