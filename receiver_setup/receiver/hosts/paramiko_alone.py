"""Load paramiko without invoke, which takes as long as paramiko itself and serves its ssh_config reader alone.

Whoever needs paramiko takes it from here. Others may import invoke as ever.
"""

import sys
from typing import Any

_MISSING: dict[str, Any] = {} if "invoke" in sys.modules else {"invoke": None}

__all__ = ["paramiko"]

sys.modules |= _MISSING
try:
    import paramiko
finally:
    for _name in _MISSING:
        del sys.modules[_name]
