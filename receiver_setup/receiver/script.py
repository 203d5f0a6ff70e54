"""A script for the receiver (pure): its own text, and the files of the shell library that it uses."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from receiver_setup.formats.plain_shell import quote

READ_LIBRARY = 'kept=$library; unset library; library=$kept; unset kept; eval "$library"'
"""Where it comes in the environment, commands do not inherit it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A script for the receiver: `text` is its own, `parts` are files of the library by name, read in this order.

    It finds the text of the parts named in `stored` in `$library`, to write it to a file.
    """

    text: str
    parts: Mapping[str, str] = field(default_factory=dict)
    stored: tuple[str, ...] = ()

    def whole(self) -> str:
        """Return it as one text, for a shell that is opened for it alone."""
        head = []
        if self.stored:
            library = "\n".join(self.parts[name] for name in self.stored)
            head = [f"library={quote(library)}", READ_LIBRARY]
        return "\n".join([*head, *(text for name, text in self.parts.items() if name not in self.stored), self.text])
