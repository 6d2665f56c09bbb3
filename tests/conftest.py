"""Django, set up once for the whole run, and the database of the tests that use one.

Tests marked `both_databases` hold on SQLite and on PostgreSQL alike: the ordinary run takes SQLite, and
`tests/run_postgresql.py` runs them again on PostgreSQL. Of a story that is told in many cases PostgreSQL hears the first
few: the cases differ in what happens and not in what is asked of the rows. What `conformance/` asks of the rows, both
databases are asked in full.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

import databases

if TYPE_CHECKING:  # it names rows, and this file is read before Django is set up
    from world import World

_CASES_ON_POSTGRESQL = 3
_DATABASE = pytest.StashKey[databases.Database]()

# Two machines differ in speed and not in behaviour, so no example is failed for taking long, and the examples are the same
# on every run. `pytest --hypothesis-profile search` looks for new ones; what it finds becomes a named test.
settings.register_profile("search", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("suite", settings.get_profile("search"), derandomize=True)
settings.load_profile("suite")


def pytest_configure(config: pytest.Config) -> None:
    """Set Django up before any test module is read, because modules name the rows they use."""
    config.addinivalue_line("markers", "both_databases: uses the database; holds on SQLite and on PostgreSQL alike")
    try:
        config.stash[_DATABASE] = databases.make_database()
    except databases.NoServer as error:
        raise pytest.UsageError(f"No PostgreSQL server answers: {error}") from None
    except ValueError as error:
        raise pytest.UsageError(str(error)) from None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what PostgreSQL need not hear again."""
    if config.stash[_DATABASE].kind != "postgresql":
        return
    seen: Counter[str] = Counter()
    kept, left = [], []
    for item in items:
        story = item.nodeid.partition("[")[0]
        seen[story] += 1
        few_are_enough = "conformance" not in item.path.parts and seen[story] > _CASES_ON_POSTGRESQL
        (left if few_are_enough else kept).append(item)
    config.hook.pytest_deselected(items=left)
    items[:] = kept


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove what the run made."""
    made = config.stash.get(_DATABASE, None)
    if made is not None:
        made.drop()


def pytest_report_header(config: pytest.Config) -> str:
    """Say which database the run uses."""
    return f"database: {config.stash[_DATABASE].kind}"


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[databases.Database]:
    """An empty, migrated database for one test; rows are written and committed as in production."""
    made = request.config.stash[_DATABASE]
    made.empty()
    yield made
    made.leave()


@pytest.fixture
def world(database: databases.Database) -> World:
    """A world in which the lists have travelled already and nothing goes wrong unless a story says so."""
    from rested import a_rested_world

    return a_rested_world(database)


@pytest.fixture(autouse=True)
def _database_where_marked(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("both_databases") is not None:
        request.getfixturevalue("database")
