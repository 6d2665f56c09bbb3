"""The audit trail as an auditor asks for it, takes it along, and has it verified, here and without us."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection as database
from visitor import Visitor

from desks import Approved
from ml_connector.core.roles import Role
from ml_connector.flows import audit_check
from ml_connector.store import audit_search
from ml_connector.store.audit_search import Wanted
from ml_connector.store.models import AuditEntry
from world import World

pytestmark = pytest.mark.both_databases


@pytest.fixture
def auditor(world: World) -> Visitor:
    return Visitor(world).comes_in_as(Role.AUDITOR)


@pytest.fixture
def told(world: World) -> Approved:
    """An invoice with a story, between others."""
    world.basware.approves()
    invoice = world.basware.approves(lines=[{"gross": "120.00", "account": "9999-OLD"}])
    world.run_until_idle()
    world.connector.skips(invoice, "=paid by card")
    return invoice


def _shown(text: str) -> list[int]:
    return [int(number) for number in re.findall(r'<a href="/console/audit/\d+">(\d+)</a>', text)]


def _events(text: str) -> set[str]:
    return set(re.findall(r'data-label="What">([^<]+)<', text))


def test_each_filter_finds_what_fits_and_nothing_else(world: World, auditor: Visitor, told: Approved) -> None:
    everything = list(AuditEntry.objects.order_by("-seq").values_list("seq", flat=True))
    assert _shown(auditor.get("/console/audit").text) == everything[:50]
    of_document = world.connector.story(told)
    for number in (told.number, world.connector.document(told).pk, told.id):
        shown = _shown(auditor.get(f"/console/audit?q={number}").text)
        assert shown == [chapter.seq for chapter in reversed(of_document)], number
    by_person = auditor.get("/console/audit?actor=a+clerk").text
    assert set(re.findall(r'data-label="Who">([^<]+)<', by_person)) == {"a clerk"} and "Skipped" in by_person
    assert _events(auditor.get("/console/audit?event=list_read").text) == {"List read"}
    assert _events(auditor.get("/console/audit?event=added&actor=web+connector").text) == {"Added"}
    today, tomorrow = (f"{world.clock.now() + timedelta(days=n):%Y-%m-%d}" for n in (0, 1))
    assert len(_shown(auditor.get(f"/console/audit?since={today}&until={today}").text)) == min(len(everything), 50)
    assert "Nothing was found" in auditor.get(f"/console/audit?since={tomorrow}").text
    for query in ("q=no+such+number", "since=yesterday", "connection=nobody"):
        assert auditor.get(f"/console/audit?{query}").status == 400, query


def test_pages_lead_back_to_the_first_entry_without_a_gap(world: World, auditor: Visitor) -> None:
    world.basware.approves_many(30)
    world.run_until_idle()
    seen: list[int] = []
    address = "/console/audit"
    while address:
        text = auditor.get(address).text
        seen += _shown(text)
        found = re.search(r'rel="next" href="([^"]+)"', text)
        address = "/console/audit" + found[1].replace("&amp;", "&") if found else ""
    assert seen == list(range(world.connector.row().chain_seq, 0, -1))


def test_a_search_for_what_is_nowhere_walks_back_in_bounded_steps(world: World, told: Approved) -> None:
    wanted = Wanted(connection_id=world.connection.pk, actor="connector", event="added")  # the Web Connector adds
    steps, before = 0, None
    while True:
        found = audit_search.find(wanted, before=before, walk=10)
        steps += 1
        assert not found.entries
        if found.before is None:
            break
        assert found.walked_to is not None
        before = found.before
    assert steps == -(-world.connector.row().chain_seq // 10)


def test_an_entry_shows_what_was_said_without_secrets(world: World, auditor: Visitor, told: Approved) -> None:
    entry = AuditEntry.objects.exclude(exchange=None).order_by("-seq")[0]
    answer = auditor.get(f"/console/audit/{entry.pk}")
    assert entry.exchange is not None and entry.exchange.what in answer.text.replace("&gt;", ">").replace("&amp;", "&")
    assert entry.exchange_sha256 in answer.text and "sandbox-secret" not in answer.text


def _exported(auditor: Visitor, folder: Path, **form: str) -> Path:
    answer = auditor.send("/console/audit/export", "/console/audit", connection="main", **form)
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/zip"
    path = folder / "export.zip"
    path.write_bytes(answer.body)
    return path


def _checked(auditor: Visitor, path: Path, *more: str) -> tuple[int, str]:
    """Check an export with the program that the page hands out, in a Python that has nothing of ours."""
    program = path.parent / "audit_verifier.py"
    program.write_bytes(auditor.get("/console/audit/verifier").body)
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(program), str(path), *more], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def _rewritten(path: Path, name: str, old: str, new: str) -> Path:
    with zipfile.ZipFile(path) as packed:
        parts = {each: packed.read(each).decode() for each in packed.namelist()}
    assert old in parts[name]
    parts[name] = parts[name].replace(old, new, 1)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for each, text in parts.items():
            packed.writestr(each, text)
    changed = path.with_name("changed.zip")
    changed.write_bytes(out.getvalue())
    return changed


@pytest.mark.parametrize("form", [{"form": "jsonl", "full": "on"}, {"form": "jsonl"}, {"form": "csv"}], ids=str)
def test_an_export_holds_offline_and_one_that_was_tampered_with_does_not(
    world: World, auditor: Visitor, told: Approved, tmp_path: Path, form: dict[str, str]
) -> None:
    path = _exported(auditor, tmp_path, **form)
    manifest = json.loads(zipfile.ZipFile(path).read("manifest.json"))
    assert manifest["contiguous"] and manifest["entries"] == manifest["chain_entries"] == manifest["last"]
    code, said = _checked(auditor, path)
    assert (code, said[:6]) == (0, "HOLDS:") and "without a gap" in said
    assert _checked(auditor, path, "--head", manifest["chain_head"])[0] == 0
    assert _checked(auditor, path, "--head", "0" * 63 + "1")[0] == 1
    changed = _rewritten(path, manifest["file"], "paid by card", "paid by cash")
    code, said = _checked(auditor, changed)
    assert (code, said[:14]) == (1, "DOES NOT HOLD:") and "was changed" in said
    assert "audit_exported" in set(AuditEntry.objects.values_list("event", flat=True))


def test_a_gap_a_cut_tail_and_a_changed_exchange_are_found_offline(
    world: World, auditor: Visitor, told: Approved, tmp_path: Path
) -> None:
    path = _exported(auditor, tmp_path, form="jsonl", full="on")
    lines = zipfile.ZipFile(path).read("entries.jsonl").decode().splitlines(keepends=True)
    assert "is missing" in _checked(auditor, _rewritten(path, "entries.jsonl", lines[4], ""))[1]
    assert _checked(auditor, _rewritten(path, "entries.jsonl", lines[-1], ""))[0] == 1
    with_bytes = next(line for line in lines if json.loads(line).get("exchange", {}).get("response"))
    said = json.loads(with_bytes)["exchange"]["response"]
    other = ("A" if said[0] != "A" else "B") + said[1:]
    assert "exchange" in _checked(auditor, _rewritten(path, "entries.jsonl", said, other))[1]


def test_a_selection_proves_its_entries_and_says_that_it_is_one(
    world: World, auditor: Visitor, told: Approved, tmp_path: Path
) -> None:
    path = _exported(auditor, tmp_path, form="jsonl", q=told.number)
    manifest = json.loads(zipfile.ZipFile(path).read("manifest.json"))
    assert not manifest["contiguous"] and manifest["asked_for"]["q"] == told.number
    assert manifest["entries"] == len(world.connector.story(told))
    code, said = _checked(auditor, path)
    assert code == 0 and "a selection" in said
    assert _checked(auditor, _rewritten(path, "entries.jsonl", "paid by card", "paid by cash"))[0] == 1


def test_something_that_is_no_export_is_told_apart_from_one_that_does_not_hold(
    auditor: Visitor, world: World, tmp_path: Path
) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear auditor", encoding="utf-8")
    assert _checked(auditor, path)[0] == 2


def _verified(auditor: Visitor, world: World) -> str:
    answer = auditor.send("/console/audit/verify", "/console/audit", connection="main")
    address = answer.location
    while "Go on</button>" in auditor.get(address).text:
        assert auditor.send(address).status == 302
    return auditor.get(address).text


def test_the_chain_is_verified_piece_by_piece_and_what_is_found_is_kept(
    world: World, auditor: Visitor, told: Approved
) -> None:
    row = world.connector.row()
    length = row.chain_seq
    check = audit_check.begin(world.surroundings, row, "a test")
    pieces = 0
    while check.ended_at is None:
        check = audit_check.go_on(world.surroundings, check.pk, piece_size=7) or check
        pieces += 1
    assert pieces == -(-length // 7) and check.broken == 0
    length = world.connector.row().chain_seq
    text = _verified(auditor, world)
    assert "The chain holds" in text and f"{length:,} entries" in text
    assert "Verified just now" in auditor.get("/console/audit").text
    assert AuditEntry.objects.filter(event="audit_verified").count() == 2


def test_a_changed_entry_is_found_in_the_browser(world: World, auditor: Visitor, told: Approved) -> None:
    number = world.connector.story(told)[0].seq
    with database.cursor() as cursor:  # as somebody with the database's own rights would
        if database.vendor == "postgresql":
            cursor.execute("ALTER TABLE store_auditentry DISABLE TRIGGER USER")
        else:
            cursor.execute("DROP TRIGGER store_auditentry_no_update")
        cursor.execute("UPDATE store_auditentry SET words = 'nothing' WHERE seq = %s", [number])
        if database.vendor == "postgresql":
            cursor.execute("ALTER TABLE store_auditentry ENABLE TRIGGER USER")
    text = _verified(auditor, world)
    assert "The chain does not hold" in text and f"Entry {number} was changed" in text and "Next:" in text


def test_a_clerk_does_not_take_the_trail_along(world: World) -> None:
    clerk = Visitor(world).comes_in_as(Role.CLERK)
    assert ">Audit</a>" not in clerk.get("/console/documents").text
    assert clerk.get("/console/audit").status == 403
