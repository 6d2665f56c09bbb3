"""Connections: made, changed, paused, and described to the Web Connector."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid5

from django.db import transaction

from ml_connector.basware.config import BaswareConfig
from ml_connector.core.errors import ConnectorError, NeedsOperator, TryAgain
from ml_connector.core.secret import Secret
from ml_connector.core.settings import ConnectionSettings
from ml_connector.flows.sign_in import change_password
from ml_connector.flows.surroundings import (
    CLIENT_ID,
    CLIENT_SECRET,
    WEB_CONNECTOR_PASSWORD,
    WEBHOOK_SECRET,
    Surroundings,
    company_codes,
    settings_of,
    zone_named,
)
from ml_connector.quickbooks.qwc import Qwc, render_qwc
from ml_connector.store import duties
from ml_connector.store.chain import Entry, writing
from ml_connector.store.models import CompanyCode, Connection, HealthCheck

#: OwnerID of the product: one for all connections, fixed for ever. Source: QBWC Programmer's Guide, the .QWC file.
OWNER_ID = "{5d3a7c41-96b2-4e0f-8a1d-27c4b8e6f310}"

_NAME_WORDS = "letters, digits, hyphens and underscores"


def named(name: str) -> Connection:
    """Return a connection by name.

    Raises:
        NeedsOperator: there is none.
    """
    found = Connection.objects.filter(name=name).first()
    if found is not None:
        return found
    names = ", ".join(Connection.objects.order_by("name").values_list("name", flat=True))
    raise NeedsOperator(f"There is no connection {name!r}; there {'are: ' + names if names else 'is none yet'}.")


def only_one(name: str | None) -> Connection:
    """Return the named connection, or the only one there is."""
    if name:
        return named(name)
    found = list(Connection.objects.order_by("name")[:2])
    if len(found) == 1:
        return found[0]
    raise NeedsOperator(
        "Name the connection: there is none yet." if not found else "Name the connection: there are several."
    )


def add(
    surroundings: Surroundings,
    name: str,
    *,
    base_url: str,
    token_url: str,
    codes: Sequence[str],
    client_id: str,
    client_secret: Secret,
    password: Secret | None,
    settings: Mapping[str, Any],
    actor: str,
    dry_run: bool = False,
) -> tuple[Connection, Secret]:
    """Make a connection; return it and the password for the Web Connector, which is never shown again.

    Raises:
        NeedsOperator: a name or code that is taken, or a value that cannot work.
    """
    if not name or not all((c.isalnum() and c.isascii()) or c in "-_" for c in name) or len(name) > 40:
        raise NeedsOperator(f"A connection's name has at most 40 {_NAME_WORDS}, not {name!r}.")
    if Connection.objects.filter(name=name).exists():
        raise NeedsOperator(f"There is a connection {name!r} already; change it with ml-connector connection set.")
    taken = CompanyCode.objects.filter(code__in=codes).select_related("connection").first()
    if taken is not None:
        raise NeedsOperator(f"Company code {taken.code} belongs to connection {taken.connection.name} already.")
    config = BaswareConfig(base_url=base_url, token_url=token_url, company_codes=tuple(codes))
    _check_client_id(client_id)
    changes = _checked_settings(ConnectionSettings(), settings)
    now = surroundings.clock()
    secret = password or Secret(secrets.token_urlsafe(18))
    with transaction.atomic():
        row = Connection.objects.create(
            name=name,
            created_at=now,
            dry_run=dry_run,
            base_url=config.base_url,
            token_url=config.token_url,
            settings=_differing(changes),
            qb_user=f"{name}-{secrets.token_hex(3)}",
            owner_id=OWNER_ID,
            file_id="{" + str(uuid5(_FILE_SPACE, secrets.token_hex(16))) + "}",
        )
        CompanyCode.objects.bulk_create([CompanyCode(connection=row, code=code) for code in codes])
        surroundings.vault.store(row, CLIENT_ID, Secret(client_id), now)
        surroundings.vault.store(row, CLIENT_SECRET, client_secret, now)
        surroundings.vault.store(row, WEB_CONNECTOR_PASSWORD, secret, now)
        duties.create_all(row, now)
        with writing(row.pk, now, actor) as ledger:
            words = f"Connection {name} was made for {', '.join(codes)} at {urlsplit(config.base_url).netloc}."
            ledger.note(Entry(event="connection", words=words))
    return row, secret


def _check_client_id(client_id: str) -> None:
    # Source: RFC 7617, section 2: in the header that names the client, the first colon ends its id.
    if not client_id.isprintable() or ":" in client_id:
        raise NeedsOperator(f"The client id {client_id!r} must have printable characters and no colon.")


_FILE_SPACE = UUID("b5c0f3a2-6d1e-5f47-9c88-0e4b7d2a6103")


def change(
    surroundings: Surroundings,
    connection: Connection,
    actor: str,
    *,
    base_url: str | None = None,
    token_url: str | None = None,
    client_id: str | None = None,
    client_secret: Secret | None = None,
    password: Secret | None = None,
    settings: Mapping[str, Any] | None = None,
) -> list[str]:
    """Change what is given; return what was changed, in words."""
    now = surroundings.clock()
    done: list[str] = []
    told: list[str] = []
    _check_client_id(client_id or "")
    with writing(connection.pk, now, actor) as ledger:
        row = ledger.connection
        if base_url or token_url:
            config = BaswareConfig(
                base_url=base_url or row.base_url,
                token_url=token_url or ("" if base_url else row.token_url),
                company_codes=company_codes(row),
            )
            row.base_url, row.token_url = config.base_url, config.token_url
            done.append("Basware's address")
        if settings:
            before = settings_of(row)
            after = _checked_settings(before, settings)
            row.settings = _differing(after)
            done += [name.replace("_", "-") for name in settings]
            told = [
                f"{name} from {getattr(before, name)!r} to {getattr(after, name)!r}" for name in map(_field, settings)
            ]
        row.save(update_fields=["base_url", "token_url", "settings"])
        for name, secret, words in (
            (CLIENT_ID, Secret(client_id) if client_id else None, "Basware's client id"),
            (CLIENT_SECRET, client_secret, "Basware's client secret"),
        ):
            if secret is not None:
                surroundings.vault.store(row, name, secret, now)
                done.append(words)
        if password is not None:
            change_password(surroundings, row, password, now)
            done.append("the Web Connector's password")
        if base_url or token_url or client_id or client_secret:
            HealthCheck.objects.filter(connection=row).delete()  # it says nothing about what holds now
        if done:
            others = [name for name in done if _field(name) not in {_field(key) for key in settings or {}}]
            ledger.note(Entry(event="connection", words=f"Changed: {', '.join([*others, *told])}."))
            duties.wake_all(row.pk, now)
    return done


def new_password(surroundings: Surroundings, connection: Connection, actor: str) -> Secret:
    """Draw a new password for the Web Connector, and return it; it is never shown again."""
    secret = Secret(secrets.token_urlsafe(18))
    change(surroundings, connection, actor, password=secret)
    return secret


def _checked_settings(before: ConnectionSettings, changes: Mapping[str, Any]) -> ConnectionSettings:
    changed = before.changed(changes)
    zone_named(changed.time_zone)
    return changed


def _field(name: str) -> str:
    return name.replace("-", "_")


def _differing(settings: ConnectionSettings) -> dict[str, Any]:
    plain = ConnectionSettings().as_dict()
    return {name: value for name, value in settings.as_dict().items() if value != plain[name]}


def pause(surroundings: Surroundings, connection: Connection, reason: str, actor: str) -> None:
    """Stop all work of a connection: Basware is not asked, and the Web Connector is told that there is nothing to do."""
    with writing(connection.pk, surroundings.clock(), actor) as ledger:
        ledger.connection.paused, ledger.connection.pause_reason = True, reason[:250]
        ledger.connection.save(update_fields=["paused", "pause_reason"])
        ledger.note(Entry(event="paused", words=f"Paused: {reason}" if reason else "Paused."))


def resume(surroundings: Surroundings, connection: Connection, actor: str) -> None:
    """Go on; everything is due at once."""
    now = surroundings.clock()
    with writing(connection.pk, now, actor) as ledger:
        ledger.connection.paused, ledger.connection.pause_reason = False, ""
        ledger.connection.save(update_fields=["paused", "pause_reason"])
        ledger.note(Entry(event="resumed", words="Resumed."))
        duties.wake_all(connection.pk, now)


def qwc_file(connection: Connection, own_url: str) -> bytes:
    """Return the .qwc file that makes the connection known to the Web Connector.

    Raises:
        NeedsOperator: the service's address cannot be used; the sentences say why.
    """
    every_s = settings_of(connection).web_connector_every_s
    minutes = every_s // 60 if every_s % 60 == 0 else None
    return render_qwc(
        Qwc(
            app_name=f"ml-connector {connection.name}",
            app_url=f"{own_url}/qbwc/{connection.name}",
            support_url=f"{own_url}/support",
            description="Approved Basware invoices become QuickBooks Bills",
            user_name=connection.qb_user,
            owner_id=connection.owner_id,
            file_id=connection.file_id,
            unique_name=f"ml-connector {connection.name} {hashlib.sha256(connection.file_id.encode()).hexdigest()[:6]}",
            run_every_minutes=minutes,
            run_every_seconds=None if minutes else every_s,
        )
    )


def subscribe(surroundings: Surroundings, connection: Connection, own_url: str, actor: str) -> str:
    """Ask Basware to notify us of invoices that wait for transfer; return the address it will call.

    Raises:
        ConnectorError: Basware does not subscribe us; the connection is as it was before.
    """
    now = surroundings.clock()
    kept = surroundings.vault.open(connection, WEBHOOK_SECRET)
    secret = kept or Secret(secrets.token_hex(32))
    if kept is None:
        # Stored first: Basware may sign its trial call with it.
        surroundings.vault.store(connection, WEBHOOK_SECRET, secret, now)
    url = f"{own_url}/basware/{connection.name}"
    try:
        surroundings.basware(connection).create_subscription(url, secret)
    except TryAgain:
        raise  # Basware may have subscribed us, and would sign with this secret.
    except ConnectorError:
        if kept is None:
            _forget_webhook_secret(connection)
        raise
    with writing(connection.pk, now, actor) as ledger:
        ledger.note(Entry(event="subscription", words=f"Basware notifies {url} of invoices that wait for transfer."))
    return url


def unsubscribe(surroundings: Surroundings, connection: Connection, sub_type: str, actor: str) -> int:
    """End the subscriptions of exactly one type, and forget the secret they were signed with; return how many there were."""
    count = surroundings.basware(connection).delete_subscription("AccountingDocuments", sub_type)
    with writing(connection.pk, surroundings.clock(), actor) as ledger:
        _forget_webhook_secret(connection)
        ledger.note(Entry(event="subscription", words=f"{count} subscriptions of the type {sub_type} were ended."))
    return count


def _forget_webhook_secret(connection: Connection) -> None:
    connection.credentials.filter(name=WEBHOOK_SECRET).delete()
