"""Rules in sshd's configuration, and ways to start it: what sshd itself answers, and what each command says then."""

import re

import pytest
from support import trees
from support.bench import CAMERA_PASSWORD, FORMER, Bench, MakeBench, MakeCamera, Result, inside, second_address

from receiver_setup.emulator.camera import EmulatedCamera, Profile
from receiver_setup.emulator.receiver import network
from receiver_setup.formats.sshd_config import lower_keywords

pytestmark = [pytest.mark.rest, pytest.mark.usefixtures("private_network")]

DROP_INS = "/etc/ssh/sshd_config.d"
RELOAD = 'kill -HUP "$(cat /run/sshd.pid)"; sleep 0.3'
SPEC = "host=10.99.0.1,addr=10.99.0.1,laddr={address},lport=22,rdomain="
ELSEWHERE = {
    "another port": "Match LocalPort 2222\n  ForceCommand /bin/false",
    "another address of ours": "Match LocalAddress 203.0.113.9\n  ForceCommand /bin/false",
    "another address": "Match Address 203.0.113.0/24\n  ForceCommand /bin/false",
    "another host": "Match Host *.example.org\n  ChrootDirectory none",
    "another user": "Match User anna\n  PermitTTY yes",
    "another group": "Match Group admin\n  X11Forwarding yes",
    "all but it": "Match User *,!ipcamera\n  Banner none",
}
"""Rules that the camera's own connection does not meet."""
ITS_OWN = {
    "its group": ("Match Group *,!admin\n  ForceCommand /bin/false", "ForceCommand /bin/false"),
    "its port": ("Match LocalPort 22 User ipcam*\n  ForceCommand /bin/false", "ForceCommand /bin/false"),
    "its address": ("Match Address 10.99.0.1\n  PermitTTY yes", "PermitTTY yes"),
    "our address": ("Match LocalAddress 10.99.0.0/16\n  ChrootDirectory none", "ChrootDirectory none"),
    "its host": ("Match Host 10.99.0.?\n  X11Forwarding yes", "X11Forwarding yes"),
}
"""Rules that it meets, each with the line that wins over ours."""


def rule(bench: Bench, text: str) -> None:
    """Put a rule in front of all others, as sshd then goes by it."""
    bench.receiver.run("sh", "-c", f"cat >{DROP_INS}/00-all.conf; {RELOAD}", input=f"{text}\n".encode())
    bench.receiver.wait_until_listening()


def answer(bench: Bench) -> list[str]:
    """Return what the receiver's own sshd answers for the camera's connection."""
    spec = "user=ipcamera," + SPEC.format(address=bench.receiver.address)
    return lower_keywords(inside(bench, f"sshd -T -C {spec}"))


def sentence(result: Result) -> str:
    """Return what the run ended in, with its hint."""
    error = result.json["error"] or result.camera["error"]
    return f"{error['message']} / {error['hint']}"


@pytest.mark.parametrize("release", ["bullseye", "trixie", "sid"])
def test_a_rule_that_the_camera_does_not_meet_neither_blocks_nor_alarms(
    make_bench: MakeBench, make_camera: MakeCamera, release: str
) -> None:
    camera = make_camera()
    with make_bench(tree=trees.unpack(release)) as bench:
        rule(bench, "\n".join(ELSEWHERE.values()))
        done = bench.setup(camera)
        assert done.code == 0, done.err
        for said, text in ELSEWHERE.items():
            rule(bench, text)
            assert {"chrootdirectory /home/ipcamera", "forcecommand internal-sftp"} <= set(answer(bench)), said
            verified = bench.verify(camera)
            assert verified.code == 0, (said, verified.err)
        checked = bench.setup(camera, options=("--check",))
        assert (checked.code, checked.json["changed"]) == (0, False), checked.err
        status = bench.run(*bench.arguments(camera, command="status"))
        assert status.code == 0, status.err


