"""The emulated camera: a stateful HTTP server that really uploads by SFTP and really checks host keys.

    with EmulatedCamera(Profile(signature="sha1"), password="made up") as camera:
        print(camera.url)

It shares no code with the camera client, so that each checks the other.
"""

from receiver_setup.emulator.camera.device import EmulatedCamera
from receiver_setup.emulator.camera.profile import SETTINGS, Profile, Setting
from receiver_setup.emulator.camera.profiles import PROFILES, NamedProfile, apply_settings, find_profile

__all__ = [
    "PROFILES",
    "SETTINGS",
    "EmulatedCamera",
    "NamedProfile",
    "Profile",
    "Setting",
    "apply_settings",
    "find_profile",
]
