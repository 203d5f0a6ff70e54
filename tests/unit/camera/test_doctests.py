"""The examples in the docstrings of the camera's modules are run."""

import doctest
import importlib
import pkgutil

import pytest

import receiver_setup.camera

MODULES = sorted(m.name for m in pkgutil.walk_packages(receiver_setup.camera.__path__, "receiver_setup.camera."))


@pytest.mark.parametrize("name", MODULES)
def test_examples_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_all_modules_are_found() -> None:
    assert "receiver_setup.camera.messages.ftp" in MODULES
    assert "receiver_setup.camera.query" in MODULES
