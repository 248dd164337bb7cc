"""Texts that do not show themselves, wherever a log or a traceback displays values."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

HIDDEN = "<secret>"


class Revealed(str):
    """A credential as it is sent: a text like any other, but for its `repr`.

    A traceback may show the local variables of each frame; that is what `repr` gives.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return HIDDEN


class RevealedBytes(bytes):
    """The same for bytes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return HIDDEN


class Secret:
    """Holds a credential; only `reveal` gives it out, so that no log or traceback does."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = Revealed(value)

    def reveal(self) -> Revealed:
        """Return the credential itself."""
        return self._value

    def __repr__(self) -> str:
        return HIDDEN

    __str__ = __repr__

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))


class Unshown(Mapping[str, Any]):
    """Values by name, such as the environment's, none of which is displayed."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def __getitem__(self, name: str) -> Any:
        value = self._values[name]
        return Revealed(value) if isinstance(value, str) else value

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"<{len(self)} values>"


def unshown(values: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """Return the values, those of the given names not displayed, nor in mappings among them."""
    return {
        name: Revealed(value)
        if name in names and isinstance(value, str)
        else unshown(value, names)
        if isinstance(value, Mapping)
        else value
        for name, value in values.items()
    }
