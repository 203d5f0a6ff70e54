"""The examples in docstrings are run."""

import doctest
import importlib
import pkgutil

from support.rules import listed

import receiver_setup

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(receiver_setup.__path__, "receiver_setup.")
    if module.name != "receiver_setup.__main__"
)


def test_examples_hold() -> None:
    ends = {name: doctest.testmod(importlib.import_module(name)) for name in MODULES}
    wrong = {name: end for name, end in ends.items() if end.failed}
    assert not wrong, listed(wrong)
    with_examples = {name for name, end in ends.items() if end.attempted}
    assert with_examples >= {"receiver_setup.camera.wire.query", "receiver_setup.camera.wire.reply"}
    assert sum(end.attempted for end in ends.values()) >= 10
    assert {"receiver_setup.receiver.hosts.ssh", "receiver_setup.camera.messages.ftp"} <= ends.keys()
