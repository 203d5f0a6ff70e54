"""Read JSON objects strictly (pure): no unknown names, and every value of the right type."""

from typing import Any

from receiver_setup.receipt.model import ReceiptFormatError

_KINDS = {str: "a text", bool: "true or false", int: "a number", list: "a list", dict: "an object", type(None): "null"}


class Item:
    """One object of a receipt; `where` names it in errors, such as `receivers[0].cameras[1]`."""

    def __init__(self, value: Any, where: str) -> None:
        if type(value) is not dict:
            raise ReceiptFormatError(f"{where} is {_kind(value)}, not an object")
        self._values: dict[str, Any] = value
        self._where = where
        self._taken: set[str] = set()

    def has(self, name: str) -> bool:
        """Return True if the object has this name."""
        return name in self._values

    def text(self, name: str) -> str:
        """Take a text of one line."""
        return self._check_text(name, self._take(name, str))

    def text_or_none(self, name: str) -> str | None:
        """Take a text, or null."""
        value = self._take(name, str, type(None))
        return None if value is None else self._check_text(name, value)

    def integer(self, name: str, lowest: int, highest: int) -> int:
        """Take a whole number in a range."""
        return self._check_range(name, self._take(name, int), lowest, highest)

    def integer_or_none(self, name: str, lowest: int, highest: int) -> int | None:
        """Take a whole number in a range, or null."""
        value = self._take(name, int, type(None))
        return None if value is None else self._check_range(name, value, lowest, highest)

    def boolean_or_none(self, name: str) -> bool | None:
        """Take true, false or null."""
        value: bool | None = self._take(name, bool, type(None))
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Take a list of texts."""
        return self._check_texts(name, self._take(name, list))

    def texts_or_none(self, name: str) -> tuple[str, ...] | None:
        """Take a list of texts, or null."""
        value = self._take(name, list, type(None))
        return None if value is None else self._check_texts(name, value)

    def items(self, name: str) -> list["Item"]:
        """Take a list of objects."""
        return [Item(value, f"{self._path(name)}[{number}]") for number, value in enumerate(self._take(name, list))]

    def item_or_none(self, name: str) -> "Item | None":
        """Take an object, or null."""
        value = self._take(name, dict, type(None))
        return None if value is None else Item(value, self._path(name))

    def end(self) -> None:
        """Refuse names that were not taken."""
        for name in self._values:
            if name not in self._taken:
                raise ReceiptFormatError(f"{self._where} has {name[:40]!r}, which this release does not know")

    def wrong(self, name: str, why: str) -> ReceiptFormatError:
        """Return the error for an invalid value."""
        return ReceiptFormatError(f"{self._path(name)} {why}")

    def _take(self, name: str, *kinds: type) -> Any:
        if name not in self._values:
            raise ReceiptFormatError(f"{self._where} has no {name}")
        self._taken.add(name)
        value = self._values[name]
        # Not isinstance: bool is a subclass of int.
        if type(value) not in kinds:
            wanted = " or ".join(_KINDS[kind] for kind in kinds)
            raise self.wrong(name, f"is {_kind(value)}, not {wanted}")
        return value

    def _check_text(self, name: str, value: str) -> str:
        if not value.isprintable():
            raise self.wrong(name, "contains a line break or another character that cannot be shown")
        return value

    def _check_texts(self, name: str, values: list[Any]) -> tuple[str, ...]:
        for number, value in enumerate(values):
            if type(value) is not str:
                raise self.wrong(f"{name}[{number}]", f"is {_kind(value)}, not a text")
            self._check_text(f"{name}[{number}]", value)
        return tuple(values)

    def _check_range(self, name: str, value: int, lowest: int, highest: int) -> int:
        if not lowest <= value <= highest:
            raise self.wrong(name, f"is not between {lowest} and {highest}")
        return value

    def _path(self, name: str) -> str:
        return name if self._where == "the receipt" else f"{self._where}.{name}"


def _kind(value: Any) -> str:
    return _KINDS.get(type(value), "a decimal number")
