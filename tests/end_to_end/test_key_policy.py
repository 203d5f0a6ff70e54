"""A key that the receiver's policy refuses: named before anything changes, and never a reason to make a password."""

import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from support import remedies, trees
from support.bench import CAMERA_PASSWORD, FORMER, Bench, MakeBench, MakeCamera, Result, second_address

from receiver_setup.emulator.camera import EmulatedCamera, Profile
from receiver_setup.emulator.receiver import network
from receiver_setup.formats.keys import PublicKey

pytestmark = [pytest.mark.rest, pytest.mark.usefixtures("private_network")]

RULES = "/etc/ssh/sshd_config.d/00-a.conf"
KEY_FOLDER = "/etc/ssh/authorized_keys.d"
KEY_FILE = f"{KEY_FOLDER}/ipcamera"
DROP_IN = "/etc/ssh/sshd_config.d/00-receiver-setup-ipcamera.conf"
RELOAD = "sshd -t && kill -HUP $(cat /run/sshd.pid); sleep 0.3"
OTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDl9tqU3Xoy0FYRPcXQ0ZkXl7tyAVSlLqDnYXOkbIcUJ"


def rules(*lines: str) -> str:
    """Return the script that writes an administrator's own rules for sshd, and lets it read them."""
    return f"cat >{RULES} <<'RULES'\n" + "\n".join(lines) + f"\nRULES\n{RELOAD}"


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A rule that refuses the camera's key: how it comes about, what names it, and the remedy as it is told."""

    script: str
    says: str
    hint: str


LARGER = "RequiredRSASize 3072"
MODERN = "ssh-ed25519,rsa-sha2-512,rsa-sha2-256"
REFUSALS = {
    "size": Refusal(
        script=rules(LARGER),
        says=f"it has 2048 bits, and `{LARGER}` (at {RULES}:1) wants more",
        hint="| sudo tee /etc/ssh/sshd_config.d/00-key-size-ipcamera.conf && sudo",
    ),
    "size in a Match": Refusal(
        script=rules("Match Address 10.99.0.0/24", LARGER),
        says=f"it has 2048 bits, and `{LARGER}` (at {RULES}:2) wants more",
        hint=f"make the line {RULES}:1 `Match Address 10.99.0.0/24 User *,!ipcamera`",
    ),
    "signatures": Refusal(
        script=rules("KEYWORD ssh-ed25519"),
        says=f"`KEYWORD ssh-ed25519` at {RULES}:1 leaves rsa-sha2-512 or rsa-sha2-256 out",
        hint=f"make the line {RULES}:1 `KEYWORD {MODERN}`",
    ),
    "signatures in a Match": Refusal(
        script=rules("# for guests", "Match User ip*", "KEYWORD ssh-ed25519"),
        says=f"`KEYWORD ssh-ed25519` at {RULES}:3 leaves rsa-sha2-512 or rsa-sha2-256 out",
        hint=f"make the line {RULES}:2 `Match User !ipcamera,ip*`",
    ),
    "signatures taken away": Refusal(
        script=rules("KEYWORD -*rsa*"),
        says=f"`KEYWORD -*rsa*` at {RULES}:1 leaves rsa-sha2-512 or rsa-sha2-256 out",
        hint=f"delete the line {RULES}:1",
    ),
    "key folder": Refusal(
        script=f"mkdir -m 0700 {KEY_FOLDER}",
        says=f"it reads it as ipcamera, and {KEY_FOLDER} has owner root, mode 0700",
        hint=f"sudo chmod o+x {KEY_FOLDER}",
    ),
    "folder above": Refusal(
        script="chmod 0700 /etc/ssh",
        says="it reads it as ipcamera, and /etc/ssh has owner root, mode 0700",
        hint="sudo chmod o+x /etc/ssh",
    ),
}


def refuse(bench: Bench, camera: EmulatedCamera, refusal: Refusal, *, keyword: str = "PubkeyAcceptedAlgorithms") -> str:
    """Break the rule's receiver, and see that a set-up stops at it with nothing changed on either side.

    Returns the remedy.
    """
    bench.inside(refusal.script.replace("KEYWORD", keyword))
    before = bench.state()
    for options, code in ((("--check",), 4), ((), 4)):
        result = bench.setup(camera, options=options)
        error = result.json["error"]
        assert (result.code, error["kind"]) == (code, "receiver-unsuitable"), result.err
        assert refusal.says.replace("KEYWORD", keyword) in error["message"]
        assert refusal.hint.replace("KEYWORD", keyword) in error["hint"]
    nothing_changed(bench, camera, before)
    assert camera.set_commands == []
    return str(error["hint"])


