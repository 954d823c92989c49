"""Values that are not shown: secrets, and what is in them.

They are ordinary text, bytes and dictionaries to every driver, but their ``repr`` is stars: no
traceback with local variables shows them, and no notebook. Loggers of ``get_logger`` show stars,
too. Text made of them (``str``, ``str.upper``, an f-string) is text like any other, because drivers
and connection strings are made so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, SupportsIndex

if TYPE_CHECKING:
    from typing_extensions import Self

STARS = "********"


class Origin(NamedTuple):
    """Where a text comes from, so that it can be fetched anew.

    Attributes:
        name: of the secret.
        region: of the secret.
        path: keys that lead to the text; empty for the whole secret.
    """

    name: str
    region: str | None
    path: tuple[str | int, ...] = ()

    def below(self, key: str | int) -> Origin:
        """Give the place of what is there under a key."""
        return self._replace(path=(*self.path, key))


class SecretText(str):  # noqa: SLOT000 - it has an origin
    """Text that is not shown.

    Attributes:
        origin: where it comes from; None where nobody can fetch it anew.
    """

    origin: Origin | None

    def __new__(cls, text: str, origin: Origin | None = None) -> Self:
        """Hide a text."""
        made = super().__new__(cls, text)
        made.origin = origin
        return made

    def __repr__(self) -> str:
        """Stars."""
        return f"'{STARS}'"

    def __getitem__(self, key: SupportsIndex | slice) -> SecretText:
        """Hide a piece, too: rich shows the beginning of long text in tracebacks."""
        return SecretText(super().__getitem__(key))

    def __add__(self, other: str) -> SecretText:
        """Hide what begins with it, too."""
        return SecretText(super().__add__(other))

    def __radd__(self, other: Any) -> Any:
        """Hide what ends with it, too; Python asks here before it asks lists and the like."""
        return SecretText(other.__add__(self)) if type(other) is str else NotImplemented

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> SecretBytes:
        """Hide the bytes that drivers send, too."""
        return SecretBytes(super().encode(encoding, errors))

    def __reduce__(self) -> tuple[Any, ...]:
        """Stay hidden in a copy, also in another process."""
        return type(self), (str.__str__(self), self.origin)


class SecretBytes(bytes):
    """Bytes that are not shown."""

    def __repr__(self) -> str:
        """Stars."""
        return f"b'{STARS}'"

    __str__ = __repr__

    def __getitem__(self, key: Any) -> Any:
        """Hide a piece, too."""
        found = super().__getitem__(key)
        return SecretBytes(found) if isinstance(found, bytes) else found

    def __add__(self, other: Any) -> SecretBytes:
        """Hide what begins with them, too."""
        return SecretBytes(super().__add__(other))

    def __radd__(self, other: Any) -> Any:
        """Hide what ends with them, too; a bytearray goes on being one."""
        return SecretBytes(other.__add__(self)) if type(other) is bytes else NotImplemented

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> SecretText:
        """Hide the text, too."""
        return SecretText(super().decode(encoding, errors))


class Secret(dict[str, Any]):
    """A dictionary that shows its keys only."""

    def __repr__(self) -> str:
        """Give the keys, and stars."""
        return "{" + ", ".join(f"{key!r}: '{STARS}'" for key in self) + "}"


def hidden(password: Any) -> Any:
    """Give a password that tracebacks with local variables do not show; None stays None."""
    if type(password) is bytes:
        return SecretBytes(password)
    return SecretText(password) if type(password) is str else password


def hides(value: Any) -> bool:
    """Tell whether it is a secret or holds one."""
    if isinstance(value, (SecretText, SecretBytes, Secret)):
        return True
    inside = value.values() if isinstance(value, Mapping) else value
    return isinstance(value, (Mapping, list, tuple)) and any(map(hides, inside))


def shown(value: Any) -> Any:
    """Put stars in the place of a secret text; what holds others shows stars by itself."""
    return STARS if isinstance(value, SecretText) else value
