"""The documentation says what the program does: every name is in its page, and nothing else is."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import click
import pytest

from ml_connector.basware.notification import read_notification
from ml_connector.basware.signature import SignatureForm, verify
from ml_connector.cli.main import main
from ml_connector.core.entry_standing import STANDINGS
from ml_connector.core.entry_standing import WORDS as ENTRY_WORDS
from ml_connector.core.faults import REGISTER
from ml_connector.core.secret import Secret
from ml_connector.core.settings import ConnectionSettings
from ml_connector.core.states import WORDS, Event, State
from ml_connector.quickbooks.failures import HRESULTS, WEB_CONNECTOR_CODES
from ml_connector.web.service_config import ServiceConfig

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])

_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def page(name: str) -> str:
    """Return a reference page, with what Markdown needs escaped written plainly."""
    return re.sub(r"\\([<>|])", r"\1", (REFERENCE / name).read_text(encoding="utf-8"))


def section(text: str, heading: str) -> str:
    """Return what stands under a heading of the second level."""
    found = re.search(rf"^## {re.escape(heading)}$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, f"there is no section {heading}"
    return found[1]


def rows(text: str) -> list[list[str]]:
    """Return the cells of every table row that begins with a name in backticks or a code."""
    found = [
        [cell.strip() for cell in line.strip("| \n").split(" | ")] for line in text.splitlines() if line[:2] == "| "
    ]
    return [cells for cells in found if cells[0] not in {"---", ""}]


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@cache
def commands() -> dict[str, click.Command]:
    """Return every command by its full name."""
    context = main.make_context("ml-connector", ["--home", str(ROOT / "no such home"), "doctor"])
    return dict(_walk(main, "ml-connector", context))


def _walk(command: click.Command, name: str, context: click.Context) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            assert found is not None
            yield from _walk(found, f"{name} {inner}", context)


def options_of(command: click.Command) -> set[str]:
    """Return the spellings of a command's options."""
    return {
        spelling
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for spelling in (*parameter.opts, *parameter.secondary_opts)
    }


def test_every_connection_setting_is_documented_with_its_unit_range_default_and_reason() -> None:
    table = {cells[0].strip("`"): cells for cells in rows(section(page("settings.md"), "Connection settings"))}
    table.pop("Name")
    assert list(table) == [field.name for field in fields(ConnectionSettings)]
    for field in fields(ConnectionSettings):
        _, unit, span, default, reason = table[field.name]
        assert reason == field.metadata["why"]
        if isinstance(field.default, bool):
            assert (unit, default) == ("yes or no", f"`{str(field.default).lower()}`")
        elif isinstance(field.default, int):
            assert span == f"{field.metadata['low']} to {field.metadata['high']}"
            assert default == f"`{field.default}`"
            assert (unit == "seconds") == field.name.endswith("_s")
        else:
            assert default == f"`{field.default}`"


def test_every_service_setting_is_documented_with_its_variable_default_and_reason() -> None:
    table = {cells[0].strip("`"): cells for cells in rows(section(page("settings.md"), "Service settings"))}
    table.pop("Name in the file")
    assert list(table) == [field.name for field in fields(ServiceConfig)]
    for field in fields(ServiceConfig):
        _, variable, _unit, _range, default, reason = table[field.name]
        assert variable == f"`ML_CONNECTOR_{field.name.upper()}`"
        assert default == (f"`{field.default}`" if str(field.default) else "empty")
        assert reason == field.metadata["why"]


def test_every_environment_variable_of_the_program_is_documented_and_no_other() -> None:
    variable = re.compile(r"ML_CONNECTOR_[A-Z_]*[A-Z]")
    used = {name for file in _sources() for name in variable.findall(file.read_text(encoding="utf-8"))}
    settings = {f"ML_CONNECTOR_{field.name.upper()}" for field in fields(ServiceConfig)}
    assert set(variable.findall(page("settings.md"))) == used | settings
    for file in PAGES:
        assert set(variable.findall(file.read_text(encoding="utf-8"))) <= used | settings, file


