"""Does Basware let us? Step by step, each timed, with who must do what where it does not; the latest check is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from ml_connector.basware.ping import DNS, SCOPES, TLS, TOKEN, PingStep, goes_on_after, step_names
from ml_connector.basware.reach import host_of
from ml_connector.flows.surroundings import Surroundings
from ml_connector.store.models import Connection, HealthCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step that was made."""

    name: str
    title: str
    ok: bool
    sentence: str  #: what was found
    do: str  #: who must do what; empty if it is right
    milliseconds: int

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The latest check of a connection."""

    at: datetime | None  #: when its last step was made; None if none ever was
    steps: Sequence[Step]
    left: Sequence[str]  #: titles of the steps that are still to be made
    next_name: str  #: the step to be made next; empty if the check has ended

    @property
    def ok(self) -> bool:
        """Tell whether every step was made, and is right."""
        return bool(self.steps) and not self.left and all(step.ok for step in self.steps)


def latest(surroundings: Surroundings, connection: Connection) -> Check:
    """Return the latest check, which may not have come to its end.

    Raises:
        NeedsOperator: the credentials are missing or do not open.
    """
    names = step_names(surroundings.basware(connection).config)
    row = HealthCheck.objects.filter(connection=connection).first()
    steps = [Step(**step) for step in row.steps] if row else []
    ended = bool(steps) and not goes_on_after(steps[-1].name, ok=steps[-1].ok)
    left = names[len(steps) :]
    return Check(
        at=row.at if row else None,
        steps=steps,
        left=[_title(name) for name in left],
        next_name="" if ended or not left else left[0],
    )


def begin(connection: Connection) -> None:
    """Forget the latest check, so that the next step is the first."""
    HealthCheck.objects.filter(connection=connection).delete()


def make_next(surroundings: Surroundings, connection: Connection) -> Check:
    """Make the next step of the check at hand, and keep it."""
    check = latest(surroundings, connection)
    if check.next_name:
        client = surroundings.basware(connection)
        made = client.ping(surroundings.reach).make(check.next_name)
        _keep(surroundings, connection, [*check.steps, _step(connection, made)])
    return latest(surroundings, connection)


def check(surroundings: Surroundings, connection: Connection) -> Sequence[Step]:
    """Make every step, as long as that makes sense, and keep them."""
    begin(connection)
    made = make_next(surroundings, connection)
    while made.next_name:
        made = make_next(surroundings, connection)
    return made.steps


def _keep(surroundings: Surroundings, connection: Connection, steps: Sequence[Step]) -> None:
    HealthCheck.objects.update_or_create(
        connection=connection, defaults={"at": surroundings.clock(), "steps": [step.as_dict() for step in steps]}
    )


def _step(connection: Connection, made: PingStep) -> Step:
    return Step(
        name=made.name,
        title=_title(made.name),
        ok=made.ok,
        sentence=made.sentence,
        do="" if made.ok else _what_to_do(connection, made.name),
        milliseconds=made.milliseconds,
    )


_TITLES = {DNS: "Find the name", TLS: "Open an encrypted line", TOKEN: "Get a token", SCOPES: "Compare the scopes"}


def _title(name: str) -> str:
    return _TITLES.get(name) or f"Read the invoice list of company {name.split(' ', 1)[-1]}"


def _what_to_do(connection: Connection, name: str) -> str:
    host = host_of(connection.base_url)
    return {
        DNS: f"IT admin: compare the base URL with the one Basware gave you; if it is right, ask whoever runs the network why"
        f" this machine cannot look up {host.name}.",
        TLS: f"IT admin: ask whoever runs the network to let this machine reach {host.name} on port {host.port}, directly:"
        " a proxy for outward calls is not supported, and neither is one that opens encrypted lines.",
        TOKEN: "IT admin: type the client id and the secret of the OAuth client again; Basware's administrator can make a new"
        " secret. They belong to one environment, test or production.",
        SCOPES: "Basware's administrator: grant these scopes to the OAuth client, in Basware's API management.",
    }.get(
        name,
        "Basware's administrator: see that the OAuth client may read accounting documents of this company; if the sentence"
        " speaks of a passing fault, try again in some minutes.",
    )
