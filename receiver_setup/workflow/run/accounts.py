"""The upload accounts of one run: one that all cameras share, or one for each, jailed from the others."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from receiver_setup.errors import ConfigurationError
from receiver_setup.formats.sshd_config import Authentication
from receiver_setup.receiver.facts.known_cameras import KnownCamera, find_known_cameras
from receiver_setup.receiver.facts.model import Facts
from receiver_setup.receiver.plan.wanted import account_name, clean_name
from receiver_setup.secrets import Secret
from receiver_setup.workflow.run.camera_part import CameraPart
from receiver_setup.workflow.run.login_policy import LoginPlan
from receiver_setup.workflow.run.request import Request

R = TypeVar("R", bound=CameraPart)

_BY_KEY = LoginPlan(authentication=Authentication.PUBLIC_KEY, allow_sha1=None)


@dataclass(slots=True, kw_only=True, eq=False)
class UploadAccount(Generic[R]):
    """One account and the cameras that use it in this run; `runs` is empty where only the receiver's half is meant."""

    user: str
    home: str
    directory: str
    """The recordings directory, below the home."""
    runs: list[R]
    login: LoginPlan = _BY_KEY
    password: Secret | None = None
    touched: bool = False
    """True once this run has changed anything of it on the receiver."""
    _first: Facts | None = None
    _facts: Facts | None = None
    _known: Mapping[str, KnownCamera] | None = None

    def learn(self, facts: Facts, *, first: bool = False) -> None:
        """Keep what was read of it; with `first` as that from which this run began."""
        self._facts, self._known = facts, None
        if first or self._first is None:
            self._first = facts

    @property
    def facts(self) -> Facts:
        """What was read of it last."""
        if self._facts is None:
            raise ValueError(f"nothing was read of {self.user} yet")
        return self._facts

    @property
    def known(self) -> Mapping[str, KnownCamera]:
        """Every camera that uses it, by name, as it was read last."""
        if self._known is None:
            self._known = find_known_cameras(self.facts, self.user)
        return self._known

    @property
    def learnt(self) -> bool:
        """True once anything was read of it."""
        return self._facts is not None

    @property
    def first(self) -> Facts:
        """What was read of it before this run changed anything."""
        return self._first or self.facts

    @property
    def cameras(self) -> tuple[str, ...]:
        """The addresses of the cameras that have not failed, as far as they are known."""
        return tuple(address for run in self.alive for address in run.addresses())

    @property
    def directories(self) -> set[str]:
        """The folders of all its cameras, as far as they are known."""
        known = (camera.directory for camera in self.known.values())
        return {run.directory for run in self.runs} | {directory for directory in known if directory is not None}

    @property
    def alive(self) -> list[R]:
        """Its cameras that have not failed."""
        return [run for run in self.runs if run.alive]

    @property
    def failed(self) -> list[R]:
        """Those that have."""
        return [run for run in self.runs if not run.alive]


def find_accounts(request: Request, runs: Sequence[R]) -> list[UploadAccount[R]]:
    """Return the accounts of a run, each with its cameras; every camera is told where its uploads arrive.

    Raises `ConfigurationError` where the names of two cameras lead to one account.
    """
    if not (request.isolate and runs):
        alone = len(runs) == 1 if request.alone is None else request.alone
        for run in runs:
            run.directory = find_directory(request, run.name, alone=alone)
        return [UploadAccount(user=request.user, home=request.home, directory=request.directory, runs=list(runs))]
    accounts: dict[str, UploadAccount[R]] = {}
    for run in runs:
        user = account_name(request.user, run.name)
        if user in accounts:
            raise ConfigurationError(
                f"the cameras {accounts[user].runs[0].name} and {run.name} would share the account {user}",
                hint="give one of them another name",
            )
        home = f"{request.home}{user.removeprefix(request.user)}"
        run.directory = f"{home}/{request.directory}"
        run.report.user = user
        accounts[user] = UploadAccount(user=user, home=home, directory=request.directory, runs=[run])
    return list(accounts.values())


def find_filed_accounts(request: Request, filed: Iterable[str]) -> list[UploadAccount[R]]:
    """Return the accounts of single cameras that are filed on a receiver, for a removal of all of them."""
    return [
        UploadAccount(
            user=user, home=f"{request.home}{user.removeprefix(request.user)}", directory=request.directory, runs=[]
        )
        for user in sorted(filed)
        if user.startswith(f"{request.user}-")
    ]


def choose_directory(run: CameraPart, request: Request, account: UploadAccount[R]) -> str:
    """Return the folder of a camera, which stays what it was at its first set-up, whoever else is in the command.

    One that an older version set up has the folder that the camera itself names, if it is one of the two that it can
    be; a new one has the recordings directory to itself, or its own in it beside others.
    """
    if request.isolate:
        return run.directory
    known = account.known
    base, own = f"{account.home}/{account.directory}", find_directory(request, run.name, alone=False)
    camera = known.get(run.known_as) if run.known_as is not None else known.get(run.name)
    if camera is not None and camera.directory is not None:
        if f"{camera.directory}/".startswith(f"{base}/"):
            return camera.directory
    elif camera is not None:
        named = f"{account.home}/{run.folder}"
        former = find_directory(request, camera.name, alone=False)
        if named in {base, former}:
            return named
    others = {*known, *(each.name for each in account.runs)} - {run.name, run.known_as}
    return own if others or request.alone is False else base


def find_directory(request: Request, camera: str, *, alone: bool) -> str:
    """Return a camera's directory on a shared account: the recordings directory, or its own in it beside others."""
    base = f"{request.home}/{request.directory}"
    return base if alone else f"{base}/{clean_name(camera)}"
