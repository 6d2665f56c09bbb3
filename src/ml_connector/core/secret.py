"""A secret that cannot be printed."""

from __future__ import annotations

import hmac


class Secret:
    """Holds a secret text; shows `***` wherever it is printed, formatted or logged. Opened only in the call that sends it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def open(self) -> str:
        """Return the secret text itself."""
        return self._value

    def matches(self, candidate: str) -> bool:
        """Tell whether `candidate` is the secret, in a time that does not depend on where they differ."""
        return hmac.compare_digest(self._value.encode(), candidate.encode())

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __reduce__(self) -> str:
        raise TypeError("a secret is never pickled")
