"""Alerts, as the OpenAPI description tells it."""

from __future__ import annotations

from ninja import Schema

from ml_connector.web.api.shapes.common import Money


class Matter(Schema):
    """One thing that holds now."""

    kind: str
    key: str
    connection: str
    words: str
    says: str
    do: str
    count: int
    sums: list[Money]
    since: str | None
    began_at: str
    over_at: str | None
    address: str


class AlertRuleIn(Schema):
    """What somebody wants to be told of, how and how often."""

    name: str
    kinds: list[str]
    channel: str = "email"
    address: str = ""
    connection: str = ""
    least_amount: int = 0
    least_hours: int = 0
    remind_hours: int = 24
    tells_end: bool = True
    cadence: str = "at_once"
    daily_at: str = "07:30"
    quiet_hours: str = ""


class AlertRule(AlertRuleIn):
    """A rule."""

    number: int
    user: str
    on: bool
    next_at: str
    spoke_at: str | None


class AlertRuleMade(AlertRule):
    """A rule, and the secret of a webhook, shown this once."""

    secret: str | None = None


class OnOff(Schema):
    """Whether a rule speaks."""

    on: bool


class WebhookSecret(Schema):
    """What signs a webhook's messages, shown this once."""

    secret: str


class AlertMessage(Schema):
    """One message, and what became of it."""

    number: int
    made_at: str
    user: str
    rule: str
    channel: str
    address: str
    subject: str
    text: str
    state: str
    tries: int
    sent_at: str | None
    trouble: str
