"""E-mail is handed to a real server, and what the server says is understood."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from alert_receivers import MailBox, a_mail_server
from ml_connector.core.errors import NeedsOperator, Refused, TryAgain
from ml_connector.core.secret import Secret
from ml_connector.messaging.mail import NONE, STARTTLS, TLS, Letter, MailServer, SmtpMailer, is_address, mail_server

_LETTER = Letter(
    to="mia@example.com", subject="Müller & Söhne: 3 invoices, 12.00 €", text="Grüße\n\nzweite Zeile\n",
    number="alert_7.20260302", at=datetime(2026, 3, 2, 12, 0, tzinfo=UTC),
)  # fmt: skip


def _mailer(box: MailBox, *, user: str = "", password: str = "") -> SmtpMailer:
    server = MailServer(host="127.0.0.1", port=box.port, security=NONE, user=user, sender="books@acme.example")
    return SmtpMailer(server, lambda: Secret(password) if password else None)


def test_a_letter_arrives_as_it_was_written_and_says_that_a_program_wrote_it() -> None:
    with a_mail_server() as box:
        _mailer(box).send(_LETTER)
    (letter,) = box.letters
    assert letter["Subject"] == _LETTER.subject and letter["To"] == "mia@example.com"
    assert letter["From"] == "ml-connector <books@acme.example>"
    assert letter.get_content().replace("\r\n", "\n") == _LETTER.text
    assert letter["Message-ID"] == "<alert_7.20260302@acme.example>"
    assert letter["Auto-Submitted"] == "auto-generated" and "02 Mar 2026 12:00:00" in letter["Date"]


def test_who_must_sign_in_does_so_with_the_password_of_the_moment() -> None:
    with a_mail_server(password="four words") as box:
        _mailer(box, user="books", password="four words").send(_LETTER)
        assert box.signed_in == ["books in"] and len(box.letters) == 1
        with pytest.raises(NeedsOperator, match=r"did not let books in.*alerts mail-password"):
            _mailer(box, user="books", password="wrong").send(_LETTER)
        with pytest.raises(NeedsOperator, match="not kept yet"):
            _mailer(box, user="books").send(_LETTER)
    assert len(box.letters) == 1


@pytest.mark.parametrize(
    ("answer", "kind"), [("550 No such mailbox", Refused), ("451 Grey-listed, come back", TryAgain)]
)
def test_a_refusal_for_good_is_told_from_one_that_passes(answer: str, kind: type[Exception]) -> None:
    with a_mail_server() as box:
        box.says.append(answer)
        with pytest.raises(kind, match=answer.partition(" ")[2]):
            _mailer(box).send(_LETTER)
        _mailer(box).send(_LETTER)
    assert len(box.letters) == 1


def test_a_server_that_does_not_answer_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(TryAgain, match="does not answer"):
        _mailer(MailBox(port=port)).send(_LETTER)


def test_a_line_that_cannot_be_encrypted_carries_nothing() -> None:
    with a_mail_server() as box:
        plain = MailServer(host="127.0.0.1", port=box.port, security=STARTTLS, user="", sender="books@acme.example")
        with pytest.raises(NeedsOperator, match="does not offer"):
            SmtpMailer(plain, lambda: None).send(_LETTER)
        with pytest.raises(TryAgain):
            SmtpMailer(replace(plain, security=TLS), lambda: None).send(_LETTER)
    assert box.letters == []


def test_the_usual_port_follows_from_how_the_line_is_encrypted() -> None:
    found = [mail_server("mail.example.com", security, "", "a@example.com") for security in (STARTTLS, TLS, NONE)]
    assert [server.port for server in found if server] == [587, 465, 25]
    assert mail_server("", STARTTLS, "", "") is None
    named = mail_server("mail.example.com:2525", STARTTLS, "", "a@example.com")
    assert named is not None and (named.host, named.port) == ("mail.example.com", 2525)


@pytest.mark.parametrize(
    ("where", "security", "user", "sender", "words"),
    [
        ("mail.example.com:0", STARTTLS, "", "a@example.com", "mail_server is a host"),
        ("mail.example.com:port", STARTTLS, "", "a@example.com", "mail_server is a host"),
        ("mail example", STARTTLS, "", "a@example.com", "mail_server is a host"),
        ("mail.example.com", STARTTLS, "", "", "mail_from"),
        ("mail.example.com", NONE, "books", "a@example.com", "not sent unencrypted"),
    ],
)
def test_a_mail_server_that_cannot_be_used_is_refused(
    where: str, security: str, user: str, sender: str, words: str
) -> None:
    with pytest.raises(NeedsOperator, match=words):
        mail_server(where, security, user, sender)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("mia@example.com", True), ("mia.o'neil+books@mail.example.co", True), ("mia", False), ("", False),
        ("mia@example", False), ("mia@example.com, max@example.com", False), ("Mia <mia@example.com>", False),
        ("mia@example.com\nBcc: all@example.com", False), ("mia@@example.com", False), ("@example.com", False),
    ],
)  # fmt: skip
def test_an_address_is_one_mailbox_and_nothing_besides(text: str, good: bool) -> None:
    assert is_address(text) is good