@pytest.mark.parametrize("release", ["bullseye", "trixie", "sid"])
def test_a_rule_that_the_camera_meets_is_named_before_anything_changes(
    make_bench: MakeBench, make_camera: MakeCamera, release: str
) -> None:
    camera = make_camera()
    with make_bench(tree=trees.unpack(release)) as bench:
        for said, (text, line) in ITS_OWN.items():
            rule(bench, text)
            before = bench.state()
            for options in (("--check",), ()):
                refused = bench.setup(camera, options=options)
                assert refused.code == 4, (said, refused.err)
                assert f"`{line}` at {DROP_INS}/00-all.conf:2" in sentence(refused), said
                assert bench.state() == before
        assert camera.set_commands == []


@pytest.mark.parametrize("isolate", [(), ("--isolate",)])
@pytest.mark.parametrize("first", [True, False])
def test_a_rule_for_the_address_of_one_camera_stops_that_one_alone(
    make_bench: MakeBench,
    make_camera: MakeCamera,
    private_network: network.PrivateNetwork,
    *,
    isolate: tuple[str, ...],
    first: bool,
) -> None:
    with (
        second_address(private_network) as address,
        make_bench() as bench,
        EmulatedCamera(Profile(), host=address, password=CAMERA_PASSWORD, settings=FORMER) as shut_out,
    ):
        cameras = [make_camera(), shut_out]
        if first:
            cameras.reverse()
        rule(bench, f"Match Address {address}\n  ForceCommand /bin/false")
        done = bench.setup(*cameras, options=isolate)
        by_address = {each["address"]: each for each in done.json["receivers"][0]["cameras"]}
        refused = by_address.pop(shut_out.url)
        assert f"`ForceCommand /bin/false` at {DROP_INS}/00-all.conf:2" in refused["error"]["message"], done.err
        (served,) = by_address.values()
        assert (done.code, served["ok"], served["test"]["result"]) == (4, True, 0), done.err
        assert shut_out.set_commands == []
        inside(bench, f"rm {DROP_INS}/00-all.conf; {RELOAD}")
        assert bench.setup(*cameras, options=isolate).code == 0
        rule(bench, f"Match Address {address}\n  ForceCommand /bin/false")
        told = bench.verify(*cameras, options=isolate)
        assert f"{DROP_INS}/00-all.conf:2" in told.out


def test_a_rule_that_comes_later_is_named_by_verify_and_by_status(
    make_bench: MakeBench, make_camera: MakeCamera
) -> None:
    camera = make_camera()
    with make_bench() as bench:
        assert bench.setup(camera).code == 0
        rule(bench, "Match Group ipcamera\n  ForceCommand /bin/false")
        for command in ("verify", "status"):
            told = bench.run(*bench.arguments(camera, command=command))
            claims = told.json["receivers"][0]["claims"]
            wrong = [claim for claim in claims if claim["ok"] is False]
            assert told.code != 0
            assert f"{DROP_INS}/00-all.conf:2" in wrong[0]["cause"], wrong
            assert "stands in between" not in told.out


START = {
    "a file of its own": (
        "cp /etc/ssh/sshd_config /etc/ssh/sshd_config.lan; echo 'AllowUsers root' >>/etc/ssh/sshd_config",
        "/usr/sbin/sshd -f /etc/ssh/sshd_config.lan",
    ),
    "a port by hand": ("", "/usr/sbin/sshd -p 2222"),
    "a setting": ("", "/usr/sbin/sshd -o PermitRootLogin=yes"),
}


def started(bench: Bench, prepared: str, command: str) -> None:
    """Start sshd anew in another way; what it logs is to be found."""
    inside(bench, f'{prepared}\nkill "$(cat /run/sshd.pid)"; sleep 0.3; {command} -E /var/log/sshd.log')


def at_port(bench: Bench, port: int) -> Bench:
    """Let known hosts know another port as well."""
    lines = bench.known_hosts.read_text().splitlines()
    extra = [re.sub(r"^(\S+)", rf"[\1]:{port}", line) for line in lines]
    bench.known_hosts.write_text("\n".join([*lines, *extra]) + "\n")
    return bench


