#!/usr/bin/python
# Copyright: The receiver-setup maintainers
# MIT License (see LICENSE or https://opensource.org/licenses/MIT)
# SPDX-License-Identifier: MIT
"""The module camera_info."""

from __future__ import annotations

DOCUMENTATION = r"""
module: camera_info
short_description: Read the FTP menu and the public key of an INSTAR 2k+ camera
version_added: 0.1.0
author:
  - The receiver-setup maintainers (@receiver-setup)
description:
  - Reads every setting of the camera's FTP menu, in words and codes, and the key with which it signs in by sFTP.
extends_documentation_fragment:
  - receiver_setup.instar.camera_target
attributes:
  check_mode:
    description: It only reads.
    support: full
  diff_mode:
    description: It only reads, so there is nothing to show.
    support: none
  idempotent:
    description: It only reads.
    support: full
seealso:
  - module: receiver_setup.instar.camera
"""

EXAMPLES = r"""
- name: Show where the camera uploads to
  receiver_setup.instar.camera_info:
    camera: 192.168.2.168
    camera_password: "{{ porch_password }}"
  delegate_to: localhost
  register: porch
"""

RETURN = r"""
address:
  description: The camera's address, without user and password.
  returned: success
  type: str
  sample: http://192.168.2.168
settings:
  description: Every setting that the camera reports.
  returned: success
  type: list
  elements: dict
  sample:
    - name: server
      command: getftpattr
      field: ft_server
      words: 192.168.2.110
      code: 192.168.2.110
      deprecated: false
not_available:
  description: Commands that this camera does not support, each with the reason.
  returned: success
  type: dict
  sample:
    getsnaptimerftpattr: "204 unknown command: this firmware does not have it"
public_key:
  description: The camera's own key; null if it has none.
  returned: success
  type: dict
  sample:
    type: ssh-rsa
    bits: 2048
    fingerprint: SHA256:TB6cmSThV0eL7zkvXGYqvzIBSbTy1sILH1tMDUvBQ44
    line: ssh-rsa AAAA…
error:
  description: The failure as data.
  returned: failure
  type: dict
  sample:
    kind: camera-login
    message: the camera http://192.168.2.168 refused user or password (getftpattr)
    hint: check user and password in the camera's own menu before the next try
    exit_code: 3
    rolled_back: null
"""

from ansible_collections.receiver_setup.instar.plugins.module_utils.module_run import run_module
from ansible_collections.receiver_setup.instar.plugins.module_utils.options import CAMERA_TARGET


def main():
    """Run the module."""
    run_module(CAMERA_TARGET, lambda menu, options, redact, _check: menu.read_camera(options, redact))


if __name__ == "__main__":
    main()
