"""Alerts: what holds now, who is told of what, and what was told."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from ml_connector.core.scopes import Scope
from ml_connector.core.secret import Secret
from ml_connector.flows import alert_matters, alert_round, alert_rules, alert_words
from ml_connector.flows.alert_rules import Given
from ml_connector.store.models import AlertRule
from ml_connector.web.api.guard import actor, person, rule, surroundings
from ml_connector.web.api.shapes import alerts as shapes
from ml_connector.web.api.shapes import common
from ml_connector.web.running import current

router = Router(tags=["Alerts"])


@router.get("/alerts/now", response=list[shapes.Matter], **rule(Scope.READ, "alerts"))
def now(request: HttpRequest, connection: str = "") -> list[dict[str, Any]]:
    """What holds now that somebody should know of."""
    return [alert_words.as_dict(row, current().config.own_url) for row in alert_matters.open_matters(connection)]


@router.get("/alerts/rules", response=list[shapes.AlertRule], **rule(Scope.READ, "alerts"))
def rules(request: HttpRequest) -> list[dict[str, Any]]:
    """One's own rules, and for an admin everybody's."""
    return [dict(alert_rules.as_dict(row)) for row in alert_rules.rules_for(person(request))]


@router.post("/alerts/rules", response=shapes.AlertRuleMade, **rule(Scope.ALERTS, "alert-new"))
def make(request: HttpRequest, body: shapes.AlertRuleIn) -> dict[str, Any]:
    """Make a rule of one's own. A webhook's secret is in the answer, this once."""
    made, secret = alert_rules.make(surroundings(), person(request), _given(body), actor(request))
    return _made(made, secret)


@router.get("/alerts/rules/{int:number}", response=shapes.AlertRule, **rule(Scope.READ, "alert-rule"))
def show(request: HttpRequest, number: int) -> dict[str, Any]:
    """One rule."""
    return dict(alert_rules.as_dict(alert_rules.rule_for(person(request), number)))


@router.put("/alerts/rules/{int:number}", response=shapes.AlertRuleMade, **rule(Scope.ALERTS, "alert-rule"))
def change(request: HttpRequest, number: int, body: shapes.AlertRuleIn) -> dict[str, Any]:
    """Put another rule in its place."""
    row = alert_rules.rule_for(person(request), number)
    return _made(row, alert_rules.change(surroundings(), row, _given(body), actor(request)))


def _given(body: shapes.AlertRuleIn) -> Given:
    values: dict[str, Any] = body.dict()
    for name in ("least_amount", "least_hours", "remind_hours"):
        values[name] = str(values[name])
    return Given(**values)


def _made(row: AlertRule, secret: Secret | None) -> dict[str, Any]:
    return dict(alert_rules.as_dict(row)) | {"secret": secret.open() if secret else None}


@router.delete("/alerts/rules/{int:number}", response=common.Said, **rule(Scope.ALERTS, "alert-remove"))
def remove(request: HttpRequest, number: int) -> dict[str, Any]:
    """Remove a rule."""
    alert_rules.remove(surroundings(), alert_rules.rule_for(person(request), number), actor(request))
    return {"said": "The rule was removed."}


@router.post("/alerts/rules/{int:number}/turn", response=shapes.AlertRule, **rule(Scope.ALERTS, "alert-turn"))
def turn(request: HttpRequest, number: int, body: shapes.OnOff) -> dict[str, Any]:
    """Let a rule speak, or be silent."""
    row = alert_rules.rule_for(person(request), number)
    alert_rules.set_on(surroundings(), row, body.on, actor(request))
    return dict(alert_rules.as_dict(row))


@router.post("/alerts/rules/{int:number}/secret", response=shapes.WebhookSecret, **rule(Scope.ALERTS, "alert-secret"))
def renew_secret(request: HttpRequest, number: int) -> dict[str, Any]:
    """Give a webhook another secret; it is in the answer, this once."""
    row = alert_rules.rule_for(person(request), number)
    return {"secret": alert_rules.renew_secret(surroundings(), row, actor(request)).open()}


@router.post("/alerts/rules/{int:number}/test", response=shapes.AlertMessage, **rule(Scope.ALERTS, "alert-test"))
def test(request: HttpRequest, number: int) -> dict[str, Any]:
    """Send a test at once; the answer says what became of it."""
    row = alert_rules.rule_for(person(request), number)
    return alert_round.as_dict(alert_round.try_out(surroundings(), row))


@router.get("/alerts/messages", response=list[shapes.AlertMessage], **rule(Scope.READ, "alerts"))
def messages(request: HttpRequest, before: int | None = None) -> list[dict[str, Any]]:
    """What was told, the latest first: up to 25, before a number."""
    return [alert_round.as_dict(row) for row in alert_round.messages_for(person(request), before=before)]


@router.get("/alerts/messages/{int:number}", response=shapes.AlertMessage, **rule(Scope.READ, "alert-message"))
def message(request: HttpRequest, number: int) -> dict[str, Any]:
    """One message as it was sent."""
    return alert_round.as_dict(alert_round.message_for(person(request), number))


@router.post("/alerts/messages/{int:number}/again", response=shapes.AlertMessage, **rule(Scope.ALERTS, "alert-again"))
def again(request: HttpRequest, number: int) -> dict[str, Any]:
    """Send a message once more that nobody took."""
    row = alert_round.message_for(person(request), number)
    alert_round.send_again(surroundings(), row)
    return alert_round.as_dict(row)
