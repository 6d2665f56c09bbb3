"""Every fault has a code of its own, a sentence, a next step and somebody who acts, and is really used."""

from __future__ import annotations

import ast
import re
import string
from dataclasses import fields
from pathlib import Path

import pytest

import ml_connector
from ml_connector.core import faults
from ml_connector.core.faults import REGISTER, Fault, Faults, FaultText, Owner

SOURCE = Path(ml_connector.__file__).parent
CODE = re.compile(r"MLC-[A-Z]+-\d\d")


def codes_in(path: Path) -> list[str]:
    """Return every text of a module that is a whole code, in order."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value)
    ]


def test_codes_are_unique_and_well_formed() -> None:
    # A dictionary keeps the later of two equal keys in silence, so the module's text is what counts.
    written = codes_in(Path(faults.__file__))
    assert sorted(written) == sorted(REGISTER)
    assert all(CODE.fullmatch(code) for code in REGISTER)


def test_every_code_is_raised_somewhere_and_no_unregistered_one_is() -> None:
    used = {
        code
        for path in SOURCE.rglob("*.py")
        if path != Path(faults.__file__) and "sandbox" not in path.relative_to(SOURCE).parts
        for code in codes_in(path)
    }
    assert used == set(REGISTER)


@pytest.mark.parametrize("code", REGISTER)
def test_each_sentence_and_each_next_step_ends_with_a_full_stop(code: str) -> None:
    fault = Fault(code=code, at="Row 1", value="4711", detail="a reason")
    # What the other system said may end in its own way; everything else ends as a sentence does.
    assert fault.says.endswith(".") or fault.text.says.endswith("{detail}")
    assert fault.do.endswith(".")
    assert fault.says[0].isupper() or fault.text.says.startswith("{at}")
    assert fault.do[0].isupper()


@pytest.mark.parametrize("code", REGISTER)
def test_each_sentence_takes_the_values_of_a_fault_and_nothing_else(code: str) -> None:
    names = {field.name for field in fields(Fault)} - {"code"}
    for text in (REGISTER[code].says, REGISTER[code].do):
        wanted = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
        assert wanted <= names
    assert "{" not in Fault(code=code).says + Fault(code=code).do


@pytest.mark.parametrize("code", REGISTER)
def test_what_heals_itself_is_nobodys_task_and_everything_else_is_somebodys(code: str) -> None:
    text = REGISTER[code]
    assert isinstance(text, FaultText)
    assert text.heals_itself == (text.owner is Owner.NOBODY)
    assert text.words


def test_values_with_braces_are_shown_as_they_are() -> None:
    fault = Fault(code="MLC-VENDOR-01", value="{at}{0}", detail="{}")
    assert fault.says == "QuickBooks has no vendor for supplier code {at}{0} ({})."


def test_a_next_step_without_a_value_shows_where_one_belongs() -> None:
    assert "mapping set account <code>" in Fault(code="MLC-ACCOUNT-01").do


def test_the_same_fault_is_noted_once_and_the_order_is_kept() -> None:
    found = Faults()
    assert not found
    found.add("MLC-NUMBER-01")
    found.add("MLC-DATE-01")
    found.add("MLC-NUMBER-01")
    assert [fault.code for fault in found.items] == ["MLC-NUMBER-01", "MLC-DATE-01"]
    assert found