def nothing_changed(bench: Bench, camera: EmulatedCamera, before: str) -> None:
    """Check that a failed run has left no account, hence no password, and both sides as they were."""
    assert bench.inside("getent shadow ipcamera") == ""
    assert bench.state() == before
    assert {name: camera.state.fields[name] for name in FORMER} == FORMER


def by_key(bench: Bench, result: Result) -> None:
    """Check that a run has ended with a login by key, and that no password opens the account."""
    assert (result.code, result.camera["auth"]) == (0, "publickey"), result.err
    assert bench.inside("getent shadow ipcamera").split(":")[1].startswith("*")
    assert "AuthenticationMethods publickey" in bench.inside(f"cat {DROP_IN}")
    assert "receiver-setup:" in bench.inside(f"cat {KEY_FILE}")


@pytest.mark.parametrize("rule", REFUSALS)
def test_a_rule_that_refuses_the_key_is_named_before_any_change_and_its_remedy_works(
    bench: Bench, make_camera: MakeCamera, rule: str
) -> None:
    camera, refusal = make_camera(), REFUSALS[rule]
    hint = refuse(bench, camera, refusal)
    assert remedies.follow(bench, hint), hint
    by_key(bench, bench.setup(camera))
    again = bench.setup(camera)
    assert (again.code, again.json["changed"]) == (0, False), again.err


@pytest.mark.parametrize(
    ("release", "rule"),
    [
        *(("bullseye", rule) for rule in ("signatures", "key folder")),
        *((release, rule) for release in ("trixie", "sid") for rule in ("size", "signatures", "key folder")),
    ],
)
def test_other_releases_refuse_the_key_as_this_one_does(
    make_bench: MakeBench, make_camera: MakeCamera, release: str, rule: str
) -> None:
    keyword = "PubkeyAcceptedKeyTypes" if release == "bullseye" else "PubkeyAcceptedAlgorithms"
    with make_bench(tree=trees.unpack(release)) as bench:
        refuse(bench, make_camera(), REFUSALS[rule], keyword=keyword)


def test_the_global_list_decides_what_a_modern_client_offers(make_bench: MakeBench, make_camera: MakeCamera) -> None:
    """OpenSSH 10 tells its global list before it knows the user, so that an exception for the user comes too late."""
    lines = ("PubkeyAcceptedAlgorithms ssh-ed25519", "Match User ipcamera", f"PubkeyAcceptedAlgorithms {MODERN}")
    camera = make_camera()
    with make_bench(tree=trees.unpack("trixie")) as bench:
        refuse(bench, camera, replace(REFUSALS["signatures"], script=rules(*lines)))
    with make_bench(rules(*lines)) as bench:
        by_key(bench, bench.setup(camera))


@pytest.mark.parametrize(
    "release", ["/", *(pytest.param(each, marks=pytest.mark.rest) for each in ("bullseye", "trixie"))]
)
@pytest.mark.parametrize("log_level", ["INFO", "VERBOSE"])
def test_a_pinned_key_from_another_address_than_the_cameras_page_is_named_and_no_password_made(
    make_bench: MakeBench, private_network: network.PrivateNetwork, release: str, log_level: str
) -> None:
    kind: dict[str, Any] = {} if release == "/" else {"tree": trees.unpack(release)}
    with (
        second_address(private_network) as address,
        make_bench(sshd_config=f"LogLevel {log_level}", **kind) as bench,
        EmulatedCamera(Profile(), host=address, password=CAMERA_PASSWORD, settings=FORMER) as camera,
    ):
        before = bench.state()
        result = bench.setup(camera, options=("--pin-source",))
        error = result.json["error"]
        assert (result.code, error["kind"], error["rolled_back"]) == (5, "test-upload-credentials", True), result.err
        assert f"pinned to {address}, and the camera came from {network.HOST_ADDRESS}" in error["message"]
        assert "--no-pin-source" in error["hint"]
        assert "--auth password" not in error["hint"]
        nothing_changed(bench, camera, before)
        by_key(bench, bench.setup(camera, options=("--no-pin-source",)))


def test_sha1_that_the_crypto_library_refuses_is_named_and_makes_no_password(
    make_bench: MakeBench, make_camera: MakeCamera, without_sha1: bytes
) -> None:
    camera = make_camera(signature="sha1")
    with make_bench(tree=trees.unpack("trixie")) as bench:
        bench.receiver.run("sh", "-c", "cat >/usr/lib/without-sha1.so", input=without_sha1)
        bench.inside(f"echo /usr/lib/without-sha1.so >/etc/ld.so.preload; {RELOAD}")
        before = bench.state()
        result = bench.setup(camera)
        error = result.json["error"]
        assert (result.code, error["kind"], error["rolled_back"]) == (5, "test-upload-credentials", True), result.err
        assert "sshd knows the camera's key and refuses what it signs" in error["message"]
        assert "update the camera" in error["hint"]
        assert "--auth password" not in error["hint"]
        nothing_changed(bench, camera, before)


