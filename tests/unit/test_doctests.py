"""The examples in docstrings are run; those of the camera's modules by a test of their own."""

import doctest
import importlib
import pkgutil

import pytest

import receiver_setup

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(receiver_setup.__path__, "receiver_setup.")
    if not module.name.startswith("receiver_setup.camera.") and module.name != "receiver_setup.__main__"
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_there_are_examples_to_hold() -> None:
    tried = sum(doctest.testmod(importlib.import_module(name)).attempted for name in MODULES)
    assert tried >= 10
    assert "receiver_setup.receiver.hosts.ssh" in MODULES
