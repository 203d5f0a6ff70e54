"""Cameras on this machine's networks, found by WS-Discovery: probe, answer, and what many answers come to.

A found address is a stranger's claim. Nothing here sends a password, and nothing here proves a camera.
"""
