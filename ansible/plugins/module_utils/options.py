"""The options of the collection's action and modules, each as its documentation has it; a test compares the two."""

from __future__ import annotations

UPLOADS = ("rec", "snap", "timersnap")

_TLS = {
    "ca_file": {"type": "path"},
    "fingerprint": {"type": "str"},
    "insecure": {"type": "bool", "default": False},
    "login": {"type": "str", "choices": ["auto", "basic", "query", "token"], "default": "auto"},
}
_CAMERA = {
    "name": {"type": "str"},
    "address": {"type": "str", "required": True},
    "username": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    **_TLS,
    "upload": {"type": "list", "elements": "str", "choices": list(UPLOADS)},
    "interval": {"type": "int"},
    "snapshots": {"type": "int"},
    "schedule": {"type": "str"},
}

RECEIVER = {
    "state": {"type": "str", "choices": ["present", "absent", "verified"], "default": "present"},
    "user": {"type": "str", "default": "ipcamera"},
    "directory": {"type": "str", "default": "recordings"},
    "home": {"type": "str"},
    "jail": {"type": "bool", "default": True},
    "adopt": {"type": "bool", "default": False},
    "isolate": {"type": "bool", "default": False},
    "auth": {"type": "str", "choices": ["auto", "key", "password"], "default": "auto"},
    "sha1": {"type": "str", "choices": ["auto", "never", "always"], "default": "auto"},
    "receiver_address": {"type": "str"},
    "pin_source": {"type": "bool"},
    "confirm_within": {"type": "int", "default": 60},
    "overwrite": {"type": "bool", "default": False},
    "delete_recordings": {"type": "bool", "default": False},
    "cameras": {"type": "list", "elements": "dict", "default": [], "options": _CAMERA},
    "camera_via_receiver": {"type": "bool", "default": False},
    "jobs": {"type": "int", "default": 4},
    "timeout": {"type": "float", "default": 10.0},
}
