"""A file of mappings is taken whole or not at all, however the spreadsheet program wrote it."""

from __future__ import annotations

import pytest

from ml_connector.core.errors import NeedsOperator
from ml_connector.flows import mappings
from world import World

HEAD = "kind,code,target\n"


def _import(world: World, text: str) -> int:
    return mappings.from_csv(world.surroundings, world.connector.row(), text, "a clerk")


@pytest.mark.parametrize(
    "text",
    [
        "kind,code,target\nclass,DIV-77,IGNORE\n",
        "\ufeffKind;Code;Target;Target_Name\nclass;DIV-77;IGNORE;\n",
        "TARGET\tCODE\tKIND\nIGNORE\tDIV-77\tclass\n",
        'kind, code ,target\n"class","DIV-77","IGNORE"\n\n,,\n',
        "kind,code,target,note\ncost-center,DIV-77,IGNORE,\nclass,DIV-78,,not decided\n",
        "kind,code,target\nclass,DIV-77,IGNORE\nclass,DIV-77,IGNORE\n",
    ],
    ids=["commas", "semicolons", "tabs", "quotes and empty lines", "another column", "the same twice"],
)
def test_what_spreadsheet_programs_write_is_understood(world: World, text: str) -> None:
    assert _import(world, text) >= 1
    assert [(rule.kind, rule.code, rule.target) for rule in mappings.rules(world.connector.row())] == [
        ("class", "DIV-77", "IGNORE")
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (HEAD + "class,A,IGNORE\ncost-center,A,Overhead\n", "Line 3: class A has another target in line 2"),
        (HEAD + "class,A,IGNORE\n\nclass,B,IGNORE,x\n", "Line 4: there are 4 fields"),
        (HEAD + 'class,A,IGNORE\nclass,"B,IGNORE\nclass,C,IGNORE\n', "Line 3: a quotation mark"),
        (HEAD + 'class,"A"B,IGNORE\n', "Line 2: a quotation mark"),
        ("kind,code,target,Code\nclass,A,IGNORE,B\n", "Line 1: the column code is there more than once"),
        (HEAD + "class,A,IGNORE\nclass,B\0C,IGNORE\n", "Line 3: there is a byte of zero"),
        (HEAD + "class,A,IGNORE\nclass," + "x" * 251 + ",IGNORE\n", "Line 3: A code has at most 250"),
        (HEAD + "class,A,IGNORE\naccount,B,IGNORE\n", "Line 3: An account cannot be left out"),
        (HEAD + "colour,A,IGNORE\nclass,,IGNORE\n", "Line 2: 'colour' is no kind of code"),
        ("a,b\n1,2\n", "needs a first line with the columns kind, code, target"),
        ("", "needs a first line"),
    ],
    ids=["contradiction", "too many fields", "open quote", "text after a quote", "doubled column", "zero byte", "long code",
         "an account", "no such kind", "no such columns", "empty"],
)  # fmt: skip
def test_a_file_with_a_wrong_line_is_refused_with_its_number_and_nothing_is_taken(
    world: World, text: str, says: str
) -> None:
    with pytest.raises(NeedsOperator, match=says):
        _import(world, text)
    assert mappings.rules(world.connector.row()) == []


def test_an_export_can_be_imported_as_it_is(world: World) -> None:
    world.connector.maps("class", 'odd;"code", with all', "IGNORE")
    text = mappings.to_csv(world.connector.row())
    assert _import(world, text) == 1
    assert mappings.to_csv(world.connector.row()) == text