def test_every_command_and_option_is_documented_and_no_other() -> None:
    text = page("commands.md")
    documented = re.split(r"^##+ (ml-connector.*)$", text, flags=re.MULTILINE)
    found = dict(zip(documented[1::2], documented[2::2], strict=True))
    assert list(found) == list(commands())
    for name, command in commands().items():
        table = [cells for cells in rows(found[name]) if cells[0] != "Option"]
        assert {spelling for cells in table for spelling in re.findall(r"--[a-z-]+", cells[0])} == options_of(
            command
        ), name
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                cells = next(cells for cells in table if re.search(rf"{parameter.opts[0]}\b(?!-)", cells[0]))
                assert parameter.help is None or cells[1].startswith(parameter.help), f"{name} {parameter.opts}"
        assert " ".join((command.help or "").split()) in found[name] or name == "ml-connector", name


def test_every_fault_code_is_documented_with_its_sentence_next_step_and_owner() -> None:
    parts = re.split(r"^### (\S+)$", page("faults.md"), flags=re.MULTILINE)
    found = dict(zip(parts[1::2], parts[2::2], strict=True))
    assert list(found) == list(REGISTER)
    for code, text in REGISTER.items():
        assert text.says in found[code], code
        assert f"- Next step: {text.do}\n" in found[code], code
        assert f"- Who acts: {text.owner.value}\n" in found[code], code
        assert f"- State in words: {text.words}\n" in found[code], code
        assert f"- Heals by itself: {'Yes.' if text.heals_itself else 'No.'}\n" in found[code], code


def test_every_state_and_event_is_documented() -> None:
    states = [cells for cells in rows(section(page("states.md"), "States")) if cells[0] != "State"]
    assert [(cells[0].strip("`"), cells[1]) for cells in states] == [(state.value, WORDS[state]) for state in State]
    events = [cells[0].strip("`") for cells in rows(section(page("states.md"), "Events")) if cells[0] != "Event"]
    assert events == [event.value for event in Event]


def test_every_way_in_which_an_entry_of_a_list_stands_is_documented() -> None:
    entries = [cells for cells in rows(section(page("states.md"), "Entries of lists")) if cells[0] != "Entry"]
    assert entries == [[f"`{standing}`", *ENTRY_WORDS[standing]] for standing in STANDINGS]


def test_the_diagram_of_states_is_the_one_that_is_drawn_from_the_table() -> None:
    drawn = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "draw_states.py")], capture_output=True, text=True, check=True
    )
    diagrams = [body for kind, body in _FENCE.findall(page("states.md")) if kind == "mermaid"]
    assert diagrams == [drawn.stdout]


def test_every_failure_of_the_web_connector_is_documented_as_the_connector_says_it() -> None:
    text = re.sub(r"\\([<>|])", r"\1", (ROOT / "docs/how-to/diagnose-web-connector.md").read_text(encoding="utf-8"))
    codes = [cells for cells in rows(section(text, "QBWC codes")) if cells[0] != "Code"]
    assert codes == [[f"QBWC{code}", *words] for code, words in WEB_CONNECTOR_CODES.items()]
    failures = [cells[:4] for cells in rows(section(text, "HRESULTs")) if cells[0] != "HRESULT"]
    assert failures == [[f"0x{n:08X}", one.says, one.do, one.owner.value] for n, one in HRESULTS.items()]


