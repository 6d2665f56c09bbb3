"""A secret shows itself to nobody but the call that opens it."""

from __future__ import annotations

import copy
import io
import json
import logging
import pickle
import pprint
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass

import pytest

from ml_connector.core.secret import Secret

WORDS = "correct-horse-battery"


@dataclass(frozen=True)
class Holder:
    secret: Secret


@pytest.mark.parametrize(
    "show",
    [
        repr,
        str,
        ascii,
        format,
        lambda s: f"{s}",
        lambda s: f"{s!r} {s!s}",
        lambda s: "{} {!r}".format(s, s),  # noqa: UP032
        lambda s: "%s %r" % (s, s),  # noqa: UP031
        lambda s: repr([s]) + repr({"a": s}) + repr(Holder(s)),
        pprint.pformat,
        lambda s: json.dumps(s, default=str),
        lambda s: str(ValueError(s)) + repr(ValueError(s)),
        lambda s: str(vars(type(s))) + str(dir(s)),
    ],
)
def test_a_secret_is_never_printed(show: Callable[[Secret], str]) -> None:
    assert WORDS not in show(Secret(WORDS))


def test_a_secret_is_never_logged() -> None:
    stream = io.StringIO()
    log = logging.Logger("only this test")
    log.addHandler(logging.StreamHandler(stream))
    log.warning("%s %r", Secret(WORDS), Holder(Secret(WORDS)), extra={"secret": Secret(WORDS)})
    assert "***" in stream.getvalue()
    assert WORDS not in stream.getvalue()


def test_a_secret_does_not_show_in_a_stack_trace_with_its_variables() -> None:
    def fail(secret: Secret) -> None:
        raise RuntimeError(f"failed with {secret}")

    try:
        fail(Secret(WORDS))
    except RuntimeError as error:
        told = traceback.TracebackException.from_exception(error, capture_locals=True)
        assert WORDS not in "".join(told.format()).replace(f'WORDS = "{WORDS}"', "")


@pytest.mark.parametrize("way", [*range(pickle.HIGHEST_PROTOCOL + 1)])
def test_a_secret_is_never_pickled(way: int) -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret(WORDS), protocol=way)
    with pytest.raises(TypeError):
        pickle.dumps(Holder(Secret(WORDS)), protocol=way)


@pytest.mark.parametrize("take", [copy.copy, copy.deepcopy, lambda s: asdict(Holder(s)), json.dumps, vars])
def test_a_secret_is_not_copied_or_taken_apart(take: Callable[[Secret], object]) -> None:
    with pytest.raises(TypeError):
        take(Secret(WORDS))


def test_opening_gives_the_text_itself() -> None:
    assert Secret(WORDS).open() == WORDS


@pytest.mark.parametrize("candidate", ["", WORDS[:-1], WORDS + "x", WORDS.upper(), "ü"])
def test_only_the_same_text_matches(candidate: str) -> None:
    assert Secret(WORDS).matches(WORDS)
    assert not Secret(WORDS).matches(candidate)