@pytest.fixture
def without_sha1(tmp_path: Path) -> bytes:
    """Make what takes SHA-1 out of OpenSSL's verification of signatures, as Fedora's crypto policies do by a patch.

    Debian's OpenSSL has no setting for it; OpenSSH verifies by this call since 9.9.
    """
    if shutil.which("cc") is None:
        pytest.skip("there is no C compiler here, and Debian's OpenSSL has no setting that refuses SHA-1")
    source, library = tmp_path / "without-sha1.c", tmp_path / "without-sha1.so"
    source.write_text("""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
int EVP_DigestVerifyInit(void *context, void **key_context, const void *digest, void *engine, void *key) {
  const char *(*name)(const void *) = (const char *(*)(const void *))dlsym(RTLD_NEXT, "EVP_MD_get0_name");
  int (*init)(void *, void **, const void *, void *, void *) =
      (int (*)(void *, void **, const void *, void *, void *))dlsym(RTLD_NEXT, "EVP_DigestVerifyInit");
  if (digest && name && init && !strcmp(name(digest), "SHA1")) return 0;
  return init ? init(context, key_context, digest, engine, key) : 0;
}
""")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
    return library.read_bytes()


# ---- a camera that shows a key, and one that has none


@pytest.mark.parametrize("log", [True, False], ids=["with a log", "without a log"])
def test_a_camera_that_shows_a_key_and_does_not_use_it_gets_no_password_unless_told_to(
    make_bench: MakeBench, make_camera: MakeCamera, log: bool
) -> None:
    camera = make_camera(auth_order="password")
    script = "" if log else "rm -f /var/log/auth.log /var/log/secure /var/log/messages /var/log/syslog"
    with make_bench(script, log=log) as bench:
        before = bench.state()
        result = bench.setup(camera)
        error = result.json["error"]
        assert (result.code, error["kind"], error["rolled_back"]) == (5, "test-upload-credentials", True), result.err
        assert "--auth password" in error["hint"]
        nothing_changed(bench, camera, before)
        told = bench.setup(camera, options=("--auth", "password"))
        assert (told.code, told.camera["auth"]) == (0, "password"), told.err


