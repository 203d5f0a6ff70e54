"""A tree that cannot be built costs seconds and leaves one sentence, which the tests that need the tree skip with."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from support import trees

FORGED = """\
-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA256

Origin: Debian
Suite: stable
Codename: trixie
Date: Sat, 01 Nov 2025 00:00:00 UTC
Valid-Until: Sat, 08 Nov 2025 00:00:00 UTC
SHA256:
 d41d8cd98f00b204e9800998ecf8427e41d8cd98f00b204e9800998ecf8427e0 0 main/binary-amd64/Packages
-----BEGIN PGP SIGNATURE-----

iHUEARYIAB0WIQRufg6eaaOsOgD+FgP34ctsaL1+jgUCawr+MgAKCRD34ctsaL1+
jhVhAQDegUt3hSpWKzXCOSVWOrdBARtjzEZOsgfWKY7KX/p6GQEA5CUKCl0/xBC4
TLBkSlmlgB7k28JiDYSkjk/OZ17pows=
=5BcT
-----END PGP SIGNATURE-----
"""
"""A release that has expired, signed by a key made for this test."""
TOOL = Path(__file__).parents[3] / "tools/build-trees"


def build(folder: Path, mirror: str, *names: str) -> subprocess.CompletedProcess[str]:
    """Run the tool in a folder of its own, with an apt that knows one mirror."""
    (folder / "tools").mkdir(exist_ok=True)
    tool = shutil.copy2(TOOL, folder / "tools")
    sources, settings = folder / "sources.list", folder / "apt.conf"
    sources.write_text(f"deb {mirror} bookworm main\n")
    settings.write_text(f'Dir::Etc::SourceList "{sources}";\nDir::Etc::SourceParts "/dev/null";\n')
    return subprocess.run(
        [tool, *names],
        env={**os.environ, "APT_CONFIG": str(settings)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_mirror_that_is_away_is_one_sentence_with_which_the_tests_are_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = build(tmp_path, "http://127.0.0.1:1/debian", "sid", "trixie-packages", "busybox")
    assert done.returncode != 0
    reason = "cannot fetch http://127.0.0.1:1/debian/dists/sid/InRelease: "
    assert f"sid cannot be built, so its tests will be skipped: {reason}" in done.stderr
    monkeypatch.setattr(trees, "TREES", tmp_path / ".trees")
    for name, suite in (("sid", "sid"), ("trixie-packages", "trixie"), ("busybox", "trixie")):
        assert (trees.TREES / f"{name}.failed").read_text().count("\n") == 1
        with pytest.raises(pytest.skip.Exception) as caught:
            trees.unpack(name)
        assert str(caught.value).startswith(f"there is no {name} to test with: {reason.replace('sid', suite)}")


def test_a_tree_that_could_not_be_built_is_tried_again_and_an_older_one_stays_in_use(tmp_path: Path) -> None:
    (tmp_path / ".trees").mkdir()
    archive = tmp_path / ".trees/sid.tar"
    archive.touch()
    os.utime(archive, (1, 1))
    for port in (1, 2):
        done = build(tmp_path, f"http://127.0.0.1:{port}/debian", "sid")
        assert "sid cannot be built, so the one that was built before is used: " in done.stderr
        assert f"127.0.0.1:{port}" in (tmp_path / ".trees/sid.failed").read_text()
    assert archive.exists()


@pytest.mark.parametrize("name", ["trixie-packages", "busybox"])
def test_an_archive_that_debian_has_not_signed_is_refused(tmp_path: Path, name: str) -> None:
    """Dates are not checked there, for archives that have expired by the clock; signatures are."""
    mirror = tmp_path / "mirror"
    (mirror / "dists/trixie").mkdir(parents=True)
    (mirror / "dists/trixie/InRelease").write_text(FORGED)
    done = build(tmp_path, f"file:{mirror}", name)
    assert done.returncode != 0
    assert "is not signed" in (tmp_path / f".trees/{name}.failed").read_text()
