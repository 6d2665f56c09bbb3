"""Commands about the service itself: make its home, run it, examine it."""

from __future__ import annotations

import json

import click

from ml_connector.cli.context import NOT_OK, Context, pass_context, set_up_logging
from ml_connector.cli.doctor import examine
from ml_connector.store.master_key import make_key_file
from ml_connector.web.database import migrate
from ml_connector.web.service import Service, serve_until_told
from ml_connector.web.service_config import read_config


@click.command()
@pass_context
def init(context: Context) -> None:
    """Make the home: folder, master key, database. Run again after an update: brings the database up to date."""
    config = context.config
    config.home.mkdir(parents=True, exist_ok=True)
    new_key = make_key_file(config.key_path)
    migrate(config)
    words = f"Ready in {config.home}." + (
        f" A master key was written to {config.key_path}: keep a copy of it apart from the database." if new_key else ""
    )
    context.answer({"home": str(config.home), "master_key": str(config.key_path), "new_key": new_key}, words)


@click.command()
@click.option("--host", help="Address to listen on. [ML_CONNECTOR_HOST]")
@click.option("--port", type=int, help="Port to listen on; 0 takes a free one. [ML_CONNECTOR_PORT]")
@click.option(
    "--public-url", help="Address under which the Web Connector and Basware reach us. [ML_CONNECTOR_PUBLIC_URL]"
)
@pass_context
def serve(context: Context, host: str | None, port: int | None, public_url: str | None) -> None:
    """Run the service until it is told to stop. With --json one line tells when it is ready, and where."""
    context.overrides |= {
        k: v for k, v in {"host": host, "port": port, "public_url": public_url}.items() if v is not None
    }
    config = read_config(**context.overrides)
    set_up_logging(config.log_level)
    surroundings = context.surroundings

    def ready(service: Service) -> None:
        config = service.config
        if context.as_json:
            click.echo(json.dumps({"ready": True, "url": config.own_url, "port": config.port}))
        else:
            context.say(f"ml-connector answers at {config.own_url}; the home is {config.home}. Ctrl-C ends it.")

    serve_until_told(Service(config, surroundings), ready)


@click.command()
@pass_context
def doctor(context: Context) -> None:
    """Look at everything that must hold for the work to go on, and say what to do where it does not."""
    findings = examine(context)
    fine = all(finding["ok"] for finding in findings)

    def words() -> None:
        for finding in findings:
            context.say(("ok    " if finding["ok"] else "wrong ") + finding["sentence"])

    context.answer({"ok": fine, "findings": findings}, words)
    if not fine:
        raise SystemExit(NOT_OK)
