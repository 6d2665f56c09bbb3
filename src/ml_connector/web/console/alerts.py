"""Alerts: what holds now, who is told of what, and what was told."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import resolve, reverse

from ml_connector.core.alerts import CADENCE_WORDS, CHANNEL_WORDS, KIND_WORDS, AlertKind, Channel
from ml_connector.core.errors import NeedsOperator
from ml_connector.core.roles import Role
from ml_connector.core.secret import Secret
from ml_connector.flows import alert_matters, alert_round, alert_rules
from ml_connector.flows.alert_rules import Given
from ml_connector.flows.alert_words import money_of
from ml_connector.store.models import AlertMessage, AlertRule, Connection, User
from ml_connector.web.console.render import back_to, cursor, page, screens_of
from ml_connector.web.console.signing_in import actor, person
from ml_connector.web.running import current

_PAGE = 25
_SHOWN = 50  # matters on the page


def show(request: HttpRequest) -> HttpResponse:
    """Show what holds, the rules that one may see, and what they told."""
    user = person(request)
    found = [row for row in alert_matters.open_matters() if _may_open(user, row.path)]
    told = alert_round.messages_for(user, before=cursor(request, "before"), limit=_PAGE + 1)
    rules = alert_rules.rules_for(user)
    ways = current().surroundings.ways
    return page(
        request,
        "alerts.html",
        matters=[(row, money_of(row)) for row in found[:_SHOWN]],
        more_matters=max(0, len(found) - _SHOWN),
        rules=[_shown(rule) for rule in rules],
        others=any(rule.user_id != user.pk for rule in rules),
        told=told[:_PAGE],
        older=told[_PAGE - 1].pk if len(told) > _PAGE else None,
        first=cursor(request, "before") is None,
        mail=ways is not None and ways.mailer is not None,
        admin=user.role == Role.ADMIN,
    )


def _may_open(user: User, path: str) -> bool:
    """Tell whether a person may use the screen on which a matter is mended; what one cannot mend is not shown."""
    name = resolve(reverse("console:home") + path.partition("?")[0]).url_name
    return name in screens_of(user)


def _shown(rule: AlertRule) -> dict[str, object]:
    return {
        "row": rule,
        "by": CHANNEL_WORDS[Channel(rule.channel)],
        "to": rule.address or rule.user.email or "nowhere: no e-mail address is set",
        "about": [KIND_WORDS[AlertKind(kind)] for kind in rule.kinds if kind in set(AlertKind)],
        "when": alert_rules.when_words(rule),
    }


def make(request: HttpRequest) -> HttpResponse:
    """Ask for a new rule, and make it."""
    user = person(request)
    given, problem = alert_rules.suggested(user), ""
    if request.method == "POST":
        given = _given(request)
        try:
            made, secret = alert_rules.make(current().surroundings, user, given, actor(request))
        except NeedsOperator as cannot:
            problem = str(cannot)
        else:
            messages.success(request, f"The rule {made.name!r} is made. Test it, so that you know that it arrives.")
            return _shown_secret(request, made, secret) if secret else back_to("alert-rule", made.pk)
    return _form(request, None, given, problem)


def rule(request: HttpRequest, number: int) -> HttpResponse:
    """Show a rule, and take what was changed."""
    row = alert_rules.rule_for(person(request), number)
    given, problem = alert_rules.given_of(row), ""
    if request.method == "POST":
        given = _given(request)
        try:
            secret = alert_rules.change(current().surroundings, row, given, actor(request))
        except NeedsOperator as cannot:
            problem = str(cannot)
            row = alert_rules.rule_for(person(request), number)
        else:
            messages.success(request, "The rule is saved.")
            return _shown_secret(request, row, secret) if secret else back_to("alert-rule", number)
    return _form(request, row, given, problem)


def _given(request: HttpRequest) -> Given:
    form = request.POST
    texts = {
        name: form.get(name, "")[:500]
        for name in (
            "name", "channel", "address", "connection", "least_amount", "least_hours", "remind_hours", "cadence", "daily_at",
            "quiet_hours",
        )
    }  # fmt: skip
    return Given(**texts, kinds=form.getlist("kinds")[:20], tells_end=form.get("tells_end") == "on")


def _form(request: HttpRequest, row: AlertRule | None, given: Given, problem: str) -> HttpResponse:
    owner = row.user if row else person(request)
    channels = [
        (channel.value, words)
        for channel, words in CHANNEL_WORDS.items()
        if channel is Channel.EMAIL or owner.role == Role.ADMIN
    ]
    return page(
        request,
        "alert_rule.html",
        status=400 if problem else 200,
        rule=row,
        owner=owner,
        given=given,
        problem=problem,
        channels=channels,
        kinds=[(kind.value, words, kind.value in given.kinds) for kind, words in KIND_WORDS.items()],
        cadences=[(cadence.value, words) for cadence, words in CADENCE_WORDS.items()],
        connections=list(Connection.objects.order_by("name").values_list("name", flat=True)),
        zone=alert_rules.zone_for(row or AlertRule(connection=None)).key,
        told=row.messages.order_by("-pk")[:5] if row else (),
    )


def _shown_secret(request: HttpRequest, row: AlertRule, secret: Secret) -> HttpResponse:
    return page(request, "alert_secret.html", rule=row, secret=secret.open())


def test(request: HttpRequest, number: int) -> HttpResponse:
    """Send a test at once."""
    row = alert_rules.rule_for(person(request), number)
    _say(request, alert_round.try_out(current().surroundings, row), "The test")
    return back_to("alert-rule", number)


def turn(request: HttpRequest, number: int) -> HttpResponse:
    """Let a rule speak, or be silent."""
    row = alert_rules.rule_for(person(request), number)
    on = request.POST.get("on") == "yes"
    alert_rules.set_on(current().surroundings, row, on, actor(request))
    messages.success(request, "The rule speaks again." if on else "The rule is silent now.")
    return back_to("alert-rule", number)


def renew_secret(request: HttpRequest, number: int) -> HttpResponse:
    """Give a webhook another secret, and show it this once."""
    row = alert_rules.rule_for(person(request), number)
    return _shown_secret(request, row, alert_rules.renew_secret(current().surroundings, row, actor(request)))


def remove(request: HttpRequest, number: int) -> HttpResponse:
    """Remove a rule."""
    row = alert_rules.rule_for(person(request), number)
    alert_rules.remove(current().surroundings, row, actor(request))
    messages.success(request, "The rule was removed.")
    return back_to("alerts")


def message(request: HttpRequest, number: int) -> HttpResponse:
    """Show one message as it was sent."""
    return page(request, "alert_message.html", message=alert_round.message_for(person(request), number))


def again(request: HttpRequest, number: int) -> HttpResponse:
    """Send a message once more that nobody took."""
    row = alert_round.message_for(person(request), number)
    alert_round.send_again(current().surroundings, row)
    _say(request, row, "The message")
    return back_to("alert-message", number)


def _say(request: HttpRequest, row: AlertMessage, what: str) -> None:
    if row.state == AlertMessage.State.SENT:
        messages.success(
            request, f"{what} was taken by {row.address if row.channel != Channel.EMAIL else 'the mail server'}."
        )
    else:
        messages.error(request, f"{what} was not taken: {row.trouble}")
