"""The command `ml-connector`.

Each command's module is loaded when the command is called, after Django was set up for the home that the options name.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import click

from ml_connector.cli.context import Context, plain_errors

_COMMANDS = {
    "init": "service:init",
    "serve": "service:serve",
    "doctor": "service:doctor",
    "demo": "demo:demo",
    "connection": "connections:connection",
    "webhook": "connections:webhook",
    "lists": "lists:lists_command",
    "sync": "connections:sync",
    "mapping": "mappings:mapping",
    "documents": "documents:documents",
    "inbox": "inbox:inbox_command",
    "replay": "replays:replay",
    "show": "documents:show",
    "why": "documents:why",
    "retry": "documents:retry",
    "link": "documents:link",
    "skip": "documents:skip",
    "give-up": "documents:give_up",
    "note": "documents:note",
    "assign": "documents:assign",
    "payments": "payments:payments",
    "user": "users:user",
    "token": "tokens:token",
    "alerts": "alerts:alerts",
    "sso": "single_sign_on:sso",
    "month": "month:month",
    "backup": "backup:backup",
    "audit": "audit:audit",
    "keys": "audit:keys",
}


class _Commands(click.Group):
    """Finds commands by name, and shows every expected failure as one sentence."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command."""
        place = _COMMANDS.get(cmd_name)
        if place is None:
            return None
        context_of(ctx).set_up_models()
        module, name = place.split(":")
        command: click.Command = getattr(import_module(f"ml_connector.cli.{module}"), name)
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the options; the help of each command is loaded here."""
        with plain_errors("--json" in args):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        with plain_errors(bool(ctx.params.get("as_json"))):
            return super().invoke(ctx)


def context_of(ctx: click.Context) -> Context:
    """Return what the commands work with, made from the options before the command's name."""
    if not isinstance(ctx.obj, Context):
        given = {name: ctx.params.get(name) for name in ("home", "database")}
        ctx.obj = Context(
            overrides={name: value for name, value in given.items() if value},
            as_json=bool(ctx.params.get("as_json")),
            quiet=bool(ctx.params.get("quiet")),
        )
    return ctx.obj


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="ml-connector")
@click.option(
    "--home",
    type=click.Path(path_type=Path, readable=False),
    help="Folder of database, key and configuration. [ML_CONNECTOR_HOME]",
)
@click.option("--database", help="PostgreSQL address; without it SQLite in the home. [ML_CONNECTOR_DATABASE]")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for scripts.")
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
@click.pass_context
def main(ctx: click.Context, home: Path | None, database: str | None, as_json: bool, quiet: bool) -> None:
    """Brings approved Basware invoices into QuickBooks Desktop as Bills, and vendors, accounts and payments back.

    Exit codes: 0 done; 1 checked, and something is not right; 2 wrong usage; 3 cannot be done, the sentence says why and
    what to do; 4 not at the moment, try again later.
    """
    context_of(ctx)
