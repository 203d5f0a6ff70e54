"""The programs that a run of tests needs, checked once before its first test; the list is in tools/install-needs."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_TESTS = _ROOT / "tests"
_FOLDERS = ("unit", "contract", "end_to_end", "ansible")
_LIKE = {"hostile/test_wire.py": "contract", "hostile/test_parsers.py": "contract", "hostile": "end_to_end"}
"""Which folder's programs others need: attacks on the wire need no receiver."""


def require(arguments: Sequence[str]) -> None:
    """Raise pytest.UsageError, one sentence, when a program is missing that the tests named by `arguments` need."""
    done = subprocess.run(
        [_ROOT / "tools/install-needs", "--missing", *folders(arguments)], capture_output=True, text=True, check=True
    )
    if done.stdout.strip():
        raise pytest.UsageError(
            f"the tests need Debian packages that are not installed here: {', '.join(done.stdout.split())}; "
            "`tools/install-needs test` installs them"
        )


def folders(arguments: Sequence[str]) -> list[str]:
    """Return the folders of tests/ that pytest's arguments select; all of them unless each argument is in one."""
    found: set[str] = set()
    for argument in arguments:
        path = Path(argument.partition("::")[0]).resolve()
        parts = path.relative_to(_TESTS).parts if path.is_relative_to(_TESTS) else ()
        name = next((_LIKE[part] for part in ("/".join(parts[:2]), *parts[:1]) if part in _LIKE), *parts[:1] or ("",))
        found.update((name,) if name in _FOLDERS else _FOLDERS)
    return [folder for folder in _FOLDERS if folder in found]
