#!/usr/bin/python
# Copyright: The receiver-setup maintainers
# MIT License (see LICENSE or https://opensource.org/licenses/MIT)
# SPDX-License-Identifier: MIT
"""Documentation of the action receiver; its code is in plugins/action/receiver.py."""

DOCUMENTATION = r"""
module: receiver
short_description: Make a Linux host the proven sFTP receiver of INSTAR 2k+ cameras
version_added: 0.1.0
author:
  - The receiver-setup maintainers (@receiver-setup)
description:
  - Creates the upload account (jailed, no shell, no usable password), exchanges the keys between the host and its cameras, lets each camera verify
    the host key, and proves with a test upload on both sides that it works. On failure, the camera and the host are restored.
  - The host is reached by Ansible's own connection, and only needs a shell and OpenSSH's server, no Python. The cameras are reached from the
    controller, or through the host with O(camera_via_receiver).
  - sshd is reloaded only after its configuration was tested. A new login must then succeed, or the host undoes the change by itself.
options:
  state:
    description:
      - V(present) sets up and proves.
      - V(absent) undoes everything. The former settings of each camera in O(cameras) are restored; without any, the host's whole set-up is removed
        and no camera is contacted.
      - V(verified) proves a set-up again and changes nothing except the test picture; it fails if anything differs from the set-up. In check mode
        no picture is uploaded.
    type: str
    choices: [present, absent, verified]
    default: present
  user:
    description: The upload user.
    type: str
    default: ipcamera
  directory:
    description: The recordings directory, below the home. With several cameras each has its own folder in it.
    type: str
    default: recordings
  home:
    description: The upload user's home, which is the jail as well. By default C(/home/USER).
    type: str
  jail:
    description: Lock uploads into the home.
    type: bool
    default: true
  adopt:
    description: Take over an existing account of this name.
    type: bool
    default: false
  groups:
    description: Groups of the host that the upload user joins, such as C(_ssh) if sshd admits only that group.
    type: list
    elements: str
    default: []
  isolate:
    description: Give each camera a separate account, jailed from the others.
    type: bool
    default: false
  auth:
    description: How a camera signs in. V(auto) makes a random password only if the camera answers that it has no key.
    type: str
    choices: [auto, key, password]
    default: auto
  sha1:
    description: Whether to allow SHA-1 signatures for the upload user only. V(auto) allows them if sshd's log shows that a camera needs them.
    type: str
    choices: [auto, never, always]
    default: auto
  receiver_address:
    description: What the cameras dial, as C(HOST[:PORT]). By default the host's address on its route to each camera.
    type: str
  pin_source:
    description: Accept a camera's key only from its present address. By default this is left unchanged.
    type: bool
  confirm_within:
    description: The host undoes the change by itself unless a new login confirms it within so many seconds, 5 to 3600.
    type: int
    default: 60
  overwrite:
    description: Replace our sshd drop-in if it was edited, and continue if the set-up is kept in memory.
    type: bool
    default: false
  delete_recordings:
    description: With O(state=absent), delete the recordings as well; this cannot be undone.
    type: bool
    default: false
  cameras:
    description: The cameras of this host. At least one, except with O(state=absent).
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The camera's name, in folders, key comments and results. By default its host.
        type: str
      address:
        description: The camera, as C([http[s]://][USER@]HOST[:PORT]). A password does not belong here.
        type: str
        required: true
      username:
        description: The camera's user, if it is neither in the address nor C(admin).
        type: str
      password:
        description: The password of the camera's user, best from a vault.
        type: str
      ca_file:
        description: "For a camera that is given as https://…: the authority that signed its certificate, a file on the controller."
        type: path
      fingerprint:
        description: "For a camera that is given as https://…: the SHA-256 fingerprint of its certificate."
        type: str
      insecure:
        description: "For a camera that is given as https://…: do not verify its certificate."
        type: bool
        default: false
      login:
        description: How to send user and password to the camera. V(auto) finds a way that works.
        type: str
        choices: [auto, basic, query, token]
        default: auto
      upload:
        description: "What it uploads after the proof: V(rec) videos at an alarm, V(snap) pictures at an alarm, V(timersnap) pictures by the clock."
        type: list
        elements: str
        choices: [rec, snap, timersnap]
      interval:
        description: Seconds between two uploads of these, 1 to 3600.
        type: int
      snapshots:
        description: Pictures at each alarm, 1 to 10.
        type: int
      schedule:
        description: When the pictures by the clock are taken, such as V(10:00 Mon-Fri).
        type: str
  camera_via_receiver:
    description: Reach the cameras through the connection to the host, if only it can reach them; with the connections C(ssh) and C(paramiko).
    type: bool
    default: false
  jobs:
    description: Cameras at a time, 1 to 64.
    type: int
    default: 4
  timeout:
    description: Seconds for each answer of a camera.
    type: float
    default: 10.0
requirements:
  - receiver-setup >= 0.1.0, in the Python of the controller
attributes:
  check_mode:
    description: Everything is read and planned, and nothing is changed. It is not known whether a test upload would succeed.
    support: full
  diff_mode:
    description: The same text as C(receiver-setup setup --diff) prints.
    support: full
  idempotent:
    description: A second run tests each camera's upload again, changes nothing and sends no set command.
    support: full
  action:
    description: Runs on the controller; no module is sent to the host.
    support: full
  async:
    description: An unattended run could not be undone.
    support: none
seealso:
  - module: receiver_setup.instar.camera
  - module: receiver_setup.instar.camera_info
notes:
  - Needs root on the host, as the login or by C(become). C(gather_facts) is not needed and would look for a Python there.
  - A run opens its own logins in addition to Ansible's. One is made after the change, to prove that the administrator can still sign in.
"""

