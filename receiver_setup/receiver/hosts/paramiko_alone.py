"""Load paramiko without invoke, which takes as long as paramiko itself and serves nothing but “Match exec”.

Whoever needs paramiko takes it from here. Nothing is missing for good: `allow_match_exec` brings invoke back.
"""

import importlib
import sys
from typing import Any

_MISSING: dict[str, Any] = {} if "invoke" in sys.modules else {"invoke": None}

__all__ = ["allow_match_exec", "paramiko"]

sys.modules |= _MISSING
try:
    import paramiko
finally:
    for _name in _MISSING:
        del sys.modules[_name]


def allow_match_exec() -> bool:
    """Let paramiko run what “Match exec” names; False where invoke is not there, or was already."""
    config: Any = paramiko.config
    if config.invoke is not None:
        return False
    try:
        config.invoke = importlib.import_module("invoke")
    except ImportError:
        return False
    return True
