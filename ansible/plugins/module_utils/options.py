"""The options of the collection's action and modules; a test compares them with the documentation."""

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
    "groups": {"type": "list", "elements": "str", "default": []},
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

CAMERA_TARGET = {
    "camera": {"type": "str", "required": True},
    "camera_password": {"type": "str", "no_log": True},
    "camera_login": {"type": "str", "choices": ["auto", "basic", "query", "token"], "default": "auto"},
    "camera_ca_file": {"type": "path"},
    "camera_fingerprint": {"type": "str"},
    "camera_insecure": {"type": "bool", "default": False},
    "timeout": {"type": "float", "default": 10.0},
}
"""The options of both camera modules about the camera itself: the names of the command line."""

_FILE_NAMES = {"name": {"type": "str"}, "prefix": {"type": "bool"}, "fixed_name": {"type": "bool"}}

CAMERA = {
    **CAMERA_TARGET,
    "set": {
        "type": "dict",
        "options": {
            "server": {"type": "str"},
            "port": {"type": "int"},
            "username": {"type": "str"},
            "password": {"type": "str", "no_log": True},
            "directory": {"type": "str"},
            "mode": {"type": "int"},
            "security": {"type": "str", "choices": ["none", "ftps", "sftp"]},
            "verify": {"type": "bool"},
            "day_folders": {"type": "bool"},
            "create_directory": {"type": "bool"},
        },
    },
    "action": {
        "type": "list",
        "elements": "dict",
        "options": {
            "kind": {"type": "str", "choices": list(UPLOADS), "required": True},
            "enable": {"type": "bool"},
            "interval": {"type": "int"},
        },
    },
    "snapshots": {"type": "int"},
    "schedule": {"type": "dict", "options": {"at": {"type": "str"}, "enable": {"type": "bool"}, **_FILE_NAMES}},
    "timer": {"type": "dict", "options": _FILE_NAMES},
    "trust": {"type": "str", "no_log": False},
    "test": {"type": "bool", "default": False},
}
