"""A release has one version, a changelog to be cut from, and archives that depend on their sources alone."""

import doctest
import io
import json
import re
import shutil
import tarfile
from hashlib import sha256
from pathlib import Path
from types import ModuleType

import pytest
from support.tools import load_tool

ROOT = Path(__file__).parents[3]
PLACES = (
    "receiver_setup/__init__.py",
    "packaging/debian/changelog",
    "ansible/galaxy.yml",
    "ansible/plugins/module_utils/requirement.py",
    "docs/packaging.md",
)


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """Load the tool as a module."""
    return load_tool("release-check")


def test_its_examples_hold(tool: ModuleType) -> None:
    assert doctest.testmod(tool) == (0, 3)


def test_one_version_is_told_everywhere_and_the_changelog_can_be_cut(tool: ModuleType) -> None:
    assert tool.other_versions(ROOT) == []
    assert tool.notes(tool.read(ROOT, "CHANGELOG.md"), tool.version_of(ROOT))


@pytest.mark.parametrize("path", PLACES)
def test_a_place_that_is_left_behind_is_named(tool: ModuleType, tmp_path: Path, path: str) -> None:
    for each in PLACES:
        (tmp_path / each).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / each, tmp_path / each)
    assert tool.other_versions(tmp_path) == []
    text = (tmp_path / path).read_text()
    (tmp_path / path).write_text(text.replace(tool.version_of(ROOT), "7.8.9"))
    wrong = tool.other_versions(tmp_path)
    if path == PLACES[0]:
        assert [each.split()[0] for each in wrong] == [*PLACES[1:3], PLACES[4]]
    else:
        (one,) = wrong
        assert "7.8.9" in one
        assert path in one or (path == PLACES[3] and one.startswith("the collection needs"))


RELEASED = (
    "# Changelog\n\n## [Unreleased]\n\n## [1.10.0] - 2026-02-03\n\n### Added\n\n- New.\n\n## [1.9.0] - 2026-01-02\n"
)
OPEN = "# Changelog\n\n## [Unreleased]\n\n### Fixed\n\n- It.\n"


def test_the_notes_are_those_of_the_release_or_of_what_is_to_be_one(tool: ModuleType) -> None:
    assert tool.notes(RELEASED, "1.10.0") == "### Added\n\n- New.\n"
    assert tool.notes(OPEN, "0.1.0") == "### Fixed\n\n- It.\n"


@pytest.mark.parametrize(
    ("changelog", "version", "said"),
    [
        (RELEASED.replace("[Unreleased]", "Soon"), "1.10.0", "first section is not [Unreleased]"),
        (RELEASED.replace(" - 2026-02-03", ""), "1.10.0", "'[1.10.0]' is not of the form"),
        (RELEASED.replace("1.9.0", "1.11.0"), "1.10.0", "not in order"),
        (RELEASED.replace("d]\n", "d]\n\n- More.\n"), "1.10.0", "1.10.0 is released and there is more"),
        (RELEASED, "1.11.0", "the headings of 1.11.0 are none"),
        (OPEN.replace("Fixed", "Repaired"), "0.1.0", "['Repaired']"),
        (OPEN + "\n### Fixed\n\n- It again.\n", "0.1.0", "may stand there once"),
        (OPEN + "\n### Security\n", "0.1.0", "has no entry below it"),
    ],
)
def test_a_changelog_that_no_release_can_be_cut_from_is_told_apart(
    tool: ModuleType, changelog: str, version: str, said: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        tool.notes(changelog, version)


def archive(date: int, owner: int, umask: int, names: list[str]) -> bytes:
    """Pack the same collection at another time, by another person, from a directory in another order."""
    files = {"README.md": b"text", "run": b"#!/bin/sh"}
    listed = json.dumps({"files": [{"name": each} for each in names]}).encode()
    manifest = {"file_manifest_file": {"chksum_sha256": sha256(listed).hexdigest()}}
    bodies = {"MANIFEST.json": json.dumps(manifest).encode(), "FILES.json": listed, **{n: files[n] for n in names}}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, body in bodies.items():
            member = tarfile.TarInfo(name)
            member.size, member.mtime, member.uid = len(body), date, owner
            member.mode = (0o777 if name == "run" else 0o666) & ~umask
            tar.addfile(member, io.BytesIO(body))
    return packed.getvalue()


def test_the_same_files_are_the_same_archive(tool: ModuleType) -> None:
    one, other = archive(1, 0, 0o022, ["run", "README.md"]), archive(2, 1000, 0o077, ["README.md", "run"])
    assert one != other
    made = tool.without_circumstances(one, 60)
    assert made == tool.without_circumstances(other, 60)
    with tarfile.open(fileobj=io.BytesIO(made)) as tar:
        bodies = {each.name: (each.mode, tar.extractfile(each).read()) for each in tar}  # type: ignore[union-attr]
        assert {each.mtime for each in tar} == {60}
    listed = bodies["FILES.json"][1]
    assert json.loads(listed)["files"] == [{"name": "README.md"}, {"name": "run"}]
    manifest = json.loads(bodies["MANIFEST.json"][1])
    assert manifest["file_manifest_file"]["chksum_sha256"] == sha256(listed).hexdigest()
    assert (bodies["README.md"], bodies["run"]) == ((0o644, b"text"), (0o755, b"#!/bin/sh"))


@pytest.mark.rest
def test_the_source_archive_makes_the_wheel_with_every_file_of_the_package(tool: ModuleType, tmp_path: Path) -> None:
    """What it compares ends it: every file that git knows below receiver_setup/, and the wheel without the archive."""
    (tmp_path / "made").mkdir()
    tool.run(ROOT / "tools/copy-sources", tmp_path / "copy")
    tool.build_python(tmp_path / "copy", tmp_path, tmp_path / "made", 1_800_000_000)
    version = tool.version_of(ROOT)
    names = {each.name for each in (tmp_path / "made").iterdir()}
    assert names == {f"receiver_setup-{version}.tar.gz", f"receiver_setup-{version}-py3-none-any.whl"}