@pytest.mark.parametrize("file", PAGES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_link_leads_somewhere(file: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", _FENCE.sub("", file.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        place = (file.parent / path).resolve() if path else file
        assert place.exists(), target
        assert not anchor or anchor in anchors(place.read_text(encoding="utf-8")), target


def test_every_page_is_reached_from_the_contents() -> None:
    contents = ROOT / "docs" / "index.md"
    linked = {(contents.parent / target).resolve() for target in _links(contents)}
    assert {file.resolve() for file in ROOT.glob("docs/**/*.md")} - {contents.resolve()} == linked
    assert contents.resolve() in {(ROOT / target).resolve() for target in _links(ROOT / "README.md")}


def test_every_decision_is_titled_as_its_contents_say() -> None:
    contents = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    for file in sorted((ROOT / "docs" / "adr").glob("*.md")):
        title = file.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
        assert f"- [{title}](adr/{file.name})\n" in contents
        assert title.startswith(f"{file.name[:4]}: ")


def test_every_page_and_section_that_the_program_cites_exists() -> None:
    citation = re.compile(r"docs/reference/(\w+\.md)(?:, ([\w ]+?)(?: and ([\w ]+?))?(?:, number \d+)?(?=[.;`)\n]))?")
    cited = 0
    for file in _sources():
        text = re.sub(r"\s*\n\s*(?:#:? )?", " ", file.read_text(encoding="utf-8"))
        for name, *sections in citation.findall(text):
            cited += 1
            for heading in filter(None, sections):
                assert heading.lower().replace(" ", "-") in anchors(page(name)), f"{file.name} cites {name}, {heading}"
    assert cited >= 10
    for file in _sources():
        for path in re.findall(r"docs/[\w/-]+\.(?:md|py)", file.read_text(encoding="utf-8")):
            assert (ROOT / path).exists(), f"{file.name} cites {path}"


_US = "ml-connector"


def _examples() -> list[tuple[str, str]]:
    return [
        (str(file.relative_to(ROOT)), line.strip()[2:])
        for file in PAGES
        for kind, body in _FENCE.findall(file.read_text(encoding="utf-8"))
        if kind == "console"
        for line in body.splitlines()
        if line.strip().startswith("$ ")
    ]


@pytest.mark.parametrize(("file", "example"), _examples())
def test_every_example_names_commands_and_options_that_exist(file: str, example: str) -> None:
    words = re.findall(r'"[^"]*"|\S+', example)
    if "make" in words:
        target = words[words.index("make") + 1]
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE), example
        return
    at = next((n for n, word in enumerate(words) if (n == 0 and word == _US) or word.endswith(f"/bin/{_US}")), None)
    if at is None:
        return  # an example of another program
    name, rest = "ml-connector", words[at + 1 :]
    known = options_of(main)
    while rest and (rest[0].startswith("--") or f"{name} {rest[0]}" in commands()):
        if rest[0].startswith("--"):
            assert rest[0] in known, example
        else:
            name = f"{name} {rest[0]}"
            known = options_of(commands()[name])
        rest = rest[1:]
        if name != "ml-connector" and not isinstance(commands()[name], click.Group):
            break
    assert not isinstance(commands()[name], click.Group), f"{file}: {example}"
    assert {word for word in rest if word.startswith("--")} <= known, f"{file}: {example}"
    for before, word in itertools.pairwise(rest):
        if before == "--set":
            setting, _, value = word.partition("=")
            ConnectionSettings().changed({setting: value})


def test_commands_in_running_text_exist() -> None:
    for file in PAGES:
        text = _FENCE.sub("", file.read_text(encoding="utf-8"))
        for written in re.findall(r"`ml-connector ((?:--json )?[a-z][a-z -]*[a-z])", text):
            words = written.removeprefix("--json ").split()
            name = "ml-connector " + words[0]
            assert name in commands(), f"{file.name}: {written}"
            if isinstance(commands()[name], click.Group) and len(words) > 1:
                assert f"{name} {words[1]}" in commands(), f"{file.name}: {written}"


def test_the_notice_names_every_package_that_is_asked_for_or_locked() -> None:
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for wanted in project["dependencies"]:
        name, versions = re.fullmatch(r"([\w-]+)(?:\[\w+\])?(.*)", wanted).groups()  # type: ignore[union-attr]
        assert re.search(rf"^  {name} +{re.escape(versions)} ", notice, re.MULTILINE), wanted
    locked = re.findall(r"^([\w.-]+)==", (ROOT / "requirements/runtime.txt").read_text(encoding="utf-8"), re.MULTILINE)
    for name in locked:
        assert re.search(rf"^  {re.escape(name)} ", notice, re.MULTILINE), name


def test_an_export_can_be_checked_with_the_script_of_the_audit_page_alone(tmp_path: Path) -> None:
    scripts = [body for kind, body in _FENCE.findall(page("audit.md")) if kind == "python"]
    (tmp_path / "check.py").write_text(scripts[0], encoding="utf-8")
    export = tmp_path / "export.jsonl"
    connector = [sys.executable, "-m", "ml_connector", "--home", str(tmp_path / "home")]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ML_CONNECTOR_")}
    environment = kept | {"ML_CONNECTOR_ACTOR": "Zoë \U0001f9fe"}
    for arguments in (
        ["init"],
        ["connection", "add", "acme", "--base-url", "https://api.example.com", "--company-code", "US10",
         "--client-id", "client", "--client-secret", "secret"],
        ["connection", "pause", "--reason", "Zürich \U0001f9fe"],
        ["audit", "export", "--full", "--out", str(export)],
    ):  # fmt: skip
        subprocess.run([*connector, *arguments], check=True, capture_output=True, env=environment)
    check = [sys.executable, str(tmp_path / "check.py"), str(export)]
    assert subprocess.run(check, capture_output=True, text=True, check=True).stdout.startswith("2 entries hold; head ")
    export.write_text(export.read_text(encoding="utf-8").replace("Zürich", "Bern"), encoding="utf-8")
    assert "does not hold" in subprocess.run(check, capture_output=True, text=True, check=False).stderr


def test_a_notification_made_as_the_page_for_scripts_says_is_accepted() -> None:
    text = (ROOT / "docs" / "how-to" / "drive-it-from-a-script.md").read_text(encoding="utf-8")
    (body,) = [found.strip().encode() for kind, found in _FENCE.findall(text) if kind == "json"]
    (script,) = [found for kind, found in _FENCE.findall(text) if kind == "python"]
    assert read_notification(body).task_type == "AccountingDocuments"
    names: dict[str, Any] = {}
    exec(script, names)  # our own page
    written = names["signature"]("a secret", body)
    assert verify(body, written, [Secret("a secret")]) is SignatureForm.HEX
    assert verify(body + b" ", written, [Secret("a secret")]) is None


def test_what_the_service_logs_is_in_the_table_of_the_page_about_it() -> None:
    text = (ROOT / "docs" / "how-to" / "run-as-a-service.md").read_text(encoding="utf-8")
    logged = re.compile(r"^\s*log\.info\(\s*\"([^\"%]+)\"", re.MULTILINE)
    found = [words for file in _sources() if "sandbox" not in file.parts for words in logged.findall(file.read_text())]
    assert found
    for words in found:
        assert f"| `{words}` | info |" in text, words


def _links(file: Path) -> list[str]:
    found = re.findall(r"\]\(([^)\s#]+)(?:#[^)]*)?\)", file.read_text(encoding="utf-8"))
    return [target for target in found if not re.match(r"[a-z]+:", target)]


def _sources() -> list[Path]:
    return sorted((ROOT / "src").glob("**/*.py"))


def test_every_call_of_the_http_api_is_documented_with_its_scope_and_no_other() -> None:
    from ml_connector.core.scopes import SCOPE_WORDS
    from ml_connector.web.api.addresses import api

    text = page("http-api.md")
    scopes = {cells[0].strip("`"): cells[1] for cells in rows(section(text, "Tokens and scopes"))}
    scopes.pop("Scope")
    assert scopes == {scope.value: words for scope, words in SCOPE_WORDS.items()}
    told = {cells[0].strip("`"): (cells[1].strip("`"), cells[2]) for cells in rows(section(text, "Calls"))}
    told.pop("Call")
    paths = api.get_openapi_schema(path_prefix="")["paths"]
    assert told == {
        f"{method.upper()} /{path.lstrip('/')}": (operation["x-scope"], " ".join(operation["description"].split()))
        for path, operations in paths.items()
        for method, operation in operations.items()
    }
