"""The rules of people: what each is told of, how and how often. Each change is noted with who made it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from ml_connector.core.alerts import CADENCE_WORDS, SUGGESTED, AlertKind, Cadence, Channel, Wanted, next_moment
from ml_connector.core.errors import NeedsOperator
from ml_connector.core.quiet import is_window, quiet_until
from ml_connector.core.roles import Role
from ml_connector.core.secret import Secret
from ml_connector.flows import connections
from ml_connector.flows.alert_ways import MAIL_PASSWORD
from ml_connector.flows.people import note
from ml_connector.flows.surroundings import Surroundings, zone_of
from ml_connector.messaging.mail import is_address
from ml_connector.messaging.webhook import checked_address, new_secret
from ml_connector.store.models import AccessEntry, AlertRule, Connection, User

_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_MOST_RULES = 20  # of one person
_MOST_HOURS = 8760
_RANDOM_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a person asks for, as it was typed."""

    name: str = ""
    channel: str = Channel.EMAIL
    address: str = ""  #: of a webhook or chat room
    connection: str = ""  #: empty: all
    kinds: Sequence[str] = ()
    least_amount: str = "0"
    least_hours: str = "0"
    remind_hours: str = "24"
    tells_end: bool = True
    cadence: str = Cadence.AT_ONCE
    daily_at: str = "07:30"
    quiet_hours: str = ""


def suggested(user: User) -> Given:
    """Return what a person of this role is offered first."""
    return Given(name="What I must act on", kinds=sorted(kind.value for kind in SUGGESTED[Role(user.role)]))


def given_of(rule: AlertRule) -> Given:
    """Return a rule as a person would type it."""
    return Given(
        name=rule.name,
        channel=rule.channel,
        address=rule.address,
        connection=rule.connection.name if rule.connection else "",
        kinds=list(rule.kinds),
        least_amount=str(rule.least_amount),
        least_hours=str(rule.least_hours),
        remind_hours=str(rule.remind_hours),
        tells_end=rule.tells_end,
        cadence=rule.cadence,
        daily_at=rule.daily_at,
        quiet_hours=rule.quiet_hours,
    )


def rules_for(user: User) -> Sequence[AlertRule]:
    """Return the rules that a person may see: one's own, and for an admin all of them."""
    found = AlertRule.objects.select_related("user", "connection").order_by("user__name", "name")
    return list(found if user.role == Role.ADMIN else found.filter(user=user))


def all_rules() -> Sequence[AlertRule]:
    """Return all rules, by person and name."""
    return list(AlertRule.objects.select_related("user", "connection").order_by("user__name", "name"))


def rule_for(user: User | None, number: int) -> AlertRule:
    """Return one rule that a person may see; None is whoever keeps the installation, and sees all.

    Raises:
        NeedsOperator: there is none.
    """
    found = AlertRule.objects.select_related("user", "connection").filter(pk=number).first()
    if found is None or (user is not None and user.role != Role.ADMIN and found.user_id != user.pk):
        raise NeedsOperator("There is no such rule, or it is somebody else's.")
    return found


def make(surroundings: Surroundings, user: User, given: Given, actor: str) -> tuple[AlertRule, Secret | None]:
    """Make a rule; return it, and for a webhook the secret that signs its messages, which is shown this once.

    Raises:
        NeedsOperator: what was asked for cannot be done; the sentence says why.
    """
    if AlertRule.objects.filter(user=user).count() >= _MOST_RULES:
        raise NeedsOperator(f"{user.name} has {_MOST_RULES} rules already; remove one first.")
    now = surroundings.clock()
    rule = AlertRule(user=user, created_at=now)
    _fill(surroundings, rule, given, now)
    with transaction.atomic():
        rule.save()
        note(now, actor, "alert_rule_made", user, _about(rule, "made"))
        return rule, _new_secret(surroundings, rule, now) if rule.channel == Channel.WEBHOOK else None


