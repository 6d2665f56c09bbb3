"""What templates can say: times, money, states, addresses of files."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ml_connector.core.entry_standing import WORDS as ENTRY_WORDS
from ml_connector.core.entry_standing import EntryStanding
from ml_connector.core.states import WORDS, State
from ml_connector.flows import payment_list
from ml_connector.flows.local_time import span
from ml_connector.flows.page_words import for_pages
from ml_connector.flows.story import PARTLY_PAID
from ml_connector.store.cents import from_cents
from ml_connector.web.console import static

register = template.Library()

#: How a state looks; the words carry the meaning, the colour only helps.
_GOOD = frozenset(
    {
        WORDS[State.POSTED],
        WORDS[State.CONFIRMED],
        WORDS[State.PAID],
        PARTLY_PAID,
        "Working",
        payment_list.CONFIRMED,
        ENTRY_WORDS[EntryStanding.EQUAL][0],
    }
)
_WAIT = frozenset(
    {
        WORDS[State.RECEIVED], WORDS[State.ACCEPTED], WORDS[State.PLANNED], WORDS[State.SENT], WORDS[State.GIVEN_UP],
        "Waiting for the first poll", "Dry run", "Quiet hours", payment_list.DUE, payment_list.TOLD, payment_list.FIRST_THE_BILL,
        *(ENTRY_WORDS[standing][0] for standing in (EntryStanding.NEW, EntryStanding.CHANGED, EntryStanding.SENT)),
    }
)  # fmt: skip
_ASK = frozenset({WORDS[State.IN_DOUBT]})
_OUT = frozenset(
    {
        WORDS[State.SKIPPED],
        WORDS[State.RETURNED],
        "Paused",
        payment_list.TAKEN_BACK,
        payment_list.LEFT_OUT,
        *(
            ENTRY_WORDS[standing][0]
            for standing in (EntryStanding.INACTIVE, EntryStanding.MERGED, EntryStanding.DELETED)
        ),
    }
)


def tone_of(words: str) -> str:
    """Return the tone of a state's words: good, wait, ask, out, or bad, which is all that needs a person."""
    for tone, known in (("good", _GOOD), ("wait", _WAIT), ("ask", _ASK), ("out", _OUT)):
        if words in known:
            return tone
    return "bad"


@register.filter
def pages(sentence: object) -> str:
    """Show a sentence with the names of buttons where it has commands."""
    return for_pages(str(sentence))


@register.simple_tag
def badge(words: str) -> SafeString:
    """Show a state."""
    return format_html('<span class="badge {}">{}</span>', tone_of(words), words)


@register.simple_tag
def when(moment: datetime | str | None, zone: tzinfo = UTC, never: str = "never") -> SafeString:
    """Show a time in a zone, and name the zone."""
    if not moment:
        return format_html("{}", never)
    at = _moment(moment)
    local = at.astimezone(zone)
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>',
        at.isoformat(timespec="seconds"),
        at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
        f"{local.day} {local:%b %Y, %H:%M:%S} {local.tzname()}",
    )


@register.simple_tag
def minute(moment: datetime, zone: tzinfo = UTC) -> SafeString:
    """Show a time to the minute, for lists."""
    local = moment.astimezone(zone)
    stamp = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    shown = f"{local.day} {local:%b %H:%M} {local.tzname()}"
    return format_html('<time datetime="{}" title="{} UTC">{}</time>', moment.isoformat(), stamp, shown)


@register.simple_tag
def plain(name: str) -> str:
    """Show the name of an event, as the audit trail holds it, to a person."""
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


@register.simple_tag
def ago(moment: datetime | str | None, now: datetime, never: str = "never") -> str:
    """Say how long ago, or how far ahead, a time is."""
    if not moment:
        return never
    seconds = (now - _moment(moment)).total_seconds()
    span = _span(abs(seconds))
    if span == "moments":
        return "just now"
    return f"{span} ago" if seconds > 0 else f"in {span}"


@register.simple_tag
def took(begun: datetime, ended: datetime) -> str:
    """Say how long something took."""
    return span((ended - begun).total_seconds())


def _span(seconds: float) -> str:
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {name}{'s' if count > 1 else ''}"
    return "moments" if seconds < 10 else f"{int(seconds)} seconds"


def _moment(value: datetime | str) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


@register.simple_tag
def money(amount: Decimal | None, currency: str = "") -> SafeString:
    """Show an amount with its currency."""
    if amount is None:
        return SafeString("")
    return format_html('<span class="money">{}</span>', f"{amount:,.2f} {currency}".rstrip())


@register.simple_tag
def was_now(was: Decimal, is_now: Decimal) -> SafeString:
    """Show an amount that may have changed: what it was, and what it is."""
    if was == is_now:
        return format_html('<span class="money">{}</span>', f"{is_now:,.2f}")
    before = format_html('<del class="money"><span class="unseen">was </span>{}</del>', f"{was:,.2f}")
    return format_html('{} <ins class="money"><span class="unseen">is now </span>{}</ins>', before, f"{is_now:,.2f}")


@register.simple_tag
def cents(whole: int, currency: str = "") -> SafeString:
    """Show an amount that a row holds in cents."""
    return money(from_cents(whole), currency)


@register.simple_tag
def file(name: str) -> str:
    """Return the address of a stylesheet or script."""
    return static.address_of(name)
