"""The Web Connector's schedule is learned from its calls, and its silence is told from its night."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ml_connector.core.polls import MOST_COUNTED, SAID_FROM, Polls, every_s, expected, heard

MONDAY = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
FIVE_MINUTES = 300.0


def office_hours(weeks: int, *, every: timedelta = timedelta(minutes=5)) -> Iterator[datetime]:
    """Yield the polls of a machine that is on from eight to five on working days."""
    for day in range(weeks * 7):
        begin = MONDAY + timedelta(days=day)
        if begin.weekday() < 5:
            yield from (begin + every * n for n in range(int(timedelta(hours=9) / every)))


def learned(moments: Iterator[datetime]) -> tuple[Polls, datetime]:
    polls, last = Polls(), None
    for moment in moments:
        polls, last = heard(polls, last, moment), moment
    assert last is not None
    return polls, last


def missed(polls: Polls, last: datetime, now: datetime, configured_s: float = FIVE_MINUTES) -> int:
    return expected(polls, last, now, configured_s).missed


def test_before_anything_was_learned_the_file_that_was_written_says_when() -> None:
    polls = heard(Polls(), None, MONDAY)
    found = expected(polls, MONDAY, MONDAY + timedelta(minutes=1), FIVE_MINUTES)
    assert (found.every_s, found.next_at, found.missed) == (300.0, MONDAY + timedelta(minutes=5), 0)


def test_an_interval_that_a_user_made_longer_is_learned() -> None:
    polls, last = learned(MONDAY + timedelta(hours=n) for n in range(5))
    assert every_s(polls, FIVE_MINUTES) == 3600
    assert missed(polls, last, last + timedelta(minutes=80)) == 0
    assert expected(polls, last, last + timedelta(hours=4.6), FIVE_MINUTES).missed == SAID_FROM + 1


def test_pressing_the_button_a_few_times_makes_no_schedule() -> None:
    polls, last = learned(MONDAY + timedelta(seconds=10 * n) for n in range(9))
    assert every_s(polls, FIVE_MINUTES) == 300
    assert not expected(polls, last, last + timedelta(minutes=10), FIVE_MINUTES).is_missing


def test_three_missed_polls_are_said_and_two_are_not() -> None:
    polls, last = learned(MONDAY + timedelta(minutes=5 * n) for n in range(20))
    assert not expected(polls, last, last + timedelta(minutes=17), FIVE_MINUTES).is_missing
    assert expected(polls, last, last + timedelta(minutes=18), FIVE_MINUTES).is_missing


def test_a_silence_of_less_than_a_minute_is_never_said() -> None:
    polls, last = learned(MONDAY + timedelta(seconds=n) for n in range(20))
    assert expected(polls, last, last + timedelta(seconds=50), 1.0).missed > SAID_FROM
    assert not expected(polls, last, last + timedelta(seconds=50), 1.0).is_missing
    assert expected(polls, last, last + timedelta(seconds=60), 1.0).is_missing


def test_a_poll_that_is_overdue_is_expected_now() -> None:
    polls = heard(Polls(), None, MONDAY)
    now = MONDAY + timedelta(hours=2)
    assert expected(polls, MONDAY, now, FIVE_MINUTES).next_at == now


def test_nights_and_weekends_are_learned_and_nothing_is_missed_in_them() -> None:
    polls, last = learned(office_hours(4))
    assert (last.weekday(), last.hour) == (4, 16)
    found = expected(polls, last, last + timedelta(hours=30), FIVE_MINUTES)
    assert found.missed == 0
    assert found.next_at == MONDAY + timedelta(weeks=4)
    assert missed(polls, last, MONDAY + timedelta(weeks=4, minutes=18)) == SAID_FROM + 1


def test_one_holiday_week_does_not_unlearn_the_usual_hours() -> None:
    moments = (m for m in office_hours(5) if not timedelta(weeks=3) <= m - MONDAY < timedelta(weeks=4))
    polls, last = learned(moments)
    assert missed(polls, last, last + timedelta(hours=30)) == 0


def test_before_three_weeks_were_seen_every_hour_counts() -> None:
    polls, last = learned(office_hours(2))
    assert missed(polls, last, last + timedelta(hours=30)) == MOST_COUNTED


def test_a_machine_that_polls_once_a_night_misses_a_night_and_not_a_day() -> None:
    polls, last = learned(MONDAY + timedelta(days=n) for n in range(29))
    assert missed(polls, last, last + timedelta(hours=23)) == 0
    assert missed(polls, last, last + timedelta(days=3, hours=13)) == 3


@given(gaps=st.lists(st.integers(0, 10**6), max_size=60), silence=st.integers(0, 10**8))
def test_what_is_remembered_stays_small_and_the_next_poll_is_never_in_the_past(gaps: list[int], silence: int) -> None:
    polls, last = heard(Polls(), None, MONDAY), MONDAY
    for gap in gaps:
        now = last + timedelta(seconds=gap)
        polls, last = heard(polls, last, now), now
    assert len(polls.gaps_s) <= 15 and len(polls.weeks) <= 4
    now = last + timedelta(seconds=silence)
    found = expected(polls, last, now, FIVE_MINUTES)
    assert found.next_at >= now
    assert 0 <= found.missed <= MOST_COUNTED
