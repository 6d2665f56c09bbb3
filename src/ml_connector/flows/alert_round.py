"""The round of alerts: look at the installation, let each rule say what it has to say, and send what waits.

One process makes it at a time. A message is written down, complete, in the transaction that notes what it tells; it is sent
afterwards, and again if nobody is known to have taken it. So an alert may come twice, with the same number; it is never lost.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from ml_connector.core.alerts import Channel, Matter, is_news, is_wanted
from ml_connector.core.errors import ConnectorError, NeedsOperator, Refused
from ml_connector.core.retry import retry_delay_s
from ml_connector.core.roles import Role
from ml_connector.flows import alert_matters, alert_rules, alert_words
from ml_connector.flows.alert_matters import matter_of
from ml_connector.flows.alert_ways import AlertWays
from ml_connector.flows.alert_words import News, Words
from ml_connector.flows.surroundings import Surroundings
from ml_connector.messaging.mail import Letter, is_address
from ml_connector.messaging.webhook import chat_call, checked_address, post, webhook_call
from ml_connector.store.models import AlertMatter, AlertMessage, AlertRound, AlertRule, AlertTold, User

log = logging.getLogger(__name__)

#: How often the round is made.
EVERY = timedelta(seconds=10)
_INSTALLATION_EVERY = timedelta(minutes=15)
_MOST_TRIES = 14  # the waits add up to about a day
_BASE_S, _CAP_S = 60.0, 4 * 3600.0
_AT_A_TIME = 50
#: A message that is being sent is left alone for so long; whoever died over it is taken for dead after that.
_LEASE = timedelta(minutes=5)
_KEPT = timedelta(days=90)


def make_round(surroundings: Surroundings) -> None:
    """Make the round once. Without a way out nothing is looked at, because nobody could be told."""
    if surroundings.ways is None:
        return
    now = surroundings.clock()
    _look_at_installation(surroundings, surroundings.ways, now)
    speak(surroundings.ways, now)
    send_due(surroundings, surroundings.ways, now)


def _look_at_installation(surroundings: Surroundings, ways: AlertWays, now: datetime) -> None:
    latest = AlertRound.objects.first()
    if latest is not None and now - latest.looked_at < _INSTALLATION_EVERY:
        return
    alert_matters.look_at_installation(surroundings, ways.home, now)
    AlertMessage.objects.filter(made_at__lt=now - _KEPT).delete()
    AlertRound.objects.update_or_create(pk=1, defaults={"looked_at": now})


# What the rules say.


def speak(ways: AlertWays, now: datetime) -> None:
    """Let every rule that may speak say what it has to say."""
    rules = list(
        AlertRule.objects.filter(is_on=True, next_at__lte=now).select_related("user", "connection").order_by("pk")
    )
    if not rules:
        return
    rows = _matters(rules)
    for rule in rules:
        if rule.channel == Channel.EMAIL and not rule.user.is_active:
            continue
        with transaction.atomic():
            _speak_one(ways, rule, rows, now)


#: A row, and the same as the rules look at it.
_Seen = tuple[AlertMatter, Matter]


def _matters(rules: Sequence[AlertRule]) -> list[_Seen]:
    """Return what holds, and what is over that one of these rules spoke of."""
    found = AlertMatter.objects.select_related("connection")
    over = found.exclude(over_at=None).filter(told__rule__in=rules).distinct()
    open_now = found.filter(over_at=None, gone_at=None).exclude(connection__paused=True)
    return [(row, matter_of(row)) for row in (*open_now.order_by("pk"), *over.order_by("pk"))]


def _speak_one(ways: AlertWays, rule: AlertRule, rows: Sequence[_Seen], now: datetime) -> None:
    if end := alert_rules.quiet_end(rule, now):
        rule.next_at = end
        rule.save(update_fields=["next_at"])
        return
    news = _news(rule, rows, now)
    if news:
        words = alert_words.write(news, ways.own_url, rule.name, rule.pk, now)
        enqueue(rule, words, now, now)
        for row in (*news.new, *news.again):
            AlertTold.objects.update_or_create(rule=rule, matter=row, defaults={"at": now, "count": row.count})
        rule.spoke_at = now
    if any(row.over_at is not None for row, _ in rows):
        rule.told.filter(matter__over_at__isnull=False).delete()
    following = alert_rules.after_speaking(rule, now)
    if news or following > now:
        rule.next_at = following
        rule.save(update_fields=["next_at", "spoke_at"])


def _news(rule: AlertRule, rows: Iterable[_Seen], now: datetime) -> News:
    wanted = alert_rules.wanted_of(rule)
    told = {row.matter_id: row for row in rule.told.all()}
    new: list[AlertMatter] = []
    again: list[AlertMatter] = []
    over: list[AlertMatter] = []
    for row, matter in rows:
        if rule.connection_id is not None and row.connection_id not in {None, rule.connection_id}:
            continue
        before = told.get(row.pk)
        if row.over_at is not None:
            if before is not None and wanted.tells_end:
                over.append(row)
            continue
        if not is_wanted(wanted, matter, row.began_at, now):
            continue
        if is_news(before.at if before else None, before.count if before else 0, matter, wanted.remind_hours, now):
            (again if before else new).append(row)
    return News(new=new, again=again, over=over)


def enqueue(rule: AlertRule, words: Words, now: datetime, due_at: datetime) -> AlertMessage:
    """Write a message down, to be sent by the round from a moment on."""
    return AlertMessage.objects.create(
        rule=rule,
        user=rule.user,
        channel=rule.channel,
        address=rule.address or rule.user.email,
        subject=words.subject,
        text=words.text,
        body=words.body,
        made_at=now,
        due_at=due_at,
    )


# The messages.


def send_due(surroundings: Surroundings, ways: AlertWays, now: datetime) -> None:
    """Send what waits to be sent, the oldest first."""
    due = AlertMessage.objects.filter(due_at__lte=now).select_related("rule", "user").order_by("due_at", "pk")
    for message in due[:_AT_A_TIME]:
        send(surroundings, ways, message)


def send(surroundings: Surroundings, ways: AlertWays, message: AlertMessage) -> None:
    """Send one message, and note what became of it; nothing if somebody else is sending it."""
    now = surroundings.clock()
    mine = AlertMessage.objects.filter(pk=message.pk, state=AlertMessage.State.WAITING, due_at=message.due_at)
    message.tries, message.due_at = message.tries + 1, now + _LEASE
    if not mine.update(tries=message.tries, due_at=message.due_at):
        return
    try:
        _deliver(surroundings, ways, message, now)
    except ConnectorError as trouble:
        message.trouble = str(trouble)[:500]
        if isinstance(trouble, Refused) or message.tries >= _MOST_TRIES:
            message.state, message.due_at = AlertMessage.State.GIVEN_UP, None
        else:
            wait_s = retry_delay_s(message.tries, surroundings.dice(), base_s=_BASE_S, cap_s=_CAP_S)
            message.due_at = now + timedelta(seconds=wait_s)
        log.warning("an alert was not taken", extra={"alert": message.pk, "tries": message.tries, "why": str(trouble)})
    else:
        message.state, message.sent_at, message.due_at, message.trouble = AlertMessage.State.SENT, now, None, ""
    message.save(update_fields=["tries", "state", "due_at", "sent_at", "trouble"])


def _deliver(surroundings: Surroundings, ways: AlertWays, message: AlertMessage, now: datetime) -> None:
    number = f"alert_{message.pk}"
    if message.channel == Channel.EMAIL:
        if ways.mailer is None:
            raise NeedsOperator("No mail server is named; set mail_server and mail_from, and start the service anew.")
        if not is_address(message.address):
            raise Refused("The connector", "no address", f"{message.address!r} is no e-mail address.")
        ways.mailer.send(
            Letter(
                to=message.address, subject=message.subject, text=message.text,
                number=f"{number}.{message.made_at:%Y%m%d%H%M%S}", at=now,
            )
        )  # fmt: skip
        return
    url = checked_address(message.address, ways.allowed_hosts)
    if message.channel == Channel.CHAT:
        post(ways.ask, chat_call(url, f"{message.subject}\n\n{message.text}"))
        return
    secret = surroundings.vault.open(None, alert_rules.secret_name(message.rule)) if message.rule else None
    if secret is None:
        raise Refused("The connector", "no secret", "The rule was removed, so that nothing signs the message.")
    post(ways.ask, webhook_call(url, message.body | {"number": number}, number, int(now.timestamp()), secret))


def try_out(surroundings: Surroundings, rule: AlertRule) -> AlertMessage:
    """Send a test at once; the message says what became of it.

    Raises:
        NeedsOperator: the service has no ways out.
    """
    ways, now = _ways(surroundings), surroundings.clock()
    message = enqueue(rule, alert_words.trial(ways.own_url, rule.name, rule.pk, now), now, now + _LEASE)
    send(surroundings, ways, message)
    if message.state == AlertMessage.State.WAITING:  # a test that comes hours later says nothing
        message.state, message.due_at = AlertMessage.State.GIVEN_UP, None
        message.save(update_fields=["state", "due_at"])
    return message


def send_again(surroundings: Surroundings, message: AlertMessage) -> None:
    """Send a message once more that was given up; it is tried as often as a new one."""
    message.state, message.tries, message.due_at = AlertMessage.State.WAITING, 0, surroundings.clock() + _LEASE
    message.save(update_fields=["state", "tries", "due_at"])
    send(surroundings, _ways(surroundings), message)


def _ways(surroundings: Surroundings) -> AlertWays:
    if surroundings.ways is None:
        raise NeedsOperator("This program has no way to send alerts; start the service with ml-connector serve.")
    return surroundings.ways


def messages_for(user: User | None, before: int | None = None, limit: int = 25) -> Sequence[AlertMessage]:
    """Return messages that a person may see, the latest first; None is whoever keeps the installation, and sees all."""
    found = AlertMessage.objects.select_related("rule", "user").order_by("-pk")
    if user is not None and user.role != Role.ADMIN:
        found = found.filter(user=user)
    return list((found.filter(pk__lt=before) if before else found)[:limit])


def message_for(user: User | None, number: int) -> AlertMessage:
    """Return one message that a person may see.

    Raises:
        NeedsOperator: there is none.
    """
    found = AlertMessage.objects.select_related("rule", "user").filter(pk=number).first()
    if found is None or (user is not None and user.role != Role.ADMIN and found.user_id != user.pk):
        raise NeedsOperator("There is no such message, or it is somebody else's.")
    return found


def count_given_up(now: datetime) -> int:
    """Count the messages of the last week that nobody took."""
    since = now - timedelta(days=7)
    return AlertMessage.objects.filter(state=AlertMessage.State.GIVEN_UP, made_at__gte=since).count()


def as_dict(row: AlertMessage) -> dict[str, Any]:
    """Return a message as plain values."""
    return {
        "number": row.pk,
        "made_at": row.made_at.isoformat(timespec="seconds"),
        "user": row.user.name,
        "rule": row.rule.name if row.rule else "",
        "channel": row.channel,
        "address": row.address,
        "subject": row.subject,
        "text": row.text,
        "state": row.state,
        "tries": row.tries,
        "sent_at": row.sent_at.isoformat(timespec="seconds") if row.sent_at else None,
        "trouble": row.trouble,
    }