def change(surroundings: Surroundings, rule: AlertRule, given: Given, actor: str) -> Secret | None:
    """Change a rule; return a new secret where it has become a webhook.

    Raises:
        NeedsOperator: what was asked for cannot be done; the rule stays as it was.
    """
    now, was = surroundings.clock(), rule.channel
    _fill(surroundings, rule, given, now)
    with transaction.atomic():
        rule.save()
        note(now, actor, "alert_rule_changed", rule.user, _about(rule, "changed"))
        became = rule.channel == Channel.WEBHOOK and was != Channel.WEBHOOK
        return _new_secret(surroundings, rule, now) if became else None


def renew_secret(surroundings: Surroundings, rule: AlertRule, actor: str) -> Secret:
    """Give a webhook another secret; the earlier one signs nothing any more.

    Raises:
        NeedsOperator: the rule is no webhook.
    """
    if rule.channel != Channel.WEBHOOK:
        raise NeedsOperator("Only webhooks are signed.")
    now = surroundings.clock()
    with transaction.atomic():
        note(now, actor, "alert_rule_changed", rule.user, _about(rule, "given a new secret"))
        return _new_secret(surroundings, rule, now)


def set_on(surroundings: Surroundings, rule: AlertRule, on: bool, actor: str) -> None:
    """Let a rule speak, or be silent."""
    rule.is_on = on
    with transaction.atomic():
        rule.save(update_fields=["is_on"])
        words = _about(rule, "turned on" if on else "turned off")
        note(surroundings.clock(), actor, "alert_rule_changed", rule.user, words)


def remove(surroundings: Surroundings, rule: AlertRule, actor: str) -> None:
    """Remove a rule. What it told stays in the list of messages."""
    with transaction.atomic():
        surroundings.vault.forget(None, secret_name(rule))
        note(surroundings.clock(), actor, "alert_rule_removed", rule.user, _about(rule, "removed"))
        rule.delete()


def secret_name(rule: AlertRule) -> str:
    """Return under which name the vault keeps what signs a webhook's messages."""
    return f"alert webhook {rule.pk}"


def wanted_of(rule: AlertRule) -> Wanted:
    """Return what a rule wants to be told of."""
    known = {kind.value for kind in AlertKind}
    return Wanted(
        kinds=frozenset(AlertKind(kind) for kind in rule.kinds if kind in known),
        least_amount=rule.least_amount,
        least_hours=rule.least_hours,
        remind_hours=rule.remind_hours,
        tells_end=rule.tells_end,
    )


def zone_for(rule: AlertRule) -> ZoneInfo:
    """Return the zone of a rule's times: that of its connection, or of the first one."""
    row = rule.connection or Connection.objects.order_by("name").first()
    return zone_of(row) if row else ZoneInfo("UTC")


def when_words(rule: AlertRule) -> str:
    """Say how often a rule speaks."""
    zone = zone_for(rule).key
    words = CADENCE_WORDS[Cadence(rule.cadence)]
    if rule.cadence == Cadence.DAILY:
        words += f", at {rule.daily_at} {zone}"
    return words + (f"; not from {rule.quiet_hours.replace('-', ' to ')} {zone}" if rule.quiet_hours else "")


def after_speaking(rule: AlertRule, now: datetime) -> datetime:
    """Return when a rule may speak next, if it spoke now or had nothing to say."""
    cadence = Cadence(rule.cadence)
    return next_moment(cadence, rule.daily_at, rule.quiet_hours, zone_for(rule), rule.spoke_at, now)


def keep_mail_password(surroundings: Surroundings, password: Secret, actor: str) -> None:
    """Keep what the mail server asks for; it holds from the next message on."""
    now = surroundings.clock()
    with transaction.atomic():
        surroundings.vault.store(None, MAIL_PASSWORD, password, now)
        words = "The password at the mail server was set."
        AccessEntry.objects.create(at=now, actor=actor[:80], event="mail_password_set", name="", words=words)


def quiet_end(rule: AlertRule, now: datetime) -> datetime | None:
    """Return until when a rule is silent, because it is a quiet hour; None if it is none."""
    end = quiet_until(rule.quiet_hours, now.astimezone(zone_for(rule))) if rule.quiet_hours else None
    return end.astimezone(UTC) if end else None


