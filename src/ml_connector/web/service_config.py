"""Configuration of the service: one frozen value, read once at the edge from a file and the environment.

The environment wins over the file, the file over the defaults. Secrets are named, never held, except for the master key,
which is opened once.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.roles import roles_named
from ml_connector.core.sign_on import SignOnSettings, role_or_none, roles_by_group, words_in
from ml_connector.messaging.mail import SECURITIES, STARTTLS, MailServer, mail_server
from ml_connector.openid.provider import is_protected

_PREFIX = "ML_CONNECTOR_"

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")

_HOME = Path(".ml-connector")


def _setting(default: Any, why: str, **limits: Any) -> Any:
    return field(default=default, metadata={"why": why, **limits})


def _issuer(url: str) -> None:
    if url and not is_protected(url):
        raise NeedsOperator(f"sso_issuer is an https address such as https://login.example.com, not {url!r}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceConfig:
    """Where the service keeps its data, and where it can be reached."""

    home: Path = _setting(_HOME, "Folder of database, master key and configuration file; can be moved.")  # noqa: RUF009  # makes a field
    database: str = _setting(
        "", "PostgreSQL address (postgresql://user:password@host:port/name); empty: SQLite in the home."
    )
    master_key_file: str = _setting("", "File with the master key; empty: master.key in the home.")
    host: str = _setting("127.0.0.1", "Address the server listens on.")
    port: int = _setting(8085, "Port the server listens on; 0 takes a free one.", low=0, high=65535)
    public_url: str = _setting(
        "", "Address under which the Web Connector and Basware reach the server; https but for localhost."
    )
    tls_certificate: str = _setting("", "Certificate chain in PEM, if the server itself speaks TLS.")
    tls_key: str = _setting("", "Private key in PEM, if the server itself speaks TLS.")
    threads: int = _setting(8, "Requests answered at the same time.", low=1, high=1000)
    engine_threads: int = _setting(4, "Connections worked on at the same time.", low=1, high=1000)
    max_body_mb: int = _setting(
        64,
        "Largest request taken, in megabytes; a QuickBooks answer can be tens of megabytes.",
        low=1,
        high=1000,
    )
    second_factor_roles: str = _setting(
        "",
        "Roles whose users must have a second factor, separated by commas: clerk, controller, admin, auditor.",
        check=roles_named,
    )
    sso_issuer: str = _setting(
        "", "Company sign-in: how the OpenID provider names itself, exactly; empty: there is none.", check=_issuer
    )
    sso_client_id: str = _setting("", "Company sign-in: the client id that the provider gave the connector.")
    sso_button: str = _setting("Sign in with your company account", "Company sign-in: words of the button.")
    sso_user_claim: str = _setting(
        "email", "Company sign-in: claim that names the user the first time; email counts only when it is verified."
    )
    sso_domains: str = _setting(
        "", "Company sign-in: domains of e-mail addresses let in, separated by commas; empty: all."
    )
    sso_groups_claim: str = _setting("groups", "Company sign-in: claim that lists the groups of a person.")
    sso_roles: str = _setting(
        "",
        "Company sign-in: roles by group, as GROUP=ROLE separated by commas; empty: roles are set here.",
        check=roles_by_group,
    )
    sso_new_user_role: str = _setting(
        "", "Company sign-in: role of somebody whom nobody invited; empty: is not let in.", check=role_or_none
    )
    sso_second_factor: str = _setting(
        "",
        "Company sign-in: values of amr or acr that stand in for our second factor, separated by commas; empty: none.",
    )
    sso_passwords: str = _setting(
        "ALL",
        "Beside a company sign-in: ALL may use a password, or ADMINS who have a second factor.",
        words=("ALL", "ADMINS"),
    )
    mail_server: str = _setting(
        "", "Mail server that alerts are handed to, as HOST or HOST:PORT; empty: no e-mail is sent."
    )
    mail_security: str = _setting(
        STARTTLS, "How the line to the mail server is encrypted: STARTTLS, TLS or NONE.", words=SECURITIES
    )
    mail_user: str = _setting("", "Who signs in at the mail server; empty: nobody does.")
    mail_from: str = _setting("", "E-mail address that alerts come from.")
    alert_hosts: str = _setting(
        "",
        "Hosts inside of the own network that alerts may be sent to, by webhook or chat, separated by commas; empty: none.",
    )
    log_level: str = _setting("INFO", "How much is logged: DEBUG, INFO, WARNING or ERROR.", words=LOG_LEVELS)

    def sign_on(self) -> SignOnSettings | None:
        """Return what was told about the company's sign-in; None if there is none.

        Raises:
            NeedsOperator: there is an issuer and no client id.
        """
        if not self.sso_issuer:
            return None
        if not self.sso_client_id:
            raise NeedsOperator("sso_issuer is set and sso_client_id is not; set it to what the provider gave you.")
        return SignOnSettings(
            issuer=self.sso_issuer,
            client_id=self.sso_client_id,
            button=self.sso_button,
            user_claim=self.sso_user_claim,
            domains=frozenset(domain.lower().lstrip("@") for domain in words_in(self.sso_domains)),
            groups_claim=self.sso_groups_claim,
            roles=roles_by_group(self.sso_roles),
            new_user_role=role_or_none(self.sso_new_user_role),
            second_factor=words_in(self.sso_second_factor),
            passwords_for_all=self.sso_passwords == "ALL",
        )

    def mail(self) -> MailServer | None:
        """Return where e-mail is handed in; None if no server is named.

        Raises:
            NeedsOperator: what was told of it does not fit together.
        """
        return mail_server(self.mail_server, self.mail_security, self.mail_user, self.mail_from)

    @property
    def config_path(self) -> Path:
        """The configuration file."""
        return self.home / "ml-connector.toml"

    @property
    def key_path(self) -> Path:
        """The file with the master key."""
        return Path(self.master_key_file) if self.master_key_file else self.home / "master.key"

    @property
    def own_url(self) -> str:
        """The address to write into files and subscriptions, without a trailing slash."""
        scheme = "https" if self.tls_certificate else "http"
        host = "localhost" if self.host in {"127.0.0.1", "0.0.0.0", "::1", "::"} else self.host  # noqa: S104
        host = f"[{host}]" if ":" in host else host
        return (self.public_url or f"{scheme}://{host}:{self.port}").rstrip("/")

    def django_database(self) -> dict[str, Any]:
        """Return Django's description of the database.

        Raises:
            NeedsOperator: the address is not one of PostgreSQL.
        """
        if not self.database:
            return {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(self.home / "connector.sqlite3"),
                "OPTIONS": {
                    # Writers wait for each other instead of failing; readers never wait.
                    "transaction_mode": "IMMEDIATE",
                    "timeout": 30,
                    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
                },
                "CONN_MAX_AGE": 600,
            }
        try:
            parts = urlsplit(self.database)
            port = parts.port
        except ValueError:
            raise NeedsOperator(_NO_DATABASE_ADDRESS) from None
        if parts.scheme not in {"postgresql", "postgres"} or not parts.path.strip("/"):
            raise NeedsOperator(_NO_DATABASE_ADDRESS)
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.strip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": str(port or ""),
            "CONN_MAX_AGE": 600,
        }


_NO_DATABASE_ADDRESS = "The database address must look like postgresql://user:password@host:5432/name."


def checked_url(url: str) -> str:
    """Return the address under which others reach the service, without a trailing slash.

    Raises:
        NeedsOperator: nobody could reach anything under it.
    """
    sentence = f"{url!r} is no address under which the service can be reached; it must look like {_AN_ADDRESS}."
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        raise NeedsOperator(sentence) from None
    if not usable or parts.query or parts.fragment or any(not c.isprintable() or c.isspace() for c in url):
        raise NeedsOperator(sentence)
    return url.rstrip("/")


_AN_ADDRESS = "https://connector.example.com"


def read_config(environ: Mapping[str, str] = os.environ, **overrides: Any) -> ServiceConfig:
    """Read the configuration.

    Raises:
        NeedsOperator: an unknown name or an unusable value; the sentence says which.
    """
    home = Path(overrides.get("home") or environ.get(_PREFIX + "HOME") or ServiceConfig().home).expanduser()
    known = {f.name: f for f in fields(ServiceConfig)}
    values: dict[str, Any] = _from_file(home / "ml-connector.toml", known)
    for name in known:
        text = environ.get(_PREFIX + name.upper())
        if text is not None:
            values[name] = text
    values |= {name: value for name, value in overrides.items() if value is not None}
    values["home"] = home
    return ServiceConfig(
        **{
            name: _limited(name, _typed(name, value, known[name].default), known[name].metadata)
            for name, value in values.items()
        }
    )


def _from_file(path: Path, known: Mapping[str, Any]) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise NeedsOperator(f"{path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise NeedsOperator(f"{path} is not readable as TOML: {error}.") from None
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise NeedsOperator(f"{path} has unknown settings: {', '.join(unknown)}; known are {', '.join(sorted(known))}.")
    return values


def _typed(name: str, value: Any, default: Any) -> Any:
    if isinstance(default, int):
        try:
            return int(str(value))
        except ValueError:
            raise NeedsOperator(f"{name} must be a whole number, not {value!r}.") from None
    if isinstance(default, Path):
        return Path(str(value))
    return str(value)


def _limited(name: str, value: Any, limits: Mapping[str, Any]) -> Any:
    if "low" in limits and not limits["low"] <= value <= limits["high"]:
        raise NeedsOperator(f"{name} is a whole number from {limits['low']} to {limits['high']}, not {value}.")
    if "check" in limits:
        limits["check"](value)
    if "words" in limits:
        value = value.upper()
        if value not in limits["words"]:
            raise NeedsOperator(f"{name} is one of {', '.join(limits['words'])}, not {value!r}.")
    return value