def test_a_camera_that_offers_another_key_than_it_shows_is_told_which(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera(publickey_template=OTHER_KEY)
    before = bench.state()
    result = bench.setup(camera)
    assert result.code == 5, result.err
    offered = PublicKey.from_line(camera.state.public_key_line or "").fingerprint
    assert f"offered another key to {bench.receiver.name}: {offered}" in result.json["error"]["message"]
    nothing_changed(bench, camera, before)


@pytest.mark.parametrize("answer", ["203", "204", "301", "404", "empty"])
def test_a_camera_that_answers_that_it_has_no_key_gets_a_password_and_goes_back_to_a_key_once_it_has_one(
    bench: Bench, make_camera: MakeCamera, answer: str
) -> None:
    camera = make_camera(key="none", no_key_answer=answer, auth_order="password")
    result = bench.setup(camera)
    assert (result.code, result.camera["auth"]) == (0, "password"), result.err
    sent = len(camera.requests)
    again = bench.setup(camera)
    assert (again.code, again.json["changed"], again.camera["auth"]) == (0, False, "password"), again.err
    assert [request.command for request in camera.requests[sent:]] == [
        "getftpattr", "getpubkey", "testftp", "getftpaction",
    ]  # fmt: skip
    camera.profile = replace(camera.profile, key="rsa", auth_order="key-then-password")
    back = bench.setup(camera)
    by_key(bench, back)
    assert back.json["changed"] is True
    assert "Accepted publickey for ipcamera" in bench.receiver.log()
    settled = bench.setup(camera)
    assert (settled.code, settled.json["changed"]) == (0, False), settled.err


def test_a_password_stays_as_it_is_where_the_key_does_not_work_yet(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera(key="none", auth_order="password")
    assert bench.setup(camera).code == 0
    before, password = bench.state(), camera.state.fields["ft_password"]
    camera.profile = replace(camera.profile, key="rsa")
    result = bench.setup(camera)
    assert (result.code, result.json["error"]["rolled_back"]) == (5, True), result.err
    assert [line for line in bench.state().splitlines() if "Test-Snapshot" not in line] == [
        line for line in before.splitlines() if "Test-Snapshot" not in line
    ]
    assert camera.state.fields["ft_password"] == password
    assert bench.verify(camera).code == 0


# ---- a key set-up stays one


@pytest.fixture
def camera(bench: Bench, make_camera: MakeCamera) -> EmulatedCamera:
    """Give a camera that is set up by key."""
    fresh = make_camera()
    by_key(bench, bench.setup(fresh))
    return fresh


def failed_claims(result: Result) -> dict[str, dict[str, Any]]:
    receiver = result.json["receivers"][0]
    found = receiver.get("claims", []) + receiver["cameras"][0].get("claims", [])
    return {claim["name"]: claim for claim in found if claim["ok"] is False}


def test_a_key_folder_that_is_closed_later_is_named_and_opened_again(bench: Bench, camera: EmulatedCamera) -> None:
    bench.inside(f"chmod 0700 {KEY_FOLDER}")
    seen = bench.verify(camera)
    claims = failed_claims(seen)
    assert seen.code == 5, seen.err
    assert f"{KEY_FOLDER}: owner root:root, mode 0700" in claims["key file"]["cause"]
    assert claims["key file"]["repaired_by_setup"] is True
    assert claims.keys() == {"key file", "test upload"}
    assert not any("password" in f"{claim['cause']} {claim['remedy']}" for claim in claims.values())
    repaired = bench.setup(camera)
    by_key(bench, repaired)
    assert [step["name"] for step in repaired.json["receivers"][0]["steps"] if step["changed"]] == ["make key folder"]
    assert bench.inside(f"stat -c %a {KEY_FOLDER}") == "755"
    assert bench.verify(camera).code == 0


def test_a_key_folder_of_somebody_elses_is_opened_no_further_than_needed_and_given_back(
    bench: Bench, make_camera: MakeCamera
) -> None:
    camera = make_camera()
    bench.inside(f"mkdir -m 0755 {KEY_FOLDER}; echo '{OTHER_KEY}' >{KEY_FOLDER}/anna")
    by_key(bench, bench.setup(camera))
    bench.inside(f"chmod 0700 {KEY_FOLDER}")
    by_key(bench, bench.setup(camera))
    assert bench.inside(f"stat -c %a {KEY_FOLDER}") == "711"
    assert bench.remove(camera).code == 0
    assert bench.inside(f"stat -c %a {KEY_FOLDER}") == "700"


@pytest.mark.parametrize("rule", ["size", "signatures in a Match", "folder above"])
def test_a_rule_that_comes_later_is_named_and_makes_no_password(
    bench: Bench, camera: EmulatedCamera, rule: str
) -> None:
    refusal = REFUSALS[rule]
    bench.inside(refusal.script.replace("KEYWORD", "PubkeyAcceptedAlgorithms"))
    said = refusal.says.replace("KEYWORD", "PubkeyAcceptedAlgorithms")
    before = bench.state()
    seen = bench.verify(camera)
    assert seen.code == 5, seen.err
    assert any(said in claim["cause"] for claim in failed_claims(seen).values()), failed_claims(seen)
    assert "--auth password" not in seen.out
    result = bench.setup(camera)
    assert (result.code, result.json["error"]["kind"]) == (4, "receiver-unsuitable"), result.err
    assert said in result.json["error"]["message"]
    assert bench.state() == before
    assert bench.inside("getent shadow ipcamera").split(":")[1] == "*"


@pytest.mark.parametrize(
    ("then", "code"), [({"auth_order": "password"}, 5), ({"key": "none", "auth_order": "password"}, 3)]
)
def test_a_camera_that_was_set_up_by_key_is_never_given_a_password_by_itself(
    bench: Bench, camera: EmulatedCamera, then: dict[str, Any], code: int
) -> None:
    before = bench.state()
    camera.profile = replace(camera.profile, **then)
    if "key" in then:
        camera.state.fields.update(FORMER)
    result = bench.setup(camera)
    assert result.code == code, result.err
    assert "--auth password" in result.json["error"]["hint"]
    assert bench.state() == before
    assert bench.inside("getent shadow ipcamera").split(":")[1] == "*"


def test_a_camera_without_a_key_takes_no_other_cameras_key_away(
    bench: Bench, camera: EmulatedCamera, make_camera: MakeCamera
) -> None:
    keyless = make_camera(key="none", auth_order="password")
    result = bench.setup(keyless)
    assert (result.code, result.json["error"]["kind"]) == (3, "camera"), result.err
    assert "others share the account by key" in result.json["error"]["message"]
    assert bench.verify(camera).code == 0


def test_a_camera_with_a_key_takes_no_other_cameras_password_away(bench: Bench, make_camera: MakeCamera) -> None:
    keyless, fresh = make_camera(key="none", auth_order="password"), make_camera()
    assert bench.setup(keyless).code == 0
    for cameras in ((fresh,), (keyless, fresh)):
        result = bench.setup(*cameras)
        assert result.code == 3, result.err
        assert "may need the password of ipcamera" in result.json["error"]["message"]
        assert fresh.set_commands == []
        assert bench.verify(keyless, options=("--directory", "recordings")).code == 0
