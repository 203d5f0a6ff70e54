"""The hooks of a commit are a part of `make check`, by the same programs, and fetch nothing."""

from pathlib import Path

import yaml

ROOT = Path(__file__).parents[3]


def test_each_hook_is_a_line_of_make_check() -> None:
    makefile = (ROOT / "Makefile").read_text().replace("$(PYTHON)", ".venv/bin/python")
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    assert [each["repo"] for each in config["repos"]] == ["local"]
    hooks = config["repos"][0]["hooks"]
    assert {each["language"] for each in hooks} == {"system"}
    for hook in hooks:
        assert f"\t{hook['entry']}" in makefile, hook["id"]
    assert len(hooks) == 4
