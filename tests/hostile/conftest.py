"""Fixtures for attacks on a whole set-up: those of the tests end to end."""

from end_to_end.conftest import bench, make_bench, make_camera

__all__ = ["bench", "make_bench", "make_camera"]
