"""`receiver-setup camera set`: where and how the camera uploads."""

from pathlib import Path
from typing import Any

import click

from receiver_setup.camera.messages import Security, SetFtpAttr
from receiver_setup.cli.camera.session import make_so
from receiver_setup.cli.inputs.options import camera_options
from receiver_setup.cli.inputs.secrets import read_secret

_SECURITIES = [each.value for each in Security if each is not Security.UNKNOWN]


@click.command(name="set", short_help="Set where and how the camera uploads.")
@click.option("--server", metavar="HOST", help="The receiver's address or name, as the camera dials it.")
@click.option("--port", type=int, help="The receiver's port, 1 to 65535.")
@click.option("--username", help="The upload user.")
@click.option(
    "--password-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="First line: the upload user's password. It cannot be read back, so it is sent each time.",
)
@click.option("--directory", help="The directory, as the upload user sees it.")
@click.option("--mode", type=int, help="ft_mode as a number, 0 or 1: the maker's pages contradict each other on it.")
@click.option(
    "--security",
    type=click.Choice(_SECURITIES),
    help="How the upload is protected; also sets its default port if the present port is a default one.",
)
@click.option("--verify/--no-verify", default=None, help="Verify the receiver before an upload.")
@click.option("--day-folders/--flat", default=None, help="Every day a new folder, or all files in one directory.")
@click.option("--create-directory/--no-create-directory", default=None, help="Create the directory if there is none.")
@camera_options(changes=True)
def set_(**options: Any) -> int:
    """Set where and how the camera uploads; settings that are not given are left unchanged."""
    file: Path | None = options["password_file"]
    requested = SetFtpAttr(
        server=options["server"],
        port=options["port"],
        username=options["username"],
        password=None if file is None else read_secret(file, "", question=None),
        mode=options["mode"],
        directory=options["directory"],
        auto_create=options["create_directory"],
        day_folders=options["day_folders"],
        security=None if options["security"] is None else Security(options["security"]),
        insecure=None if options["verify"] is None else not options["verify"],
    )
    return make_so(options, requested)
