"""Cases of plans as data: plans/*.toml, read by a loader that refuses what it does not know."""

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest

from receiver_setup.formats.keys import PublicKey
from receiver_setup.formats.sshd_config import Authentication
from receiver_setup.receiver.facts.configuration import parse_lines
from receiver_setup.receiver.facts.disks import Disk
from receiver_setup.receiver.facts.ledger import Ledger
from receiver_setup.receiver.facts.model import Account, Facts, Group, PathState, Staged
from receiver_setup.receiver.plan.wanted import CameraSlot, Wanted

FOLDER = Path(__file__).parent / "plans"

_BASES = {name: FOLDER / f"_{name}.toml" for name in ("bare", "finished")}
_CASE = {"says", "base", "expected"}
_WANTED = {
    "user", "home", "directory", "cameras", "jail", "authentication", "allow_sha1", "new_password", "drop", "retract",
}  # fmt: skip
_FACTS = {
    "hostname", "openssh", "sshd_path", "sshd_problem", "nologin", "tools", "account", "password", "sshd_effective",
    "paths", "files", "groups", "same_uid", "group", "other_server", "listener", "staged", "staged_problem",
    "configuration", "cameras", "disks", "unwritable",
}  # fmt: skip
_OPTIONAL = {"wanted": {"adopt"}, "facts": {"administrator", "programs", "foreign_keys", "ledger"}}
"""What only a few cases are about: no base has it."""
_DISK = {field.name for field in fields(Disk)}
_EXPECTED = {"changed", "sets_password", "diff_has", "details", "calls"}
_PATH = re.compile(r"([a-z ]+) (0[0-7]{3}) (\d+)(?:/(\d+))? ([\w-]+):([\w-]+)")
"""TYPE MODE UID OWNER:GROUP, with UID/GID where they differ."""
_ALLOW_SHA1 = {"yes": True, "no": False, "as it is": None}
_GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedError:
    """The error that a plan must end in."""

    kind: str
    phrase: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One receiver, one wish, and what must come of them; `changed` is None where an error must come."""

    says: str
    facts: Facts
    wanted: Wanted
    changed: list[str] | None
    error: ExpectedError | None
    sets_password: bool | None
    diff_has: list[str]
    details: dict[str, str]
    calls: dict[str, list[str]]


def load_case(path: Path) -> Case:
    """Read one case over its base; unknown and missing keys are errors (doubled ones are TOML's)."""
    keys = _read(FOLDER / "_keys.toml")
    case = _read(path)
    _check_keys(path, case, required=_CASE, allowed=_CASE | {"wanted", "facts"})
    base = _read(_BASES[case["base"]])
    _check_keys(path, base, required={"wanted", "facts"})
    _check_keys(path, base["wanted"], required=_WANTED)
    _check_keys(path, base["facts"], required=_FACTS)
    wanted, facts, expected = case.get("wanted", {}), case.get("facts", {}), case["expected"]
    _check_keys(path, wanted, allowed=_WANTED | _OPTIONAL["wanted"])
    _check_keys(path, facts, allowed=_FACTS | _OPTIONAL["facts"])
    error = expected.get("error")
    if error is None:
        _check_keys(path, expected, required={"changed"}, allowed=_EXPECTED)
    else:
        _check_keys(path, expected, required={"error"})
        _check_keys(path, error, required={"kind", "phrase"})
    merged = {
        **base["facts"],
        **facts,
        "paths": _merge(base["facts"]["paths"], facts.get("paths", {})),
        "files": _merge(base["facts"]["files"], facts.get("files", {})),
        "disks": base["facts"]["disks"] | facts.get("disks", {}),
    }
    return Case(
        says=case["says"],
        facts=_facts(path, merged, keys),
        wanted=_wanted(path, base["wanted"] | wanted, keys),
        changed=expected.get("changed"),
        error=None if error is None else ExpectedError(**error),
        sets_password=expected.get("sets_password"),
        diff_has=[_fill(text, keys) for text in expected.get("diff_has", [])],
        details=expected.get("details", {}),
        calls=expected.get("calls", {}),
    )


def case_paths() -> list[Path]:
    """Return the files of all cases, without bases and keys."""
    return sorted(path for path in FOLDER.glob("*.toml") if not path.name.startswith("_"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for `case` once for each file."""
    if "case" in metafunc.fixturenames:
        paths = case_paths()
        metafunc.parametrize("case", [load_case(path) for path in paths], ids=[path.stem for path in paths])


@pytest.fixture(scope="session")
def planned() -> dict[str, Case]:
    """Return all cases that end in a plan by their names, for a test of what is so in every plan."""
    cases = {path.stem: load_case(path) for path in case_paths()}
    return {name: case for name, case in cases.items() if case.error is None}


@pytest.fixture
def finished() -> Case:
    """Return the finished host, for tests that go on from there."""
    return load_case(FOLDER / "finished.toml")


@pytest.fixture
def read_case() -> Callable[[Path], Case]:
    """Return the loader itself, for tests of its strictness."""
    return load_case


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _check_keys(
    path: Path, table: dict[str, Any], *, required: set[str] | None = None, allowed: set[str] | None = None
) -> None:
    required = required or set()
    unknown, missing = table.keys() - (allowed or set()) - required, required - table.keys()
    if unknown or missing:
        raise ValueError(f"{path.name}: unknown {sorted(unknown)}, missing {sorted(missing)}")


def _merge(base: dict[str, str], own: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in (base | own).items() if value != _GONE}


def _fill(text: str, keys: dict[str, str]) -> str:
    for name, line in keys.items():
        text = text.replace(f"{{{name}}}", line)
    return text


def _facts(path: Path, table: dict[str, Any], keys: dict[str, str]) -> Facts:
    return Facts(
        now_s=1_700_000_000.25,
        hostname=table["hostname"],
        system="debian 12",
        connection=("192.168.2.110", 22),
        tools=frozenset(table["tools"]),
        nologin=table["nologin"],
        account=_account(table["account"]),
        groups=tuple(table["groups"]),
        same_uid=tuple(table["same_uid"]),
        group=_group(table["group"]),
        password=table["password"],
        selinux="absent",
        paths={name: _state(path, name, value) for name, value in table["paths"].items()},
        files={name: _fill(value, keys).encode() for name, value in table["files"].items()},
        disks={name: _disk(path, name, disk) for name, disk in table["disks"].items()},
        unwritable=frozenset(table["unwritable"]),
        sshd_path=table["sshd_path"],
        other_server=table["other_server"],
        listener=table["listener"],
        openssh=_openssh(table["openssh"]),
        sshd_problem=table["sshd_problem"],
        sshd_effective=table["sshd_effective"],
        sshd_global=table.get("sshd_global", ""),
        staged=_staged(table),
        configuration=parse_lines(table["configuration"].splitlines()),
        host_keys=(PublicKey.from_line(keys["host"]),),
        routes={},
        names={},
        cameras=tuple(table["cameras"]),
        logs=(),
        before=frozenset(),
        administrator=table.get("administrator", "pi"),
        programs=tuple(table.get("programs", [])),
        foreign_keys=_fill(table.get("foreign_keys", ""), keys).encode(),
        ledger=Ledger.parse(table.get("ledger"), ""),
    )


def _wanted(path: Path, table: dict[str, Any], keys: dict[str, str]) -> Wanted:
    slots = []
    for camera in table["cameras"]:
        _check_keys(path, camera, required={"name", "directory", "key"})
        key = PublicKey.from_line(keys[camera["key"]]) if camera["key"] else None
        slots.append(CameraSlot(name=camera["name"], directory=camera["directory"], key=key))
    return Wanted(
        user=table["user"],
        home=table["home"],
        directory=table["directory"],
        slots=tuple(slots),
        jail=table["jail"],
        authentication=Authentication(table["authentication"]),
        allow_sha1=_ALLOW_SHA1[table["allow_sha1"]],
        new_password=table["new_password"],
        drop=tuple(table["drop"]),
        retract=tuple(table["retract"]),
        adopt=table.get("adopt", False),
    )


def _account(text: str) -> Account | None:
    if text == "none":
        return None
    name, uid, gid, comment, home, shell = text.split(":")
    return Account(name=name, uid=int(uid), gid=int(gid), comment=comment, home=home, shell=shell)


def _group(text: str) -> Group | None:
    if text == "none":
        return None
    gid, members = text.split(":")
    return Group(gid=int(gid), members=tuple(filter(None, members.split(","))))


def _staged(table: dict[str, Any]) -> Staged | None:
    if table["staged"] == "none" and not table["staged_problem"]:
        return None
    return Staged(effective=table["staged"], problem=table["staged_problem"])


def _disk(path: Path, name: str, table: dict[str, Any]) -> Disk:
    _check_keys(path, table, allowed=_DISK)
    return Disk(**{"folder": name, **table})


def _openssh(text: str) -> tuple[int, int] | None:
    if text == "none":
        return None
    major, minor = text.split(".")
    return int(major), int(minor)


def _state(path: Path, name: str, text: str) -> PathState:
    match = _PATH.fullmatch(text)
    if match is None:
        raise ValueError(f"{path.name}: {name} is neither gone nor TYPE MODE UID[/GID] OWNER:GROUP")
    kind, mode, uid, gid, owner, group = match.groups()
    return PathState(
        path=name, kind=kind, mode=int(mode, 8), uid=int(uid), gid=int(gid or uid), owner=owner, group=group
    )
