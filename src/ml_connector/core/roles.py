"""Who a person is to the connector. What each role may see and do stands in one table: `web/console/screens.py`."""

from __future__ import annotations

from enum import StrEnum

from ml_connector.core.errors import NeedsOperator


class Role(StrEnum):
    """A person has one role."""

    CLERK = "clerk"  #: works on documents
    CONTROLLER = "controller"  #: answers for the books; sees all, and decides on questions
    ADMIN = "admin"  #: keeps the connector running, and says who may come in
    AUDITOR = "auditor"  #: sees all, changes nothing


#: The role as people read it.
ROLE_WORDS: dict[Role, str] = {
    Role.CLERK: "AP clerk",
    Role.CONTROLLER: "Controller",
    Role.ADMIN: "IT admin",
    Role.AUDITOR: "Auditor (reads only)",
}


def roles_named(text: str) -> frozenset[Role]:
    """Read roles that are separated by commas; none is none.

    Raises:
        NeedsOperator: there is no such role.
    """
    found = set()
    for name in filter(None, (part.strip().lower() for part in text.split(","))):
        try:
            found.add(Role(name))
        except ValueError:
            raise NeedsOperator(f"There is no role {name!r}; the roles are: {', '.join(Role)}.") from None
    return frozenset(found)