@pytest.mark.parametrize("said", START)
def test_the_sshd_that_listens_is_asked_with_its_own_options(
    make_bench: MakeBench, make_camera: MakeCamera, said: str
) -> None:
    camera = make_camera()
    with make_bench() as bench:
        started(bench, *START[said])
        port = 2222 if "2222" in START[said][1] else 22
        at_port(bench, port)
        receiver = ("--receiver", f"{bench.receiver.admin}@{bench.receiver.address}:{port}")
        done = bench.setup(camera, options=receiver)
        assert done.code == 0, done.err
        assert camera.state.fields["ft_port"] == str(port)
        assert bench.setup(camera, options=receiver).json["changed"] is False
        removed = bench.remove(camera, options=receiver)
        assert removed.code == 0, removed.err


def test_an_option_that_shuts_the_camera_out_is_seen_before_anything_changes(
    make_bench: MakeBench, make_camera: MakeCamera
) -> None:
    with make_bench() as bench:
        started(bench, "", "/usr/sbin/sshd -o AllowUsers=admin")
        before = bench.state()
        refused = bench.setup(make_camera())
        assert refused.code == 4, refused.err
        assert "AllowUsers (admin) does not name it" in sentence(refused)
        assert bench.state() == before


def test_options_that_cannot_be_told_are_not_guessed(make_bench: MakeBench, make_camera: MakeCamera) -> None:
    with make_bench() as bench:
        started(bench, "", "/usr/sbin/sshd -o 'AllowUsers admin ipcamera'")
        refused = bench.setup(make_camera())
        assert refused.code == 4, refused.err
        assert "not known with which options it was started" in sentence(refused)


