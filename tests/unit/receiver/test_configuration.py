"""sshd's configuration files: which line stands where, and which of two comes first."""

import pytest

from receiver_setup.receiver.facts.configuration import find_include, find_winner, parse_lines, read_order

MAIN = "/etc/ssh/sshd_config"
OURS = f"{MAIN}.d/00-receiver-setup-ipcamera.conf"


@pytest.mark.parametrize(
    ("printed", "told"),
    [
        ("/etc/ssh/sshd_config:12:Include /a/*.conf", (12, "Include", "/a/*.conf", "include")),
        ("/etc/ssh/sshd_config:3:\tport=22", (3, "port", "22", "port")),
        ("/etc/ssh/sshd_config:4:  Match  User a:b ", (4, "Match", "User a:b", "match")),
        (
            "/etc/ssh/sshd_config:5:ChallengeResponseAuthentication no",
            (5, "ChallengeResponseAuthentication", "no", "kbdinteractiveauthentication"),
        ),
        ('/etc/ssh/sshd_config:6:"Include" x', (6, "Include", "x", "include")),
    ],
)
def test_a_line_is_read(printed: str, told: tuple[object, ...]) -> None:
    (line,) = parse_lines([printed])
    assert (line.number, line.keyword, line.value, line.name) == told


@pytest.mark.parametrize("printed", ["", "grep: x", "/etc/ssh/a:x:Port 22", "/etc/ssh/sshd_config:1:", "/a:1:== x"])
def test_what_is_no_line_is_left_out(printed: str) -> None:
    assert parse_lines([printed]) == ()


def test_quotes_and_remarks_are_no_part_of_a_value() -> None:
    (line,) = parse_lines([f'{MAIN}:1:Include "/a b/*.conf" c # d'])
    assert line.words == ["/a b/*.conf", "c"]
    (broken,) = parse_lines([f'{MAIN}:1:Banner "a b'])
    assert broken.words == ['"a', "b"]


def test_files_are_read_where_they_are_included_in_order_of_their_names_up_to_ours() -> None:
    found = parse_lines(
        [
            f"{MAIN}:1:Port 22",
            f"{MAIN}:2:Include sshd_config.d/*.conf",
            f"{MAIN}:3:UsePAM yes",
            f"{MAIN}.d/50-cloud-init.conf:1:PermitTTY yes",
            f"{MAIN}.d/00-a.conf:1:Match User x",
            f"{MAIN}.d/00-a.conf:2:PermitTTY no",
            f"{OURS}:1:Match User ipcamera",
        ]
    )
    order = [(read.line.place, read.match and read.match.text) for read in read_order(found, drop_in=OURS)]
    assert order == [
        (f"{MAIN}:1", None),
        (f"{MAIN}.d/00-a.conf:1", "Match User x"),
        (f"{MAIN}.d/00-a.conf:2", "Match User x"),
        (f"{MAIN}:2", None),
    ]


@pytest.mark.parametrize(
    ("printed", "number", "below"),
    [
        ([f"{MAIN}:4:Include /etc/ssh/sshd_config.d/*.conf"], 4, None),
        ([f"{MAIN}:4:Include /other/* sshd_config.d/*"], 4, None),
        ([f"{MAIN}:1:Match User a", f"{MAIN}:4:Include sshd_config.d/*.conf"], 4, "Match User a"),
        ([f"{MAIN}:1:Match User a", f"{MAIN}:2:Match all", f"{MAIN}:4:Include sshd_config.d/*.conf"], 4, None),
        ([f"{MAIN}:1:Include /other/*", f"{MAIN}:4:Include {OURS}"], 4, None),
        ([f"{MAIN}:1:Include /other/*"], None, None),
        ([f"{MAIN}:1:Include sshd_config.d/50*"], None, None),
        ([f"{MAIN}.d/10-a.conf:1:Include sshd_config.d/*.conf"], None, None),
        ([], None, None),
    ],
)
def test_the_include_that_reaches_ours_is_found(printed: list[str], number: int | None, below: str | None) -> None:
    found = find_include(parse_lines(printed), OURS)
    assert (found and found.line.number) == number
    assert (found and found.match and found.match.text) == below


def test_a_global_line_wins_over_no_match_block() -> None:
    found = parse_lines([f"{MAIN}:1:ForceCommand /bin/a", f"{MAIN}:2:Include sshd_config.d/*.conf"])
    assert find_winner(found, OURS, keyword="forcecommand", value="/bin/a") is None


def test_the_line_that_gives_what_sshd_says_is_preferred_to_the_first() -> None:
    found = parse_lines(
        [
            f"{MAIN}:1:Match User a",
            f"{MAIN}:2:ForceCommand /bin/a",
            f"{MAIN}:3:Match User b",
            f"{MAIN}:4:ForceCommand /bin/b",
            f"{MAIN}:5:Match all",
            f"{MAIN}:6:Include sshd_config.d/*.conf",
            f"{MAIN}:7:Match User c",
            f"{MAIN}:8:ForceCommand /bin/c",
        ]
    )
    for value, number in (("/bin/b", 4), ("/bin/c", 2), (None, 2)):
        winner = find_winner(found, OURS, keyword="forcecommand", value=value)
        assert winner is not None
        assert winner.line.number == number
