"""The command `ml-connector`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from ml_connector.cli.audit import audit, keys
from ml_connector.cli.connections import connection, lists_command, sync, webhook
from ml_connector.cli.context import NOT_OK, Context, pass_context, plain_errors, set_up_logging
from ml_connector.cli.demo import demo
from ml_connector.cli.documents import documents, give_up, link, retry, show, skip, why
from ml_connector.cli.mappings import mapping


class _PlainGroup(click.Group):
    """Shows every expected failure as one sentence."""

    def invoke(self, ctx: click.Context) -> Any:
        with plain_errors(bool(ctx.params.get("as_json"))):
            return super().invoke(ctx)


@click.group(cls=_PlainGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="ml-connector")
@click.option(
    "--home", type=click.Path(path_type=Path), help="Folder of database, key and configuration. [ML_CONNECTOR_HOME]"
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
    overrides = {"home": home, "database": database}
    ctx.obj = Context(overrides={k: v for k, v in overrides.items() if v}, as_json=as_json, quiet=quiet)


@main.command()
@pass_context
def init(context: Context) -> None:
    """Make the home: folder, master key, database. Run again after an update: brings the database up to date."""
    from ml_connector.store.master_key import make_key_file
    from ml_connector.web.database import migrate

    config = context.config
    config.home.mkdir(parents=True, exist_ok=True)
    new_key = make_key_file(config.key_path)
    migrate(config)
    words = f"Ready in {config.home}." + (
        f" A master key was written to {config.key_path}: keep a copy of it apart from the database." if new_key else ""
    )
    context.answer({"home": str(config.home), "master_key": str(config.key_path), "new_key": new_key}, words)


@main.command()
@click.option("--host", help="Address to listen on. [ML_CONNECTOR_HOST]")
@click.option("--port", type=int, help="Port to listen on; 0 takes a free one. [ML_CONNECTOR_PORT]")
@click.option(
    "--public-url", help="Address under which the Web Connector and Basware reach us. [ML_CONNECTOR_PUBLIC_URL]"
)
@pass_context
def serve(context: Context, host: str | None, port: int | None, public_url: str | None) -> None:
    """Run the service until it is told to stop. With --json one line tells when it is ready, and where."""
    from ml_connector.web.service import Service, serve_until_told

    context.overrides |= {
        k: v for k, v in {"host": host, "port": port, "public_url": public_url}.items() if v is not None
    }
    set_up_logging(context.config.log_level)
    surroundings = context.surroundings

    def ready(service: Service) -> None:
        config = service.config
        if context.as_json:
            click.echo(json.dumps({"ready": True, "url": config.own_url, "port": config.port}))
        else:
            context.say(f"ml-connector answers at {config.own_url}; the home is {config.home}. Ctrl-C ends it.")

    serve_until_told(Service(context.config, surroundings), ready)


@main.command()
@pass_context
def doctor(context: Context) -> None:
    """Look at everything that must hold for the work to go on, and say what to do where it does not."""
    from ml_connector.cli.doctor import examine

    findings = examine(context)
    fine = all(finding["ok"] for finding in findings)

    def words() -> None:
        for finding in findings:
            context.say(("ok    " if finding["ok"] else "wrong ") + finding["sentence"])

    context.answer({"ok": fine, "findings": findings}, words)
    if not fine:
        raise SystemExit(NOT_OK)


for command in (
    connection,
    webhook,
    lists_command,
    sync,
    mapping,
    documents,
    show,
    why,
    retry,
    skip,
    give_up,
    link,
    audit,
):
    main.add_command(command)
main.add_command(keys)
main.add_command(demo)