def test_an_sshd_of_ipv6_alone_serves_no_camera_that_dials_ipv4(make_bench: MakeBench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    with make_bench() as bench:
        started(bench, "sed -i '1i AddressFamily inet6' /etc/ssh/sshd_config", "/usr/sbin/sshd")
        inside(bench, "/usr/sbin/sshd -o AddressFamily=inet -o PidFile=none -p 2222")
        at_port(bench, 2222)
        before, address = bench.state(), bench.receiver.address
        receiver = ("--receiver", f"{bench.receiver.admin}@{address}:2222")
        refused = bench.setup(camera, options=(*receiver, "--receiver-address", f"{address}:22"))
        assert refused.code == 4, refused.err
        assert f"the camera would dial {address}:22, but sshd on" in sentence(refused)
        assert f"--receiver-address {address}:2222" in sentence(refused)
        assert (bench.state(), camera.set_commands) == (before, [])
        done = bench.setup(camera, options=receiver)
        assert (done.code, camera.state.fields["ft_port"]) == (0, "2222"), done.err


def test_an_sshd_at_one_of_two_addresses_is_named_with_that_one(make_bench: MakeBench, make_camera: MakeCamera) -> None:
    with make_bench() as bench:
        address = bench.receiver.address
        inside(bench, "ip addr add 10.99.77.1/32 dev lo")
        started(bench, f"sed -i '1i ListenAddress {address}' /etc/ssh/sshd_config", "/usr/sbin/sshd")
        refused = bench.setup(make_camera(), options=("--receiver-address", "10.99.77.1"))
        assert refused.code == 4, refused.err
        told = f"the camera would dial 10.99.77.1:22, but sshd on {bench.receiver.name} listens at {address}:22"
        assert told in sentence(refused)
        assert f"--receiver-address {address}:22" in sentence(refused)
        assert f"`ListenAddress {address}` at /etc/ssh/sshd_config:1" in sentence(refused)


def test_beside_a_dropbear_the_camera_dials_the_port_of_sshd(make_bench: MakeBench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    with make_bench() as bench:
        convert = "dropbearconvert openssh dropbear /etc/ssh/ssh_host_ed25519_key /run/dropbear.key"
        inside(bench, f"{convert} 2>/dev/null || dropbearkey -t ed25519 -f /run/dropbear.key")
        line = inside(bench, "dropbearkey -y -f /run/dropbear.key | grep ^ssh-")
        started(bench, "", "/usr/sbin/sshd -p 2222")
        inside(bench, "dropbear -R -r /run/dropbear.key -p 22")
        bench.known_hosts.write_text(f"{bench.receiver.address} {line}\n")
        refused = bench.setup(camera, options=("--receiver-address", f"{bench.receiver.address}:22"))
        assert refused.code == 4, refused.err
        assert f"the camera would dial {bench.receiver.address}:22, where dropbear answers" in sentence(refused)
        assert f"--receiver-address {bench.receiver.address}:2222" in sentence(refused)
        done = bench.setup(camera)
        assert (done.code, camera.state.fields["ft_port"]) == (0, "2222"), done.err


def test_two_sshds_with_one_pid_file_reload_the_one_that_serves_the_camera(
    make_bench: MakeBench, make_camera: MakeCamera
) -> None:
    with make_bench() as bench:
        inside(bench, "/usr/sbin/sshd -p 2222 -o PidFile=/run/sshd.pid; sleep 0.2")
        first, second = (inside(bench, f"cat /proc/net/tcp | grep -c ':{port:04X} .* 0A '") for port in (22, 2222))
        assert (first, second) == ("1", "1")
        done = bench.setup(make_camera())
        assert done.code == 0, done.err


def test_systemds_options_are_the_ones_that_are_asked_with(make_bench: MakeBench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    script = """
cp /etc/ssh/sshd_config /etc/ssh/sshd_config.lan
echo 'SSHD_OPTS="-f /etc/ssh/sshd_config.lan -o \\"AllowUsers admin ipcamera\\""' >/etc/default/ssh
echo 'AllowUsers root' >>/etc/ssh/sshd_config
systemctl restart ssh
"""
    with make_bench(tree=trees.unpack("trixie"), systemd=True, script=script) as bench:
        done = bench.setup(camera)
        assert done.code == 0, done.err
        assert bench.remove(camera).code == 0


# ---- host keys


@pytest.mark.parametrize("release", ["bookworm", "trixie"])
def test_a_host_key_that_was_replaced_counts_once_sshd_shows_it(
    make_bench: MakeBench, make_camera: MakeCamera, release: str
) -> None:
    """A listener of OpenSSH 9.8 and newer keeps the keys that it had at its start; an older one reads them anew."""
    camera = make_camera()
    with make_bench(tree=trees.unpack(release)) as bench:
        assert bench.setup(camera).code == 0
        key = "/etc/ssh/ssh_host_ed25519_key"
        inside(bench, f"sleep 1; rm {key} {key}.pub; ssh-keygen -q -t ed25519 -N '' -f {key}")
        line = inside(bench, f"ssh-keygen -y -f {key}")
        known = f"{bench.receiver.address} {line}\n"
        if release == "bookworm":
            bench.known_hosts.write_text(known)
        told = bench.verify(camera)
        wrong = [claim for claim in told.json["receivers"][0]["claims"] if claim["ok"] is False]
        if release == "bookworm":
            assert wrong == []
            shown = [each["fingerprint"] for each in told.json["receivers"][0]["host_keys"]]
            assert inside(bench, f"ssh-keygen -lf {key}").split()[1] in shown
            return
        assert told.code != 0
        assert "still shows the host key ssh-ed25519" in wrong[0]["cause"], told.json
        assert "restart it: `sudo service ssh restart </dev/null`" in wrong[0]["remedy"]
        assert "stands in between" not in told.out
        assert "still shows" in sentence(bench.setup(camera, options=("--check",)))
        inside(bench, 'kill "$(cat /run/sshd.pid)"; sleep 0.3; /usr/sbin/sshd -E /var/log/sshd.log')
        bench.known_hosts.write_text(known)
        again = bench.setup(camera)
        assert again.code == 0, again.err


def test_a_public_half_that_is_wrong_changes_nothing(make_bench: MakeBench, make_camera: MakeCamera) -> None:
    other = "ssh-keygen -q -t ed25519 -N '' -f /run/k && mv /run/k.pub $file && rm /run/k"
    with make_bench() as bench:
        inside(bench, f"for file in /etc/ssh/ssh_host_*.pub; do {other}; done")
        done = bench.setup(make_camera())
        assert done.code == 0, done.err


BROKEN = "echo 'Frobnicate yes' >/etc/ssh/sshd_config.d/99-theirs.conf"


def test_what_somebody_else_broke_is_named_and_nobody_is_suspected(
    make_bench: MakeBench, make_camera: MakeCamera
) -> None:
    camera = make_camera()
    with make_bench() as bench:
        assert bench.setup(camera).code == 0
        inside(bench, BROKEN)
        told = bench.verify(camera)
        wrong = [claim["cause"] for claim in told.json["receivers"][0]["claims"] if claim["ok"] is False]
        assert "was broken before this run" in wrong[0]
        assert "Frobnicate" in wrong[0]
        assert "stands in between" not in told.out + told.err
        before = bench.state()
        removed = bench.remove(camera)
        error = removed.json["error"]
        assert (removed.code, error["rolled_back"]) == (4, True), removed.err
        assert "Frobnicate" in error["message"]
        assert bench.state() == before
        inside(bench, "rm /etc/ssh/sshd_config.d/99-theirs.conf")
        assert bench.remove(camera).code == 0


# ---- what sshd needs besides


@pytest.mark.parametrize("release", ["bullseye", "bookworm", "trixie"])
def test_a_subsystem_that_is_missing_comes_with_the_drop_in_and_goes_with_it(
    make_bench: MakeBench, make_camera: MakeCamera, release: str
) -> None:
    camera = make_camera()
    with make_bench(tree=trees.unpack(release)) as bench:
        inside(bench, f"sed -i '/^Subsystem/d' /etc/ssh/sshd_config; {RELOAD}")
        bench.receiver.wait_until_listening()
        before = bench.state()
        done = bench.setup(camera)
        assert done.code == 0, done.err
        assert "subsystem sftp internal-sftp" in answer(bench)
        assert bench.setup(camera).json["changed"] is False
        assert bench.verify(camera).code == 0
        assert bench.remove(camera).code == 0
        assert bench.state() == before


LINKS = {
    "the folder of homes": "mkdir -p /data/homes && ln -s /data/homes /srv/homes",
    "the folder of drop-ins": "mv /etc/ssh/sshd_config.d /srv/drop-ins && ln -s /srv/drop-ins /etc/ssh/sshd_config.d",
    "the folder of keys": "mkdir /srv/keys && ln -s /srv/keys /etc/ssh/authorized_keys.d",
    "the main file": "mv /etc/ssh/sshd_config /srv/main && ln -s /srv/main /etc/ssh/sshd_config",
    "what is included": "mv /etc/ssh/sshd_config.d /srv/drop-ins && ln -s /srv/drop-ins /etc/ssh/sshd_config.d"
    " && sed -i 's|^Include .*|Include /srv/drop-ins/*.conf|' /etc/ssh/sshd_config",
}


@pytest.mark.parametrize("said", LINKS)
def test_a_link_on_the_way_is_followed_as_sshd_follows_it(
    make_bench: MakeBench, make_camera: MakeCamera, said: str
) -> None:
    camera = make_camera()
    home = ("--home", "/srv/homes/ipcamera") if said == "the folder of homes" else ()
    with make_bench(script=LINKS[said]) as bench:
        checked = bench.setup(camera, options=("--check", *home))
        assert checked.code == 7, checked.err
        done = bench.setup(camera, options=home)
        assert done.code == 0, done.err
        assert bench.setup(camera, options=home).json["changed"] is False
        assert bench.verify(camera, options=home).code == 0
        removed = bench.remove(camera, options=home)
        assert removed.code == 0, removed.err
