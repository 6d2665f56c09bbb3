"""Commands about the service itself: make its home, run it, examine it."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

import click

from ml_connector.cli.context import NOT_OK, Context, keep_to_owner, pass_context, set_up_logging, writing_file
from ml_connector.cli.doctor import examine
from ml_connector.flows.people import make_setup_link, nobody_yet
from ml_connector.store.master_key import ENVIRONMENT, MasterKey, key_text, make_key_file
from ml_connector.web.database import migrate
from ml_connector.web.only_one import only_service
from ml_connector.web.service import Service, serve_until_told
from ml_connector.web.service_config import checked_url, read_config

log = logging.getLogger(__name__)


@click.command()
@pass_context
def init(context: Context) -> None:
    """Make the home: folder, master key, database. Run again after an update: brings the database up to date."""
    config = context.config
    keep_to_owner()
    with writing_file(config.home):
        config.home.mkdir(parents=True, exist_ok=True)
    with writing_file(config.key_path):
        new_key = make_key_file(config.key_path)
    MasterKey.from_text(key_text(config.key_path))
    migrate(config)
    source = "environment" if os.environ.get(ENVIRONMENT) else "file"
    context.answer(
        {"home": str(config.home), "master_key": str(config.key_path), "key_from": source, "new_key": new_key},
        f"Ready in {config.home}. {_about_key(config.key_path, source, new_key=new_key)}",
    )


def _about_key(path: Path, source: str, *, new_key: bool) -> str:
    if source == "environment":
        return f"The master key comes from {ENVIRONMENT}" + (f", and not from {path}." if path.exists() else ".")
    if new_key:
        return f"A master key was written to {path}: keep a copy of it apart from the database."
    return f"The master key comes from {path}."


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
    if config.public_url:
        checked_url(config.public_url)
    keep_to_owner()
    set_up_logging(config.log_level)
    surroundings = context.surroundings

    def ready(service: Service) -> None:
        config = service.config
        setup = f"{config.own_url}/console/setup/{make_setup_link(surroundings).open()}" if nobody_yet() else None
        log.info("service started", extra={"url": config.own_url, "host": config.host, "port": config.port})
        if context.as_json:
            told = {"ready": True, "url": config.own_url, "port": config.port}
            click.echo(json.dumps(told | ({"setup_link": setup} if setup else {})))
        else:
            context.say(f"ml-connector answers at {config.own_url}; the home is {config.home}. Ctrl-C ends it.")
            if setup:
                context.say(f"There is no user yet. Open this link within an hour to make the first account: {setup}")

    with only_service(config):
        serve_until_told(Service(config, surroundings), ready)
    log.info("service ended")


@click.command()
@pass_context
def doctor(context: Context) -> None:
    """Look at everything that must hold for the work to go on, and say what to do where it does not."""
    findings = examine(context)
    fine = all(finding["ok"] for finding in findings)

    def words() -> None:
        for finding in findings:
            mark = ("warn  " if finding["warning"] else "ok    ") if finding["ok"] else "wrong "
            context.say(mark + finding["sentence"])

    context.answer({"ok": fine, "findings": findings}, words)
    if not fine:
        raise SystemExit(NOT_OK)
