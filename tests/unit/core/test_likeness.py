"""Which entries a code may mean."""

from __future__ import annotations

from ml_connector.core.likeness import Likeness

_VENDORS = Likeness(
    [
        ("1", "1", "Northgate Concrete Inc."),
        ("2", "2", "Northgate Cranes"),
        ("3", "3", "Bluewater Plumbing Company"),
        ("4", "4", "Harlan Steel & Ironworks"),
    ]
)
_ACCOUNTS = Likeness([("a", "6110", "Job Costs:Materials:Lumber"), ("b", "6120", "Job Costs:Materials:Steel")])


def test_an_equal_name_in_other_letters_and_another_form_of_company_is_certain() -> None:
    best = _VENDORS.suggest("SUP-100", "NORTHGATE CONCRETE, LLC")[0]
    assert (best.list_id, best.score, best.why) == ("1", 100, "equal name")


def test_a_misspelt_name_is_found_and_less_than_certain() -> None:
    best = _VENDORS.suggest("SUP-7", "Harlan Steel and Ironwork")[0]
    assert best.list_id == "4" and 80 <= best.score < 100 and best.why == "name alike"


def test_an_equal_code_or_last_name_is_certain_and_a_part_of_a_code_is_not() -> None:
    assert [(s.list_id, s.score) for s in _ACCOUNTS.suggest("6110")] == [("a", 100)]
    assert [(s.list_id, s.why) for s in _ACCOUNTS.suggest("lumber")] == [("a", "equal code")]
    assert _ACCOUNTS.suggest("6110-X")[0].list_id == "a" and _ACCOUNTS.suggest("6110-X")[0].score < 100


def test_what_is_like_nothing_gets_no_suggestion() -> None:
    assert list(_VENDORS.suggest("9999-OLD", "Quarry Aggregates")) == []
    assert list(Likeness([]).suggest("x", "y")) == []