EXAMPLES = r"""
- name: Let two cameras upload to this host
  receiver_setup.instar.receiver:
    cameras:
      - name: porch
        address: 192.168.2.168
        password: "{{ porch_password }}"
        upload: [rec]
      - name: yard
        address: https://192.168.2.169
        fingerprint: "{{ yard_fingerprint }}"
        password: "{{ yard_password }}"
        upload: [snap]
        snapshots: 3

- name: Prove it again
  receiver_setup.instar.receiver:
    state: verified
    cameras: "{{ sftp_receiver_cameras }}"

- name: Undo it and keep the recordings
  receiver_setup.instar.receiver:
    state: absent
    cameras: "{{ sftp_receiver_cameras }}"
"""

RETURN = r"""
msg:
  description: The outcome in a sentence; for a failure what happened, what to do next, and whether everything was rolled back.
  returned: always
  type: str
  sample: "192.168.2.110: set up and proven for porch"
receiver:
  description: The receiver and its cameras as C(receiver-setup setup --json) has them.
  returned: when the workflow ran
  type: dict
  contains:
    address:
      description: The host as it was dialled; C(local) for this machine.
      returned: success
      type: str
      sample: 192.168.2.110
    user:
      description: The upload user.
      returned: success
      type: str
      sample: ipcamera
    ok:
      description: Whether the host and every camera are as requested.
      returned: success
      type: bool
      sample: true
    changed:
      description: Whether anything on either side was changed; in check mode, whether it would be.
      returned: success
      type: bool
      sample: true
    steps:
      description: The steps on the host, including those with nothing to do.
      returned: success
      type: list
      elements: dict
      sample:
        - name: create user
          changed: true
          detail: ipcamera
    diff:
      description: Every change as text, the host's and then each camera's.
      returned: success
      type: str
      sample: "+ user ipcamera: home /home/ipcamera, shell /usr/sbin/nologin, no password opens it"
    host_keys:
      description: The host's own public host keys.
      returned: success
      type: list
      elements: dict
      sample:
        - type: ssh-ed25519
          fingerprint: SHA256:IhZLkKqTXJ0pkvFv5TUj9fhSn1kWFOzZbCwLxhOoUmw
    cameras:
      description: Each camera's half.
      returned: success
      type: list
      elements: dict
      contains:
        name:
          description: Its name.
          returned: success
          type: str
          sample: porch
        address:
          description: Its address, without user and password.
          returned: success
          type: str
          sample: http://192.168.2.168
        ok:
          description: Whether nothing failed for it.
          returned: success
          type: bool
          sample: true
        changed:
          description: Whether its settings were changed.
          returned: success
          type: bool
          sample: true
        steps:
          description: The steps on the camera, including those with nothing to do.
          returned: success
          type: list
          elements: dict
          sample:
            - name: verify host key
              changed: true
              detail: ft_insecure=0
        directory:
          description: Where its uploads arrive.
          returned: success
          type: str
          sample: /home/ipcamera/recordings/porch
        auth:
          description: How it signed in.
          returned: success
          type: str
          sample: publickey
        signature:
          description: C(ssh-rsa) if SHA-1 had to be allowed for it.
          returned: success
          type: str
          sample: null
        public_key:
          description: The key with which it signs in.
          returned: success
          type: dict
          sample:
            type: ssh-rsa
            bits: 2048
            fingerprint: SHA256:TB6cmSThV0eL7zkvXGYqvzIBSbTy1sILH1tMDUvBQ44
        host_key:
          description: The host key that it trusts, and whether it verifies it.
          returned: success
          type: dict
          sample:
            type: ssh-ed25519
            fingerprint: SHA256:IhZLkKqTXJ0pkvFv5TUj9fhSn1kWFOzZbCwLxhOoUmw
            verified: true
        test:
          description: Its last test upload.
          returned: success
          type: dict
          sample:
            result: 0
            file: Test-Snapshot.jpeg
            bytes: 31337
        warnings:
          description: Warnings about it; Ansible shows these as well.
          returned: success
          type: list
          elements: str
          sample: []
        error:
          description: What failed for it, as in RV(error).
          returned: success
          type: dict
          sample: null
        claims:
          description: With O(state=verified), each claim about it, and whether it is true.
          returned: with O(state=verified)
          type: list
          elements: dict
          sample:
            - name: verifies host keys
              ok: true
              detail: ft_insecure=0
              cause: null
              remedy: null
              repaired_by_setup: false
    error:
      description: What failed on the host, as in RV(error).
      returned: success
      type: dict
      sample: null
    claims:
      description: With O(state=verified), each claim about the host, and whether it is true.
      returned: with O(state=verified)
      type: list
      elements: dict
      sample:
        - name: drop-in
          ok: true
          detail: as it was set up
          cause: null
          remedy: null
          repaired_by_setup: false
    groups:
      description: With O(state=verified), the groups that the upload account is in beside its own; null where that is not known.
      returned: with O(state=verified)
      type: list
      elements: str
      sample: [media]
diff:
  description: Every change as text, as C(prepared), which C(--diff) prints.
  returned: when anything changed or would change
  type: dict
  contains:
    prepared:
      description: The text.
      returned: success
      type: str
      sample: "! reload sshd"
error:
  description: The failure as data.
  returned: on failure
  type: dict
  contains:
    kind:
      description: The kind of failure.
      returned: failure
      type: str
      sample: camera-login
    message:
      description: What happened, in one sentence.
      returned: failure
      type: str
      sample: the camera http://192.168.2.168 refuses user or password
    hint:
      description: What to do next.
      returned: failure
      type: str
      sample: check user and password in the camera's own menu before the next try
    exit_code:
      description: The exit code that the command line would have.
      returned: failure
      type: int
      sample: 3
    rolled_back:
      description: True if all changes were rolled back, false if not all were, null if nothing had been changed.
      returned: failure
      type: bool
      sample: true
warnings:
  description: Warnings about each camera.
  returned: when there are any
  type: list
  elements: str
  sample: []
"""
