"""Measure whole processes side by side in one run, and print one table of ratios of medians."""

import argparse
import importlib
import os
import sys
import time
from pathlib import Path

from machine import describe_machine
from receiver_setup.emulator.receiver.network import become_fake_root, enter_private_network
from table import Row, render_markdown, render_text, replace_table

PARTS = {
    "start": "start",
    "setup": "setup_one",
    "receiver": "receiver_half",
    "collection": "ansible_collection",
    "fleet": "fleet",
    "slow": "slow_link",
    "hostile": "hostile",
}
"""What can be measured, and the module whose `measure(rounds)` returns its rows."""


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """Read the command line; what to measure and how often come from the environment by default, as `make` has it."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--only", default=os.environ.get("ONLY", ""), help=f"some of {','.join(PARTS)}")
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("ROUNDS") or "5"), help="5 unless given")
    parser.add_argument("--write-docs", type=Path, help="put the table below the heading “The last run” of this file")
    given = parser.parse_args(arguments)
    given.parts = [part.strip() for part in given.only.split(",") if part.strip()] or list(PARTS)
    unknown = [part for part in given.parts if part not in PARTS]
    if unknown or given.rounds < 1:
        parser.error(f"{unknown or given.rounds} cannot be measured; give some of {', '.join(PARTS)}, and rounds")
    return given


def main(arguments: list[str]) -> None:
    """Measure what was asked for and print it."""
    given = parse_arguments(arguments)
    document = given.write_docs.read_text(encoding="utf-8") if given.write_docs else None
    become_fake_root()
    enter_private_network()
    began = time.monotonic()
    rows: list[Row] = []
    for part in given.parts:
        print(f"measuring {part}", file=sys.stderr, flush=True)
        rows += importlib.import_module(PARTS[part]).measure(given.rounds)
    told = f"Medians of {given.rounds} rounds on {describe_machine()}, in {time.monotonic() - began:.0f} s."
    print(f"{told}\n\n{render_text(rows)}", end="")
    if document is not None:
        given.write_docs.write_text(replace_table(document, f"{told}\n\n{render_markdown(rows)}"), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
