"""Fixtures for tests against a real OpenSSH server; tests that ask for none of them get nothing from here."""

import getpass
import logging
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from support import needs

from receiver_setup.emulator.receiver import network
from receiver_setup.emulator.receiver.admin_key import AdminKey, make_admin_key
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver
from receiver_setup.errors import ReceiverUnsuitableError

# The same examples in every run: what fails once fails again. A busy machine is slow, which is no failure.
for profile, max_examples in (("quick", 25), ("thorough", 300)):
    settings.register_profile(
        profile,
        max_examples=max_examples,
        derandomize=True,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
settings.load_profile("quick")  # or by --hypothesis-profile=thorough, which is read later than this


def pytest_configure() -> None:
    """Take signals again that a shell in the background or nohup has let the tests, and all they start, ignore."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what needs the network, so that `-m "not receiver"` runs all the rest; leave out what is to be asked for."""
    for item in items:
        if "private_network" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.receiver)
    for marker, variable in (("thorough", "RECEIVER_SETUP_EVERY_FAULT"), ("arm64", "RECEIVER_SETUP_ARM64")):
        if variable not in os.environ:
            left_out = [item for item in items if item.get_closest_marker(marker)]
            config.hook.pytest_deselected(items=left_out)
            items[:] = [item for item in items if not item.get_closest_marker(marker)]


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Before there are workers: stop if a program is missing; without root, go on as root of a user namespace."""
    if config.option.collectonly or config.option.help or "PYTEST_XDIST_WORKER" in os.environ:
        return
    needs.require(config.args)
    if os.geteuid() == 0:
        return
    # pytest names its folder in /tmp after the user; root's may exist and be real root's.
    os.environ.setdefault("LOGNAME", getpass.getuser())
    capture = config.pluginmanager.getplugin("capturemanager")
    try:
        capture.suspend_global_capture(in_=True)  # else the new process would write into a file that nobody shows
        network.become_fake_root()
    except ReceiverUnsuitableError:
        capture.resume_global_capture()  # the tests that need it say so themselves


@pytest.fixture(autouse=True)
def _restore_logging() -> Iterator[None]:
    """Restore the loggers that a command configures, for it ends with its process and a test does not."""
    loggers = [logging.getLogger(name) for name in ("receiver_setup", "paramiko", "urllib3")]
    before = [(each.handlers, each.propagate, each.level) for each in loggers]
    yield
    for each, (handlers, propagate, level) in zip(loggers, before, strict=True):
        each.handlers, each.propagate = handlers, propagate
        each.setLevel(level)


@pytest.fixture(scope="session")
def private_network() -> network.PrivateNetwork:
    """Enter a network of this process's own. Servers that a receiver is to reach must start after it."""
    try:
        return network.enter_private_network()
    except ReceiverUnsuitableError as error:
        problem = f"{error.message} {error.hint}"
    pytest.fail(problem, pytrace=False)


@pytest.fixture(scope="session")
def admin_key(tmp_path_factory: pytest.TempPathFactory) -> AdminKey:
    """Make the key of a receiver's administrator."""
    return make_admin_key(tmp_path_factory.mktemp("admin"))


@pytest.fixture
def receiver(
    private_network: network.PrivateNetwork,  # noqa: ARG001 - its failure is the better sentence
    admin_key: AdminKey,
) -> Iterator[ThrowawayReceiver]:
    """Start a fresh receiver with a passwordless sudo for `admin_key`."""
    with ThrowawayReceiver(admin_public_key=admin_key.public_line) as fresh:
        yield fresh


@pytest.fixture
def known_hosts(receiver: ThrowawayReceiver, tmp_path: Path) -> Path:
    """Write a known_hosts file with all host keys of `receiver`."""
    path = tmp_path / "known_hosts"
    path.write_text(receiver.known_hosts)
    return path
