#!/usr/bin/python
# Copyright: The receiver-setup maintainers
# MIT License (see LICENSE or https://opensource.org/licenses/MIT)
# SPDX-License-Identifier: MIT
"""The module camera."""

from __future__ import annotations

DOCUMENTATION = r"""
module: camera
short_description: Set the FTP menu of an INSTAR 2k+ camera
version_added: 0.1.0
author:
  - The receiver-setup maintainers (@receiver-setup)
description:
  - Sets the given options and leaves the others alone. Each value is read first, sent only if it differs, and read back. If one is not accepted,
    all earlier changes are rolled back.
  - For a camera that uploads to a host of yours by sFTP use M(receiver_setup.instar.receiver), which sets both sides and proves the upload.
extends_documentation_fragment:
  - receiver_setup.instar.camera_target
options:
  set:
    description: Where and how the camera uploads.
    type: dict
    suboptions:
      server:
        description: The receiver's address or name, as the camera dials it.
        type: str
      port:
        description: The receiver's port, 1 to 65535.
        type: int
      username:
        description: The upload user.
        type: str
      password:
        description: The upload user's password. It cannot be read back, so it is sent each time and counts as changed.
        type: str
      directory:
        description: The directory, as the upload user sees it.
        type: str
      mode:
        description: C(ft_mode) as a number, 0 or 1. The maker's pages contradict each other on it.
        type: int
      security:
        description: How the upload is protected. Also sets its default port if the present port is a default one.
        type: str
        choices: [none, ftps, sftp]
      verify:
        description: Verify the receiver before an upload.
        type: bool
      day_folders:
        description: Every day a new folder, or all files in one directory.
        type: bool
      create_directory:
        description: Create the directory if there is none. Most firmwares do not report it, so it may count as changed each time.
        type: bool
  action:
    description: Which uploads are on, and the pause between two.
    type: list
    elements: dict
    suboptions:
      kind:
        description: V(rec) videos at an alarm, V(snap) pictures at an alarm, V(timersnap) pictures by the clock.
        type: str
        choices: [rec, snap, timersnap]
        required: true
      enable:
        description: Switch it on or off.
        type: bool
      interval:
        description: Seconds between two uploads, 1 to 3600.
        type: int
  snapshots:
    description: How many pictures are uploaded at an alarm, 1 to 10.
    type: int
  schedule:
    description: When the camera takes a picture by the clock, and how its files are called.
    type: dict
    suboptions:
      at:
        description: Such as V(10:00 Mon-Fri), V(07:30 daily) or V(10:00 Mon-Tue,Sun).
        type: str
      enable:
        description: Switch it on or off.
        type: bool
      name:
        description: The file name, or the prefix of file names.
        type: str
      prefix:
        description: Begin file names with the name.
        type: bool
      fixed_name:
        description: Always the same file name, or one made from the time.
        type: bool
  timer:
    description: How files of the interval upload are called; its maker calls this setting deprecated.
    type: dict
    suboptions:
      name:
        description: The file name, or the prefix of file names.
        type: str
      prefix:
        description: Begin file names with the name.
        type: bool
      fixed_name:
        description: Always the same file name, or one made from the time.
        type: bool
  trust:
    description: The host key of a receiver, as its base64, as C(type base64) or as a known_hosts line, which the camera trusts from then on.
      The camera does not report which one it trusts, so it is sent each time and counts as changed.
    type: str
  test:
    description: Let the camera upload its test picture last, and fail if that fails. Not in check mode.
    type: bool
    default: false
attributes:
  check_mode:
    description: Everything is read and compared, nothing is sent.
    support: full
  diff_mode:
    description: Every setting that differs, before and after.
    support: full
  idempotent:
    description: Except O(set.password) and O(trust), which cannot be read from a camera, and O(set.create_directory) if a firmware does not report it.
    support: partial
seealso:
  - module: receiver_setup.instar.receiver
  - module: receiver_setup.instar.camera_info
"""

EXAMPLES = r"""
- name: Upload videos and three pictures at each alarm
  receiver_setup.instar.camera:
    camera: 192.168.2.168
    camera_password: "{{ porch_password }}"
    action:
      - kind: rec
        enable: true
        interval: 60
      - kind: snap
        enable: true
    snapshots: 3
  delegate_to: localhost

- name: Let the camera take a picture each working day, and test uploads
  receiver_setup.instar.camera:
    camera: 192.168.2.168
    camera_password: "{{ porch_password }}"
    schedule:
      at: 10:00 Mon-Fri
      enable: true
    test: true
  delegate_to: localhost
"""

RETURN = r"""
address:
  description: The camera's address, without user and password.
  returned: success
  type: str
  sample: http://192.168.2.168
changes:
  description: Every setting that was changed, or would be.
  returned: success
  type: list
  elements: dict
  sample:
    - name: upload rec
      field: enable
      before: "off"
      after: "on"
      before_code: "0"
      after_code: "1"
diff:
  description: The same as text, as C(prepared), which C(--diff) prints.
  returned: when anything changed or would change
  type: dict
  sample:
    prepared: "-upload rec: off"
host_key:
  description: The host key that was sent.
  returned: when O(trust) is given, but not in check mode
  type: dict
  sample:
    type: ssh-ed25519
    bits: 256
    fingerprint: SHA256:IhZLkKqTXJ0pkvFv5TUj9fhSn1kWFOzZbCwLxhOoUmw
    line: ssh-ed25519 AAAA…
test:
  description: The result of the test upload.
  returned: when O(test) is true, but not in check mode
  type: dict
  sample:
    result: 0
    name: success
    cause: The camera's test picture was uploaded.
    remedy: Nothing is left to do.
error:
  description: The failure as data.
  returned: failure
  type: dict
  sample:
    kind: camera-not-taken
    message: the camera http://192.168.2.168 accepted `ft_port` with 200 but still has 21
    hint: the value may be too long for this firmware, or contain characters that it does not support
    exit_code: 3
    rolled_back: true
"""

from ansible_collections.receiver_setup.instar.plugins.module_utils.module_run import run_module
from ansible_collections.receiver_setup.instar.plugins.module_utils.options import CAMERA


def main():
    """Run the module."""
    run_module(CAMERA, lambda menu, options, redact, check: menu.change_camera(options, redact, check=check))


if __name__ == "__main__":
    main()
