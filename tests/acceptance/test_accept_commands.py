"""The command: one sentence for every error, an exit code that says whose turn it is, JSON for scripts, no secret shown."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from installation import INTERNAL, Done, Installation

from conftest import Served

_USAGE, _CANNOT, _LATER = 2, 3, 4
_REST = ("--company-code", "U", "--client-id", "i", "--client-secret", "s")


def _is_one_sentence(done: Done, code: int) -> None:
    assert done.code == code, done
    said = done.value["error"] if done.out.strip().startswith("{") else done.err.strip().removeprefix("Error: ")
    assert said.rstrip().endswith((".", "...")), said
    assert not INTERNAL.search(said.replace(".sqlite3", "")), said


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """A home in which nobody has made anything but the database."""
    made = Installation(tmp_path_factory.mktemp("commands") / "home")
    assert made.run("init").code == 0
    return made


@pytest.mark.parametrize(
    "words",
    [
        ("show", "4711"), ("why", "4711"), ("retry", "4711"), ("link", "4711", "--txn-id", "1-2"),
        ("skip", "4711", "--reason", "x"), ("give-up", "4711", "--reason", "x"),
        ("documents", "--connection", "nobody"), ("connection", "show", "nobody"), ("connection", "qwc", "nobody"),
        ("connection", "ping", "nobody"), ("connection", "pause", "nobody"), ("connection", "resume", "nobody"),
        ("connection", "set", "nobody", "--set", "page_size=1"), ("webhook", "list", "nobody"), ("sync", "nobody"),
        ("lists", "status", "nobody"), ("audit", "verify", "nobody"),
        ("mapping", "set", "account", "1", "2"), ("mapping", "import", "nowhere.csv"), ("mapping", "list"),
        ("connection", "add", "a b", "--base-url", "https://x.example", *_REST),
        ("connection", "add", "a", "--base-url", "ftp://x", *_REST),
        ("connection", "add", "a", "--base-url", "http://x.example", *_REST),
        ("connection", "add", "a", "--base-url", "https://x.example", "--company-code", "U"),
        ("connection", "add", "a", "--base-url", "https://x.example", *_REST, "--set", "page_size=many"),
        ("connection", "add", "a", "--base-url", "https://x.example", *_REST[:4], "--client-secret-file", "/nowhere"),
        ("connection", "add", "a", "--base-url", "https://x.example", *_REST, "--set", f"source_system={'x' * 33}"),
        ("connection", "add", "a", "--base-url", "https://x.example", *_REST, "--set", "language=e"),
        ("connection", "add", "a", "--base-url", f"https://x.example/{'x' * 500}", *_REST),
        ("connection", "add", "a", "--base-url", "https://x.example", "--company-code", "U\n1", *_REST[2:]),
        ("connection", "add", "a", "--base-url", "https://x.example", *_REST[:2], "--client-id", "a:b", *_REST[4:]),
    ],
    ids=lambda words: " ".join(words[:3]),
)  # fmt: skip
def test_what_cannot_be_done_is_said_in_one_sentence_with_code_3(empty: Installation, words: tuple[str, ...]) -> None:
    _is_one_sentence(empty.run(*words), _CANNOT)


@pytest.mark.parametrize(
    "words", [("nonsense",), ("show",), ("skip", "1"), ("documents", "--limit", "0"), ("serve", "--port", "x")]
)
def test_wrong_usage_has_code_2_and_says_what_is_right(empty: Installation, words: tuple[str, ...]) -> None:
    done = empty.run(*words, json_=False)
    assert done.code == _USAGE
    assert "Usage:" in done.err and "Traceback" not in done.err


def _breaks(home: Path, how: str) -> None:
    database = home / "connector.sqlite3"
    if how == "home is a file":
        shutil.rmtree(home)
        home.write_text("not a folder")
        return
    for file in home.glob("connector.sqlite3*"):
        file.unlink()
    if how == "database is a folder":
        database.mkdir()
    elif how == "database is damaged":
        database.write_bytes(b"not written by us" * 100)


_NEXT_STEPS = {
    "home is a file": ("or name another",),
    "database is missing": ("ml-connector init",),
    "database is a folder": ("writable for the user who runs ml-connector",),
    "database is damaged": ("Restore it from a backup",),
}


@pytest.mark.parametrize("how", _NEXT_STEPS)
def test_a_home_or_database_that_cannot_be_used_is_one_sentence_with_the_next_step(tmp_path: Path, how: str) -> None:
    broken = Installation(tmp_path / "home")
    assert broken.run("init").code == 0
    _breaks(broken.home, how)
    every_kind_of_command = (
        ("documents",), ("connection", "pause", "x"), ("keys", "rotate"), ("serve", "--port", "0"), ("why", "1"), ("retry", "1"),
        ("connection", "list"), ("mapping", "list"), ("sync", "x"), ("audit", "verify", "x"),
    )  # fmt: skip
    for words in every_kind_of_command[: 10 if how == "database is missing" else 4]:
        done = broken.run(*words)
        _is_one_sentence(done, _CANNOT)
        assert any(step in done.value["error"] for step in _NEXT_STEPS[how]), done
    (wrong,) = [f["sentence"] for f in broken.run("doctor").value["findings"] if not f["ok"]]
    assert any(step in wrong for step in _NEXT_STEPS[how])
    if how != "database is missing":
        done = broken.run("init")
        _is_one_sentence(done, _CANNOT)
        assert any(step in done.value["error"] for step in _NEXT_STEPS[how]), done


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everything")
def test_a_home_that_may_not_be_written_is_one_sentence_with_the_next_step(tmp_path: Path) -> None:
    closed = Installation(tmp_path / "home")
    assert closed.run("init").code == 0
    for file in closed.home.iterdir():
        file.chmod(0o400)
    closed.home.chmod(0o500)
    for words in (("documents",), ("connection", "list"), ("serve", "--port", "0"), ("init",)):
        done = closed.run(*words)
        _is_one_sentence(done, _CANNOT)
        assert "the user who runs ml-connector" in done.value["error"]
    closed.home.chmod(0o700)


def test_without_a_home_every_command_says_how_to_make_one(tmp_path: Path) -> None:
    nowhere = Installation(tmp_path / "not made")
    for words in (("documents",), ("connection", "list"), ("doctor",), ("serve", "--port", "0")):
        done = nowhere.run(*words)
        assert done.code in (_CANNOT, 1), done
        assert "ml-connector init" in done.out
        assert "Traceback" not in done.err


def test_errors_for_people_go_to_the_other_channel(empty: Installation) -> None:
    done = empty.run("show", "4711", json_=False)
    assert done.out == ""
    _is_one_sentence(done, _CANNOT)


def test_a_basware_that_cannot_be_reached_is_no_fault_of_anybody(served: Served) -> None:
    done = served.installation.run("connection", "ping", "main")
    assert done.code in (1, _LATER)
    assert "Traceback" not in done.err


def test_an_unusable_configuration_file_is_named(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "home")
    installation.home.mkdir()
    (installation.home / "ml-connector.toml").write_text("colour = 'blue'\n", encoding="utf-8")
    done = installation.run("init")
    _is_one_sentence(done, _CANNOT)
    assert "colour" in done.value["error"]


def test_a_damaged_master_key_is_named_and_nothing_is_made_over_it(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "home")
    assert installation.run("init").code == 0
    key = installation.home / "master.key"
    key.write_text("not a key", encoding="utf-8")
    add = (
        "connection",
        "add",
        "a",
        "--base-url",
        "https://x.example",
        "--company-code",
        "U",
        "--client-id",
        "i",
        "--client-secret",
        "s",
    )
    _is_one_sentence(installation.run(*add), _CANNOT)
    assert key.read_text(encoding="utf-8") == "not a key"


def test_a_port_that_is_taken_is_named(served: Served, empty: Installation) -> None:
    done = empty.run("serve", "--port", str(served.installation.port))
    _is_one_sentence(done, _CANNOT)
    assert str(served.installation.port) in done.value["error"]


def test_every_answer_is_json_when_a_script_asks(served: Served) -> None:
    for words in (
        ("connection", "list"), ("connection", "show", "main"), ("documents",), ("mapping", "list", "--connection", "main"),
        ("lists", "status", "main"), ("audit", "verify", "main"), ("sync", "main"), ("connection", "pause", "other"),
        ("connection", "resume", "other"), ("connection", "set", "other", "--set", "page_size=50"),
    ):  # fmt: skip
        done = served.installation.run(*words)
        assert done.code == 0, (words, done)
        json.loads(done.out)


@pytest.mark.parametrize(
    "variable",
    ["ML_CONNECTOR_PORT=99999", "ML_CONNECTOR_PORT=-1", "ML_CONNECTOR_LOG_LEVEL=LOUD", "ML_CONNECTOR_THREADS=0",
     "ML_CONNECTOR_ENGINE_THREADS=0", "ML_CONNECTOR_MAX_BODY_MB=0", "ML_CONNECTOR_DATABASE=postgresql://u:p@127.0.0.1:abc/x",
     "ML_CONNECTOR_DATABASE=postgresql://[x/y", "ML_CONNECTOR_TLS_CERTIFICATE=/nope", "ML_CONNECTOR_TLS_KEY=/nope",
     "ML_CONNECTOR_PUBLIC_URL=nonsense", "ML_CONNECTOR_PUBLIC_URL=https://", "ML_CONNECTOR_PUBLIC_URL=https://a b"],
)  # fmt: skip
def test_a_service_is_not_started_with_a_setting_that_cannot_work(empty: Installation, variable: str) -> None:
    name, _, value = variable.partition("=")
    _is_one_sentence(empty.run("serve", **({"ML_CONNECTOR_PORT": "0"} | {name: value})), _CANNOT)


@pytest.mark.parametrize("host", ["203.0.113.7", "no.such.host.invalid", "not a host"])
def test_an_address_that_this_machine_does_not_have_is_named_as_the_fault(empty: Installation, host: str) -> None:
    done = empty.run("serve", "--host", host, "--port", "0")
    _is_one_sentence(done, _CANNOT)
    assert repr(host) in done.value["error"] and "--host" in done.value["error"]


def test_a_certificate_that_is_none_is_named(empty: Installation) -> None:
    pem = empty.home.parent / "cert.pem"
    pem.write_text("no certificate\n", encoding="utf-8")
    tls = {"ML_CONNECTOR_TLS_CERTIFICATE": str(pem), "ML_CONNECTOR_TLS_KEY": str(pem)}
    done = empty.run("serve", "--port", "0", **tls)
    _is_one_sentence(done, _CANNOT)
    assert str(pem) in done.value["error"]


@pytest.mark.parametrize(
    "words",
    [
        ("connection", "qwc", "main", "--public-url", "https://c.example", "--out", "/nope/x"),
        ("mapping", "export", "--connection", "main", "--out", "/nope/m.csv"),
        ("audit", "export", "main", "--out", "/nope/a.jsonl"),
        ("mapping", "set", "account", "x" * 251, "IGNORE", "--connection", "main"),
        ("connection", "qwc", "main", "--public-url", "nonsense"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_what_cannot_be_written_is_said_in_one_sentence(served: Served, words: tuple[str, ...]) -> None:
    _is_one_sentence(served.installation.run(*words), _CANNOT)


@pytest.mark.parametrize("words", [("init",), ("documents",), ("doctor",), ("--help",)], ids=lambda words: words[0])
def test_a_home_that_is_no_folder_is_no_reason_for_a_stack_trace(tmp_path: Path, words: tuple[str, ...]) -> None:
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    done = Installation(file).run(*words)
    assert done.code == {"doctor": 1, "--help": 0}.get(words[0], _CANNOT), done
    assert "Traceback" not in done.err


def test_help_with_an_unusable_setting_is_refused_in_one_sentence(empty: Installation) -> None:
    _is_one_sentence(empty.run("--help", ML_CONNECTOR_PORT="x"), _CANNOT)


@pytest.mark.parametrize("words", [("why", ""), ("show", " "), ("retry", ""), ("skip", "", "--reason", "x")])
def test_an_empty_id_is_refused(empty: Installation, words: tuple[str, ...]) -> None:
    done = empty.run(*words)
    _is_one_sentence(done, _CANNOT)
    assert "empty" in done.value["error"]


def test_a_state_that_there_is_not_is_refused_with_those_that_there_are(empty: Installation) -> None:
    done = empty.run("documents", "--state", "nope")
    _is_one_sentence(done, _CANNOT)
    assert "in_doubt" in done.value["error"]
    assert empty.run("documents", "--state", "Needs mapping").value == []


def test_a_file_that_is_not_utf_8_is_refused_with_the_way_out(served: Served, tmp_path: Path) -> None:
    file = tmp_path / "mapping.csv"
    file.write_bytes("kind;code;target\nclass;Zürich;IGNORE\n".encode("cp1252"))
    done = served.installation.run("mapping", "import", str(file), "--connection", "main")
    _is_one_sentence(done, _CANNOT)
    assert "save it as CSV UTF-8" in done.value["error"]


# Words for people.


def test_a_connection_is_described_in_words(served: Served) -> None:
    done = served.installation.run("connection", "show", "main", json_=False)
    assert done.code == 0
    assert "Basware:                http://127.0.0.1:9" in done.out
    assert "reading lists from QuickBooks" in done.out
    for raw in ("None", "{'", "True", "False", "last_ok_at"):
        assert raw not in done.out, raw


def test_a_pause_and_its_reason_are_in_the_list(served: Served) -> None:
    run = served.installation.run
    run("connection", "pause", "other", "--reason", "the [books] are :lock: closed")
    try:
        assert "Paused: the [books] are :lock: closed" in run("connection", "list", json_=False).out
        assert "Paused: the [books] are :lock: closed" in run("connection", "show", "other", json_=False).out
        shown = run("connection", "show", "other").value
        assert (shown["state"], shown["pause_reason"]) == ("Paused", "the [books] are :lock: closed")
    finally:
        run("connection", "resume", "other")


def test_a_table_in_a_pipe_is_never_cut_or_folded(served: Served) -> None:
    reason = "a reason that goes on " * 10
    run = served.installation.run
    run("connection", "pause", "other", "--reason", reason)
    try:
        lines = run("connection", "list", json_=False, COLUMNS="40").out.splitlines()
    finally:
        run("connection", "resume", "other")
    assert [line for line in lines if f"Paused: {reason.strip()}" in line]


@pytest.mark.skipif(os.name != "posix", reason="needs a terminal of POSIX")
def test_a_table_on_a_narrow_terminal_folds_ids_and_never_cuts_them(empty: Installation) -> None:
    import pty

    code = "CODE-THAT-IS-MUCH-LONGER-THAN-A-NARROW-TERMINAL"
    add = ("connection", "add", "narrow", "--base-url", "https://x.example", "--company-code", "N", *_REST[2:])
    assert empty.run(*add).code == 0
    assert empty.run("mapping", "set", "class", code, "IGNORE", "--connection", "narrow").code == 0
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "ml_connector", "mapping", "list", "--connection", "narrow"]
    environment = {**os.environ, **empty.environment, "COLUMNS": "50", "TERM": "xterm"}
    with subprocess.Popen(words, stdout=theirs, stderr=theirs, stdin=subprocess.DEVNULL, env=environment) as process:
        process.wait(60)
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    rows = [line.split("│")[2].strip() for line in shown.splitlines() if line.count("│") > 2]
    assert code in "".join(rows), shown
    assert "…" not in shown


# Secrets.


@pytest.mark.parametrize(("content", "says"), [(b"one\ntwo\n", "2 lines"), (b"\n \n", "empty"), (b"\xff\xfe", "UTF-8")])
def test_a_file_that_does_not_hold_one_secret_is_refused(empty: Installation, content: bytes, says: str) -> None:
    file = empty.home.parent / "secret.txt"
    file.write_bytes(content)
    done = empty.run(
        "connection", "add", "a", "--base-url", "https://x.example", *_REST[:4], "--client-secret-file", str(file)
    )
    _is_one_sentence(done, _CANNOT)
    assert says in done.value["error"]


def test_a_secret_written_by_a_windows_editor_is_read_as_it_was_typed(served: Served) -> None:
    file = served.installation.home.parent / "password.txt"
    file.write_bytes(b"\xef\xbb\xbf" + served.password.encode() + b"\r\n\r\n")
    done = served.installation.run("connection", "set", "other", "--password-file", str(file))
    assert done.value["changed"] == ["the Web Connector's password"]
    assert served.installation.sign_in("other", served.other_user, served.password)[1] != "nvu"


def test_a_credential_that_is_still_in_the_environment_is_stored_again_only_if_it_is_named(served: Served) -> None:
    run = served.installation.run
    left = {
        "ML_CONNECTOR_CLIENT_ID": "i",
        "ML_CONNECTOR_CLIENT_SECRET": "s",
        "ML_CONNECTOR_QBWC_PASSWORD": served.password,
    }
    assert run("connection", "set", "other", "--set", "page_size=50", **left).value["changed"] == ["page-size"]
    named = run("connection", "set", "other", "--password", **left)
    assert named.value["changed"] == ["the Web Connector's password"]
    unset = run("connection", "set", "other", "--client-id", ML_CONNECTOR_CLIENT_ID="")
    _is_one_sentence(unset, _CANNOT)
    assert "ML_CONNECTOR_CLIENT_ID" in unset.value["error"]


def test_no_secret_stands_in_clear_anywhere_but_in_the_key_file(served: Served) -> None:
    served.installation.sign_in("main", served.user, served.password)
    served.installation.sign_in("main", served.user, "canary-wrong-77aa")
    for words in (("connection", "show", "main"), ("connection", "list"), ("doctor",), ("audit", "export", "main")):
        done = served.installation.run(*words)
        assert "canary" not in done.out + done.err, words
    files = [path for path in served.installation.home.rglob("*") if path.is_file()] + [served.installation.log]
    assert len(files) >= 3
    for path in files:
        assert b"canary" not in path.read_bytes(), path


def test_a_password_is_shown_once_and_never_again(empty: Installation) -> None:
    add = (
        "connection",
        "add",
        "once",
        "--base-url",
        "https://x.example",
        "--company-code",
        "ONCE",
        "--client-id",
        "i",
        "--client-secret",
        "s",
    )
    made = empty.run(*add)
    password = made.value["password"]
    assert len(password) >= 20
    shown = empty.run("connection", "show", "once")
    assert password not in shown.out
    qwc = empty.home / "connector.qwc"
    assert empty.run("connection", "qwc", "once", "--public-url", "https://c.example", "--out", str(qwc)).code == 0
    assert password not in qwc.read_text(encoding="utf-8")
    assert all(password.encode() not in path.read_bytes() for path in empty.home.rglob("*") if path.is_file())


def test_the_key_file_is_for_its_owner_only(empty: Installation) -> None:
    mode = (empty.home / "master.key").stat().st_mode
    assert not mode & (stat.S_IRWXG | stat.S_IRWXO)
