"""Fixtures for attacks: those of tests of the whole command."""

from end_to_end.conftest import bench, make_bench, make_camera, systemd

__all__ = ["bench", "make_bench", "make_camera", "systemd"]
