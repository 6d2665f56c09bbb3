"""People are told of what they must act on: once, in time, by the way they chose, and told again when it is over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from ml_connector.core.errors import ConnectorError, NeedsOperator, Refused, TryAgain
from ml_connector.core.roles import Role
from ml_connector.core.secret import Secret
from ml_connector.flows import alert_round, alert_rules, connections, people
from ml_connector.flows.alert_rules import Given
from ml_connector.flows.alert_ways import MAIL_PASSWORD, AlertWays
from ml_connector.messaging.mail import Letter
from ml_connector.messaging.webhook import signed
from ml_connector.store import duties
from ml_connector.store.models import AccessEntry, AlertMatter, AlertMessage, AlertRule, User
from world import World

pytestmark = pytest.mark.both_databases


@dataclass
class Post:
    """Takes what leaves, unless it was told to say something else."""

    letters: list[Letter] = field(default_factory=list)
    calls: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)
    troubles: list[ConnectorError] = field(default_factory=list)  #: of the next sends; then all is taken
    status: int = 204

    def send(self, letter: Letter) -> None:
        if self.troubles:
            raise self.troubles.pop(0)
        self.letters.append(letter)

    def ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        self.calls.append((url, headers, body))
        return self.status, b""


@pytest.fixture
def post(world: World, tmp_path: Path) -> Post:
    made = Post()
    world.surroundings.ways = AlertWays(own_url="https://connector.example", home=tmp_path, mailer=made, ask=made.ask)
    return made


def _person(world: World, name: str = "zoe", role: Role = Role.CLERK) -> User:
    user, _ = people.add(world.surroundings, name, role, "a test", email=f"{name}@acme.example")
    return user


def _rule(world: World, user: User, *kinds: str, **given: object) -> AlertRule:
    wanted = replace(Given(name="mine", kinds=kinds or ("held_up",)), **given)  # type: ignore[arg-type]
    rule, _ = alert_rules.make(world.surroundings, user, wanted, user.name)
    return rule


def _looks(world: World, minutes: float = 0.0) -> None:
    """Let time pass, the engine look, and the round be made."""
    world.passes(minutes * 60)
    duties.wake_all(world.connection.pk, world.clock.now(), duties.WATCH)
    world.works()
    alert_round.make_round(world.surroundings)


def _blocks(world: World, count: int = 1) -> None:
    """Let Basware approve invoices that are blocked for payment, which a person must decide on."""
    for _ in range(count):
        world.basware.approves(paymentBlock=True)
    world.run_until_idle()


def test_who_asked_for_it_is_told_once_of_invoices_that_need_a_person(world: World, post: Post) -> None:
    _rule(world, _person(world))
    _blocks(world, 2)
    _looks(world)
    (letter,) = post.letters
    assert letter.to == "zoe@acme.example" and "2 invoices" in letter.subject and "USD" in letter.subject
    assert "blocked for payment" in letter.text and "Next: Remove the payment blocks" in letter.text
    assert "https://connector.example/console/inbox/MLC-BLOCK-01?connection=main" in letter.text
    _looks(world, 20)
    _looks(world, 60)
    assert len(post.letters) == 1, "what was told is not told again because it is looked at again"


def test_what_lasts_is_told_again_as_a_reminder_and_what_doubles_at_once(world: World, post: Post) -> None:
    _rule(world, _person(world), remind_hours="24")
    _blocks(world)
    _looks(world)
    _blocks(world)
    _looks(world, 16)
    assert [letter.subject.split(": ")[2].split(",")[0] for letter in post.letters] == ["1 invoice", "2 invoices"]
    _blocks(world)
    _looks(world, 60)
    assert len(post.letters) == 2, "one more is no news"
    _looks(world, 24 * 60)
    assert len(post.letters) == 3 and "3 invoices" in post.letters[2].subject


def test_that_it_is_over_is_told_once_it_has_stayed_over(world: World, post: Post) -> None:
    _rule(world, _person(world))
    _blocks(world)
    _looks(world)
    _allows(world, "yes")
    _looks(world)
    assert len(post.letters) == 1, "it may come back in a moment"
    _looks(world, 16)
    _, over = post.letters
    assert over.subject.startswith("Over: ") and "1 invoice" in over.subject
    _looks(world, 24 * 60)
    assert len(post.letters) == 2 and not AlertMatter.objects.filter(kind="held_up", over_at=None).exists()


def test_what_comes_and_goes_is_told_once(world: World, post: Post) -> None:
    _rule(world, _person(world))
    for _ in range(3):
        _allows(world, "no")
        _blocks(world)
        _looks(world, 1)
        _allows(world, "yes")
        _looks(world, 1)
    assert len(post.letters) == 1, [letter.subject for letter in post.letters]


def _allows(world: World, blocked_ones: str) -> None:
    connections.change(world.surroundings, world.connection, "a test", settings={"post_payment_blocked": blocked_ones})
    world.run_until_idle()


def test_a_silent_web_connector_is_told_to_who_keeps_the_machines(world: World, post: Post) -> None:
    _rule(world, _person(world, "ada", Role.ADMIN), "silent")
    _looks(world, 12 * 60)
    (letter,) = post.letters
    assert "The Web Connector does not call" in letter.subject and "On the QuickBooks machine" in letter.text


def test_a_rule_tells_nothing_below_its_amount_or_before_its_age(world: World, post: Post) -> None:
    clerk = _person(world)
    _rule(world, clerk, name="large", least_amount="10,000,000")
    _rule(world, clerk, name="old", least_hours="5")
    _rule(world, clerk, name="all")
    _blocks(world)
    _looks(world)
    assert [message.rule.name for message in AlertMessage.objects.all() if message.rule] == ["all"]
    _looks(world, 5 * 60)
    assert [message.rule.name for message in AlertMessage.objects.order_by("pk") if message.rule] == ["all", "old"]


def test_an_outage_is_told_only_if_it_lasts(world: World, post: Post) -> None:
    _rule(world, _person(world, "ada", Role.ADMIN), "outage")
    world.basware_answers("GET", "*", 503, times=0)
    world.fetches()
    _looks(world)
    assert post.letters == []
    _looks(world, 16)
    assert [letter.subject for letter in post.letters] == [f"{_company(world)}: Basware does not answer"]


def _company(world: World) -> str:
    world.connection.refresh_from_db()
    return world.connection.company_name or world.connection.name


def test_a_daily_rule_tells_everything_together_at_its_time(world: World, post: Post) -> None:
    rule = _rule(world, _person(world), "held_up", "deadline", cadence="daily", daily_at="07:30")
    assert (rule.next_at.hour, rule.next_at.minute) == (7, 30)
    _blocks(world)
    _looks(world)
    assert post.letters == []
    minutes = (rule.next_at - world.clock.now()) / timedelta(minutes=1)
    _looks(world, minutes + 1)
    assert len(post.letters) == 1
    rule.refresh_from_db()
    assert rule.next_at > world.clock.now() + timedelta(hours=23)


def test_in_quiet_hours_nothing_is_told_and_afterwards_all_of_it(world: World, post: Post) -> None:
    now = world.clock.now()
    window = f"{now - timedelta(hours=1):%H:%M}-{now + timedelta(hours=2):%H:%M}"
    _rule(world, _person(world), quiet_hours=window)
    _blocks(world)
    _looks(world, 30)
    assert post.letters == []
    _looks(world, 120)
    assert len(post.letters) == 1


def test_one_connection_of_many_is_told_to_who_asked_for_that_one(world: World, post: Post) -> None:
    rule = _rule(world, _person(world), connection="main")
    assert rule.connection_id == world.connection.pk
    _blocks(world)
    _looks(world)
    assert len(post.letters) == 1
    with pytest.raises(NeedsOperator):
        _rule(world, _person(world, "max"), connection="none-of-ours")


def test_what_is_paused_on_purpose_alerts_nobody(world: World, post: Post) -> None:
    _rule(world, _person(world))
    _blocks(world)
    duties.wake_all(world.connection.pk, world.clock.now(), duties.WATCH)
    world.works()
    connections.pause(world.surroundings, world.connection, "stocktaking", "a test")
    alert_round.make_round(world.surroundings)
    assert post.letters == []


def test_the_installation_itself_is_looked_at(world: World, post: Post) -> None:
    _rule(world, _person(world, "ada", Role.ADMIN), "system")
    _looks(world)
    _looks(world, 16)
    (letter,) = post.letters
    assert "Latest backup: none known" in letter.text and "ml-connector backup" in letter.text


def test_a_message_that_is_not_taken_is_tried_again_later_and_later_and_given_up_with_a_verb(
    world: World, post: Post
) -> None:
    _rule(world, _person(world))
    _blocks(world)
    post.troubles = [TryAgain("The mail server does not answer.")] * 14
    _looks(world)
    message = AlertMessage.objects.get()
    waits = []
    while message.due_at is not None:
        waits.append((message.due_at - world.clock.now()).total_seconds())
        world.passes(waits[-1] + 1)
        alert_round.make_round(world.surroundings)
        message.refresh_from_db()
    assert message.state == "given up" and message.tries == 14 and max(waits) <= 4 * 3600
    assert message.trouble == "The mail server does not answer."
    assert alert_round.count_given_up(world.clock.now()) == 1
    alert_round.send_again(world.surroundings, message)
    assert [letter.to for letter in post.letters] == ["zoe@acme.example"] and message.state == "sent"


def test_a_process_that_dies_after_sending_sends_the_same_number_again(world: World, post: Post) -> None:
    _rule(world, _person(world))
    _blocks(world)
    _looks(world)
    message = AlertMessage.objects.get()
    AlertMessage.objects.update(state="waiting", due_at=world.clock.now(), sent_at=None)  # as if nothing was committed
    alert_round.make_round(world.surroundings)
    first, second = post.letters
    assert first.number == second.number and f"alert_{message.pk}" in first.number


def test_what_is_refused_for_good_is_not_tried_again(world: World, post: Post) -> None:
    _rule(world, _person(world))
    _blocks(world)
    post.troubles = [Refused("The mail server", "550", "No such mailbox")]
    _looks(world)
    message = AlertMessage.objects.get()
    assert (message.state, message.tries) == ("given up", 1) and "No such mailbox" in message.trouble


def test_a_webhook_is_signed_with_a_secret_that_is_shown_once_and_kept_sealed(world: World, post: Post) -> None:
    admin = _person(world, "ada", Role.ADMIN)
    given = Given(name="hook", channel="webhook", address="https://alerts.example.com/1", kinds=["held_up"])
    rule, secret = alert_rules.make(world.surroundings, admin, given, "ada")
    assert secret is not None and secret.open().startswith("whsec_")
    _blocks(world)
    _looks(world)
    ((url, headers, body),) = post.calls
    told = json.loads(body)
    assert url == "https://alerts.example.com/1" and told["type"] == "ml-connector.alert"
    assert told["new"][0]["kind"] == "held_up" and told["new"][0]["count"] == 1
    number, at_s = headers["webhook-id"], int(headers["webhook-timestamp"])
    assert headers["webhook-signature"] == signed(secret, number, at_s, body)
    alert_rules.remove(world.surroundings, rule, "ada")
    assert world.surroundings.vault.open(None, alert_rules.secret_name(rule)) is None
    assert AccessEntry.objects.filter(event__startswith="alert_rule_").count() == 2


def test_a_message_that_is_being_sent_is_left_alone_by_the_round_and_found_by_it_if_the_sender_died(
    world: World, post: Post
) -> None:
    rule = _rule(world, _person(world))
    taken: list[str] = []

    class Meddler:
        def send(self, letter: Letter) -> None:
            taken.append(letter.number)
            alert_round.make_round(world.surroundings)  # as another thread does meanwhile
            if len(taken) == 1:
                raise SystemExit("the process dies")

    assert world.surroundings.ways is not None
    world.surroundings.ways = replace(world.surroundings.ways, mailer=Meddler())
    with pytest.raises(SystemExit):
        alert_round.try_out(world.surroundings, rule)
    assert len(taken) == 1
    world.passes(10 * 60)
    alert_round.make_round(world.surroundings)
    assert len(taken) == 2 and taken[0] == taken[1] and AlertMessage.objects.get().state == "sent"


def test_the_password_of_the_mail_server_is_kept_sealed_and_it_is_noted_who_set_it(world: World) -> None:
    alert_rules.keep_mail_password(world.surroundings, Secret("four words"), "ada (command line)")
    kept = world.surroundings.vault.open(None, MAIL_PASSWORD)
    assert kept is not None and kept.matches("four words")
    entry = AccessEntry.objects.get(event="mail_password_set")
    assert entry.actor == "ada (command line)" and "four words" not in entry.words


def test_a_test_is_sent_at_once_and_says_what_became_of_it(world: World, post: Post) -> None:
    rule = _rule(world, _person(world))
    assert alert_round.try_out(world.surroundings, rule).state == "sent"
    post.troubles = [TryAgain("The mail server does not answer.")]
    failed = alert_round.try_out(world.surroundings, rule)
    assert failed.state == "given up" and failed.due_at is None and "does not answer" in failed.trouble


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": ""}, "a name"), ({"kinds": ()}, "at least one"), ({"kinds": ("nothing",)}, "Alerts are about"),
        ({"cadence": "weekly"}, "A rule speaks"), ({"daily_at": "25:00"}, "07:30"), ({"quiet_hours": "night"}, "22:00-06:00"),
        ({"least_amount": "-1"}, "whole number"), ({"remind_hours": "1.5"}, "whole number"), ({"channel": "fax"}, "goes out"),
        ({"channel": "webhook", "address": "https://alerts.example.com"}, "belong to IT admins"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_kept_is_refused_in_one_sentence(
    world: World, post: Post, given: dict[str, object], words: str
) -> None:
    with pytest.raises(NeedsOperator, match=words):
        _rule(world, _person(world), **given)
    assert not AlertRule.objects.exists()


def test_who_has_no_address_learns_who_sets_it(world: World, post: Post) -> None:
    user, _ = people.add(world.surroundings, "nora", Role.CLERK, "a test")
    with pytest.raises(NeedsOperator, match="an IT admin sets it"):
        _rule(world, user)
    people.set_email(world.surroundings, user, "nora@acme.example", "ada")
    assert _rule(world, user).is_on
    with pytest.raises(NeedsOperator, match="is no e-mail address"):
        people.set_email(world.surroundings, user, "nora at acme", "ada")


def test_who_is_let_in_no_more_is_told_nothing_more(world: World, post: Post) -> None:
    user = _person(world)
    _rule(world, user)
    people.set_active(world.surroundings, user, False, "ada")
    _blocks(world)
    _looks(world)
    assert post.letters == []
