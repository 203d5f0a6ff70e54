"""The inventory (pure): receivers and their cameras in one TOML file; the format is described in docs/inventory.md.

inventory = parse_inventory(text, Path("cameras.toml"))       # ConfigurationError names file, table and key
receivers = resolve(inventory, {"timeout": 5.0})              # the options of each; those given here take precedence
receivers = select(receivers, only=["porch"])
"""

from receiver_setup.inventory.ansible_yaml import render_ansible
from receiver_setup.inventory.csv_format import parse_csv
from receiver_setup.inventory.model import (
    CameraEntry,
    Inventory,
    Password,
    ReceiverEntry,
    ResolvedCamera,
    ResolvedReceiver,
    SecretSource,
    TableOptions,
)
from receiver_setup.inventory.reader import parse_inventory
from receiver_setup.inventory.resolve import resolve
from receiver_setup.inventory.selection import parse_proven, select
from receiver_setup.inventory.writer import read_example, render_toml

__all__ = [
    "CameraEntry",
    "Inventory",
    "Password",
    "ReceiverEntry",
    "ResolvedCamera",
    "ResolvedReceiver",
    "SecretSource",
    "TableOptions",
    "parse_csv",
    "parse_inventory",
    "parse_proven",
    "read_example",
    "render_ansible",
    "render_toml",
    "resolve",
    "select",
]
