"""Commands about people: who may use the console."""

from __future__ import annotations

import click

from ml_connector.cli.context import Context, new_table, pass_context
from ml_connector.core.roles import ROLE_WORDS, Role
from ml_connector.core.secret import Secret
from ml_connector.flows import people, second_factor
from ml_connector.store.models import User

_ROLES = click.Choice([role.value for role in Role])


@click.group()
def user() -> None:
    """People who may use the console."""


@user.command()
@click.argument("name")
@click.option("--role", type=_ROLES, required=True, help="What this person may do.")
@click.option("--full-name", default="", help="Shown instead of the name.")
@click.option("--email", default="", help="Where messages to this person go.")
@pass_context
def add(context: Context, name: str, role: str, full_name: str, email: str) -> None:
    """Make a user. Prints a link that signs the user in once, to choose a password."""
    made, token = people.add(context.surroundings, name, role, context.actor, full_name=full_name, email=email)
    _tell_link(context, made, token)


@user.command()
@click.argument("name")
@click.option("--public-url", help="Address under which people reach the service.")
@pass_context
def link(context: Context, name: str, public_url: str | None) -> None:
    """Print a link that signs a user in once, within an hour; earlier links no longer do."""
    surroundings = context.surroundings
    found = people.named(name)
    _tell_link(context, found, people.make_link(surroundings, found, context.actor), public_url)


@user.command("setup-link")
@click.option("--public-url", help="Address under which people reach the service.")
@pass_context
def setup_link(context: Context, public_url: str | None) -> None:
    """Print a link under which the first user, an admin, makes an account; once, within an hour."""
    address = f"{context.url(public_url)}/console/setup/{people.make_setup_link(context.surroundings).open()}"
    context.answer({"link": address}, f"Open this link within an hour to make the first account: {address}")


def _tell_link(context: Context, found: User, token: Secret, public_url: str | None = None) -> None:
    address = f"{context.url(public_url)}/console/sign-in/{token.open()}"
    context.answer(
        people.as_dict(found) | {"link": address}, f"This link signs {found.name} in once, within an hour: {address}"
    )


@user.command("list")
@pass_context
def list_users(context: Context) -> None:
    """Show every user."""
    context.open_database()
    found = [people.as_dict(row) for row in people.everyone()]

    def words() -> None:
        if not found:
            context.say("There is no user yet; make one with: ml-connector user add.")
            return
        table = new_table(
            "Name", "Full name", "Role", "May sign in", "Second factor", "Company account", "Last signed in (UTC)"
        )
        for row in found:
            table.add_row(
                row["name"], row["full_name"], ROLE_WORDS[Role(row["role"])], "yes" if row["active"] else "no",
                "on" if row["second_factor"] else "off",
                "linked" if row["company_account"] else "none",
                row["last_signed_in_at"] or "never",
            )  # fmt: skip
        context.show(table)

    context.answer(found, words)


@user.command()
@click.argument("name")
@click.option("--enable", is_flag=True, help="Let the user in again.")
@pass_context
def disable(context: Context, name: str, enable: bool) -> None:
    """Let a user in no more; every session of the user ends at once."""
    surroundings = context.surroundings
    found = people.named(name)
    people.set_active(surroundings, found, enable, context.actor)
    context.answer(people.as_dict(found), f"User {found.name} may {'' if enable else 'not '}sign in.")


@user.command()
@click.argument("name")
@click.argument("role", type=_ROLES)
@pass_context
def role(context: Context, name: str, role: str) -> None:
    """Give a user another role; it holds from the next page on."""
    surroundings = context.surroundings
    found = people.named(name)
    people.set_role(surroundings, found, role, context.actor)
    context.answer(people.as_dict(found), f"User {found.name} is now {ROLE_WORDS[Role(role)]}.")


@user.command()
@click.argument("name")
@click.argument("address")
@pass_context
def email(context: Context, name: str, address: str) -> None:
    """Give a user an e-mail address, to which alerts go; an empty one takes it away."""
    surroundings = context.surroundings
    found = people.named(name)
    people.set_email(surroundings, found, address, context.actor)
    context.answer(people.as_dict(found), f"Alerts to {found.name} go to {found.email or 'nowhere'}.")


@user.group("second-factor")
def second_factor_group() -> None:
    """The code that is asked for besides the password."""


@second_factor_group.command("reset")
@click.argument("name")
@pass_context
def reset_second_factor(context: Context, name: str) -> None:
    """Take a user's second factor away, when telephone and recovery codes are lost; every session of the user ends."""
    surroundings = context.surroundings
    found = people.named(name)
    second_factor.reset(surroundings, found, context.actor)
    found.refresh_from_db()
    context.answer(people.as_dict(found), f"User {found.name} has no second factor any more.")
