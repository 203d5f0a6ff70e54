"""Documentation of the options that say how to reach a camera."""

from __future__ import annotations


class ModuleDocFragment:
    """Documentation that both modules share."""

    DOCUMENTATION = r"""
options:
  camera:
    description: The camera, as C([http[s]://][USER@]HOST[:PORT]). Its user is C(admin) unless given. A password does not belong here.
    type: str
    required: true
  camera_password:
    description: The password of the camera's user, best from a vault.
    type: str
  camera_login:
    description: How to send user and password to the camera. V(auto) finds a way that works.
    type: str
    choices: [auto, basic, query, token]
    default: auto
  camera_ca_file:
    description: "For a camera that is given as https://…: the authority that signed its certificate."
    type: path
  camera_fingerprint:
    description: "For a camera that is given as https://…: the SHA-256 fingerprint of its certificate."
    type: str
  camera_insecure:
    description: "For a camera that is given as https://…: do not verify its certificate."
    type: bool
    default: false
  timeout:
    description: Seconds for a connection and for each answer.
    type: float
    default: 10.0
requirements:
  - receiver-setup >= 0.1.0, in the Python that runs the module
notes:
  - The module speaks HTTP with the camera from where it runs, so run it on the controller, with C(delegate_to=localhost) or C(connection=local).
  - If that Python is not Ansible's own, set C(ansible_python_interpreter={{ ansible_playbook_python }}).
"""
