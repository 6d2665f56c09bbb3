"""The mapping, as the OpenAPI description tells it."""

from __future__ import annotations

from ninja import Field, Schema

from ml_connector.web.api.shapes.common import Money


class Suggestion(Schema):
    """An entry that a code may mean."""

    list_id: str
    code: str
    name: str
    score: int
    why: str


class Freed(Schema):
    """What mapping a code sets free."""

    documents: int
    sums: list[Money]
    still: int = Field(description="Documents that wait for something else too.")


class Unmapped(Schema):
    """A code that holds documents up."""

    code: str
    name: str
    documents: int
    frees: Freed
    best: Suggestion | None


class MappingRule(Schema):
    """What a code means."""

    code: str
    list_id: str = Field(description="Empty: left out of Bills.")
    target: str
    target_code: str
    trouble: str
    set_by: str
    set_at: str


class Mapping(Schema):
    """The mapping of one connection and kind: what is missing first."""

    connection: str
    kind: str
    missing: dict[str, int] = Field(description="Codes that are not mapped, by kind.")
    proposals: int
    unmapped: list[Unmapped]
    unmapped_after: str = Field(description="Where the next page of missing codes begins; empty if there is none.")
    broken: list[MappingRule]
    rules: list[MappingRule]
    after: str = Field(description="The code after which the next page of rules begins; empty if there is none.")


class MappingCode(Schema):
    """One code: what waits for it, what it means, and what it may mean."""

    kind: str
    code: str
    name: str
    frees: Freed
    documents: list[int]
    rule: MappingRule | None
    suggestions: list[Suggestion]
    hits: list[Suggestion]
    may_be_left_out: bool


class MapIn(Schema):
    """Decide what a code means."""

    kind: str
    code: str
    target: str | None = Field(description="ListID, account number, full name, or IGNORE; null takes the mapping back.")
    connection: str = ""


class MappingChange(Schema):
    """One change of the mapping."""

    id: int
    kind: str
    code: str
    before: str | None
    after: str | None
    before_name: str
    after_name: str
    by: str


class Version(Schema):
    """One version of the mapping."""

    version: int
    by: str
    approved_by: str
    at: str
    how: str
    changes: int
    first: list[MappingChange]


class Versions(Schema):
    """A page of versions, the latest first."""

    versions: list[Version]
    before: int | None


class Decide(Schema):
    """Approve or refuse proposals of other people."""

    numbers: list[int]
    approve: bool
    connection: str = ""


class MappingFile(Schema):
    """A file of mappings."""

    text: str = Field(description="CSV, as the file of the mapping has it.")
    plan: bool = Field(False, description="Only say what it would change.")
    connection: str = ""


class MappingLine(Schema):
    """One line of a file."""

    line: int
    kind: str
    code: str
    now: str
    then: str | None
    changes: bool
    problem: str


class MappingTaken(Schema):
    """What became of a file."""

    taken: int
    lines: list[MappingLine]