def _fill(surroundings: Surroundings, rule: AlertRule, given: Given, now: datetime) -> None:
    name = " ".join(given.name.split())
    if not 1 <= len(name) <= 60 or not name.isprintable():
        raise NeedsOperator("Give the rule a name of at most 60 characters.")
    if AlertRule.objects.filter(user=rule.user, name=name).exclude(pk=rule.pk).exists():
        raise NeedsOperator(f"{rule.user.name} has a rule {name!r} already.")
    channel = _one_of(Channel, given.channel, "An alert goes out by")
    kinds = [_one_of(AlertKind, kind, "Alerts are about").value for kind in given.kinds]
    if not kinds:
        raise NeedsOperator("Choose at least one thing to be told of.")
    cadence = _one_of(Cadence, given.cadence, "A rule speaks")
    if not _TIME.fullmatch(given.daily_at.strip()):
        raise NeedsOperator(f"The time of day is written as 07:30, not {given.daily_at!r}.")
    quiet = given.quiet_hours.strip()
    if quiet and not is_window(quiet):
        raise NeedsOperator(f"Quiet hours are a window such as 22:00-06:00, or empty, not {quiet!r}.")
    rule.name, rule.channel, rule.kinds, rule.cadence = name, channel.value, sorted(set(kinds)), cadence.value
    rule.address = _address(surroundings, rule.user, channel, given.address.strip())
    rule.connection = connections.named(given.connection) if given.connection else None
    rule.least_amount = _whole(given.least_amount, 1_000_000_000, "The least amount")
    rule.least_hours = _whole(given.least_hours, _MOST_HOURS, "The least age in hours")
    rule.remind_hours = _whole(given.remind_hours, _MOST_HOURS, "The hours until a reminder")
    rule.tells_end, rule.daily_at, rule.quiet_hours = given.tells_end, given.daily_at.strip(), quiet
    rule.next_at = after_speaking(rule, now)


def _address(surroundings: Surroundings, user: User, channel: Channel, address: str) -> str:
    if channel is Channel.EMAIL:
        if not is_address(user.email):
            raise NeedsOperator(f"{user.name} has no e-mail address yet; an IT admin sets it on the page of the user.")
        return ""
    if user.role != Role.ADMIN:
        raise NeedsOperator(
            "Webhooks and chat rooms belong to IT admins, because what they name is called by this machine."
        )
    ways = surroundings.ways
    return checked_address(address, ways.allowed_hosts if ways else frozenset())


def _new_secret(surroundings: Surroundings, rule: AlertRule, now: datetime) -> Secret:
    secret = new_secret(os.urandom(_RANDOM_BYTES))
    surroundings.vault.store(None, secret_name(rule), secret, now)
    return secret


def _one_of(choices: Any, value: str, sentence: str) -> Any:
    try:
        return choices(value.strip().lower())
    except ValueError:
        raise NeedsOperator(f"{sentence}: {', '.join(choices)}; not {value!r}.") from None


def _whole(text: str, most: int, what: str) -> int:
    plain = text.strip().replace(",", "") or "0"
    if not plain.isdigit() or len(plain) > 12 or int(plain) > most:
        raise NeedsOperator(f"{what} is a whole number from 0 to {most:,}, not {text!r}.")
    return int(plain)


def _about(rule: AlertRule, what: str) -> str:
    where = f" to {rule.address}" if rule.address else ""
    return f"Alert rule {rule.name!r} of {rule.user.name}, by {rule.channel}{where}, was {what}."


def as_dict(rule: AlertRule) -> Mapping[str, Any]:
    """Return a rule as plain values."""
    return {
        "number": rule.pk,
        "user": rule.user.name,
        "name": rule.name,
        "channel": rule.channel,
        "address": rule.address or rule.user.email,
        "connection": rule.connection.name if rule.connection else "",
        "kinds": rule.kinds,
        "least_amount": rule.least_amount,
        "least_hours": rule.least_hours,
        "remind_hours": rule.remind_hours,
        "tells_end": rule.tells_end,
        "cadence": rule.cadence,
        "daily_at": rule.daily_at,
        "quiet_hours": rule.quiet_hours,
        "on": rule.is_on,
        "next_at": rule.next_at.isoformat(timespec="seconds"),
        "spoke_at": rule.spoke_at.isoformat(timespec="seconds") if rule.spoke_at else None,
    }
