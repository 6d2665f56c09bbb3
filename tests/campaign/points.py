"""Where the connector commits, as its source says."""

from __future__ import annotations

import ast
from pathlib import Path

import ml_connector

SOURCE = Path(ml_connector.__file__).parent

#: Functions that stand around a transaction, not for what is done in it.
AROUND = frozenset(
    {
        "_OpenCall.__init__",
        "_OpenCall.__enter__",
        "_OpenCall.__exit__",
        "_OpenCall._begin",
        "_acting",
        "WebConnectorService._call",
    }
)  # fmt: skip


def transactions_in_source() -> set[str]:
    """Return the functions of the flows that hold a transaction, by module and name."""
    found: set[str] = set()
    for path in sorted((SOURCE / "flows").glob("*.py")):
        for name, function in _functions(ast.parse(path.read_text(encoding="utf-8"))):
            calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
            named = {getattr(c.func, "id", getattr(c.func, "attr", "")) for c in calls}
            if named & {"writing", "atomic", "_call", "_acting"} and name not in AROUND:
                found.add(f"{path.stem}.{name}")
    return found


def _functions(tree: ast.Module) -> list[tuple[str, ast.FunctionDef]]:
    found = [(node.name, node) for node in tree.body if isinstance(node, ast.FunctionDef)]
    for owner in tree.body:
        if isinstance(owner, ast.ClassDef):
            found += [(f"{owner.name}.{node.name}", node) for node in owner.body if isinstance(node, ast.FunctionDef)]
    return found
