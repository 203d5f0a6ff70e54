"""Find cameras on this machine's networks by WS-Discovery: probes, answers, and the devices behind the answers.

Answers are unauthenticated claims. Nothing here sends a password, and nothing here proves that a device is a camera.
"""
