"""The job on the card: written and read without loss, and refused if it is invalid."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver_setup.cli.commands.setup import command
from receiver_setup.errors import ConfigurationError
from receiver_setup.pi.job import _OPTIONS, Job, Patience

JOB = Job(
    cameras=("https://admin@192.168.2.168:8443", "porch.lan"),
    options={
        "user": "cams",
        "directory": "recordings",
        "jail": False,
        "pin-source": True,
        "camera-insecure": True,
        "schedule": '10:00 "Mon"',
        "interval": 60,
        "timeout": 2.5,
    },
    patience=Patience(camera_s=60, between_s=1),
)


def test_a_job_comes_back_as_it_was() -> None:
    assert Job.parse(JOB.render()) == JOB


@given(st.text(min_size=1), st.integers(0, 10**6))
def test_every_text_and_number_comes_back(text: str, number: int) -> None:
    job = Job(cameras=(text,), options={"schedule": text, "interval": number}, patience=Patience(camera_s=number))
    assert Job.parse(job.render()) == job


def test_its_arguments_are_those_of_setup() -> None:
    arguments = JOB.arguments()
    assert arguments[:6] == ["setup", "--local", "--camera", JOB.cameras[0], "--camera", JOB.cameras[1]]
    assert arguments[6:] == [
        *("--user=cams", "--directory=recordings", "--no-jail", "--pin-source", "--camera-insecure"),
        *('--schedule=10:00 "Mon"', "--interval=60", "--timeout=2.5"),
    ]
    context = command.make_context("setup", arguments[1:])
    assert (context.params["local"], context.params["jail"], context.params["timeout"]) == (True, False, 2.5)


def test_setup_has_every_option_that_a_job_may_hold() -> None:
    known = {option.removeprefix("--") for each in command.params for option in each.opts}
    assert set(_OPTIONS) <= known


def test_numbers_stand_as_the_shell_reads_them() -> None:
    table = tomllib.loads(JOB.render())["first-boot"]
    lines = JOB.render().partition("[first-boot]\n")[2].splitlines()
    assert [f"{name} = {value}" for name, value in table.items()] == lines


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("format = 1", "format = 2", "another version"),
        ("format = 1", "format = ", "cannot be read"),
        ("cameras = [", "cameras = [1, ", "names no camera"),
        ("interval = 60", "interval = true", "'interval' = True"),
        ("interval = 60", "intervall = 60", "'intervall'"),
        ("jail = false", 'jail = "no"', "'jail'"),
        ("camera-s = 60", "camera-s = -1", "'camera-s' = -1"),
        ("camera-s = 60", "cam = 60", "'cam'"),
        ("[setup]", "[set-up]", "'set-up' is not known"),
    ],
)
def test_what_cannot_be_meant_is_named(before: str, after: str, told: str) -> None:
    text = JOB.render()
    assert before in text
    with pytest.raises(ConfigurationError, match="job on the card") as caught:
        Job.parse(text.replace(before, after))
    assert told in caught.value.message
