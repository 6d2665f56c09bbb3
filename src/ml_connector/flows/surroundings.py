"""What a flow needs from outside: the time, dice for jitter, the vault, and a way to Basware."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ml_connector.basware.client import BaswareClient
from ml_connector.basware.config import BaswareConfig
from ml_connector.basware.reach import NetworkReach, Reach
from ml_connector.basware.transport import Transport
from ml_connector.core.errors import NeedsOperator
from ml_connector.core.roles import Role
from ml_connector.core.settings import ConnectionSettings
from ml_connector.flows.alert_ways import AlertWays
from ml_connector.openid.provider import Provider
from ml_connector.store import rows
from ml_connector.store.models import Connection
from ml_connector.store.trials import is_dry_run
from ml_connector.store.vault import Vault

CLIENT_ID = "basware client id"
CLIENT_SECRET = "basware client secret"  # noqa: S105  # a name in the vault, not a secret
WEB_CONNECTOR_PASSWORD = "web connector password"  # noqa: S105
EARLIER_WEB_CONNECTOR_PASSWORD = "web connector earlier password"  # noqa: S105
WEBHOOK_SECRET = "webhook secret"  # noqa: S105


@dataclass(slots=True)
class Surroundings:
    """Handed to every flow, so that a whole world can run on one simulated clock."""

    clock: Callable[[], datetime]  #: aware UTC
    dice: Callable[[], float]  #: 0 to 1, for jitter only
    vault: Vault
    transport: Transport
    reach: Reach = field(default_factory=NetworkReach)  #: looks at the way to Basware, for the health check only
    second_factor_roles: frozenset[Role] = frozenset()  #: whose people must have a second factor
    provider: Provider | None = None  #: of company accounts; None: people sign in with passwords and links only
    ways: AlertWays | None = None  #: on which alerts leave; None: nobody is alerted
    _clients: dict[int, tuple[object, BaswareClient]] = field(default_factory=dict)

    def basware(self, connection: Connection) -> BaswareClient:
        """Return the client of one connection; its token outlives the call.

        Raises:
            NeedsOperator: credentials are missing or do not open.
        """
        key = (
            connection.base_url,
            connection.token_url,
            str(connection.settings),
            _codes(connection),
            *_stamps(connection),
        )
        kept = self._clients.get(connection.pk)
        if kept is not None and kept[0] == key:
            return kept[1]
        client_id = self.vault.open(connection, CLIENT_ID)
        client_secret = self.vault.open(connection, CLIENT_SECRET)
        if client_id is None or client_secret is None:
            raise NeedsOperator(
                f"Connection {connection.name} has no Basware credentials; set them: ml-connector connection set"
                f" {connection.name} --client-id ... --client-secret-file ...."
            )
        settings = settings_of(connection)
        client = BaswareClient(
            BaswareConfig(
                base_url=connection.base_url,
                token_url=connection.token_url,
                company_codes=_codes(connection),
                page_size=settings.page_size,
                timeout_s=float(settings.http_timeout_s),
            ),
            client_id.open(),
            client_secret,
            self.transport,
            self.clock,
            may_write=lambda: not is_dry_run(connection.pk),
        )
        self._clients[connection.pk] = (key, client)
        return client


def settings_of(connection: Connection) -> ConnectionSettings:
    """Return the settings of a connection: the defaults, with what was changed."""
    return _settings(tuple(connection.settings.items()))


@lru_cache(maxsize=1024)
def _settings(changes: tuple[tuple[str, bool | int | str], ...]) -> ConnectionSettings:
    return ConnectionSettings().changed(dict(changes))


def zone_of(connection: Connection) -> ZoneInfo:
    """Return the zone in which people read the times of a connection."""
    return zone_named(settings_of(connection).time_zone)


@lru_cache(maxsize=256)
def zone_named(name: str) -> ZoneInfo:
    """Return a zone.

    Raises:
        NeedsOperator: there is none of this name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of the zone database is an OSError
        raise NeedsOperator(f"There is no time zone {name!r}; write it as America/New_York or Europe/Berlin.") from None


def company_codes(connection: Connection) -> tuple[str, ...]:
    """Return the Basware company codes of a connection, in a fixed order."""
    return _codes(connection)


def _codes(connection: Connection) -> tuple[str, ...]:
    text = "SELECT code FROM store_companycode WHERE connection_id = %s ORDER BY id"
    return tuple(code for (code,) in rows.values(text, connection.pk))


def _stamps(connection: Connection) -> tuple[object, ...]:
    text = "SELECT set_at FROM store_credential WHERE connection_id = %s ORDER BY name"
    return tuple(stamp for (stamp,) in rows.values(text, connection.pk))
