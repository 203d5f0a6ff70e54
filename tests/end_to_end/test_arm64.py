"""The package and a set-up in an arm64 system, as on a Raspberry Pi, by qemu's user emulation: `make test-arm64`."""

from pathlib import Path

import pytest
from support import packages, trees
from support.bench import CAMERA_PASSWORD, MakeBench, MakeCamera, Result

from receiver_setup.camera.wire.codes import UploadResult

pytestmark = [pytest.mark.arm64, pytest.mark.usefixtures("private_network")]


def test_it_is_installed_and_sets_up_and_the_second_time_nothing_is_to_do(
    make_bench: MakeBench, make_camera: MakeCamera, debian_package: Path
) -> None:
    camera = make_camera()
    with make_bench(tree=trees.unpack("trixie-arm64")) as bench:
        assert bench.inside("uname -m; dpkg --print-architecture").split() == ["aarch64", "arm64"]
        packages.offer(bench.receiver, packages.repository("trixie-arm64"))
        packages.put(bench.receiver, debian_package, "/root/new.deb")
        packages.apt(bench.receiver, "install", "/root/new.deb")
        # It signals a process by its program's file, which is the emulator here, and is content when it finds none.
        bench.inside("rm /etc/init.d/ssh")
        bench.receiver.run("sh", "-c", "umask 077; cat >/root/camera-password", input=f"{CAMERA_PASSWORD}\n".encode())
        results = []
        for _ in range(2):
            done = bench.receiver.run(
                *(packages.NAME, "setup", "--local", "--camera", camera.url, "--json", "--timeout", "60"),
                *("--camera-password-file", "/root/camera-password"),
            )
            results.append(Result(code=done.returncode, out=done.stdout.decode(), err=done.stderr.decode()))
        first, again = results
        assert (first.code, first.json["changed"], first.camera["auth"]) == (0, True, "publickey"), first.err
        assert first.camera["test"]["result"] == UploadResult.SUCCESS
        assert (again.code, again.json["changed"]) == (0, False), again.err
