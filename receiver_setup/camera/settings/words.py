"""Words for what of a camera's former settings cannot be known to be back (pure)."""

from receiver_setup.camera.settings.fields import PASSWORD_FIELD, UNTOLD, Setting


def password_lost(camera: str) -> str:
    """Say that another password was stored over the former one."""
    return f"{camera}: the former ft_password could not be read and is not back; set it again if it is in use"


def host_key_lost(camera: str) -> str:
    """Say that the camera was shown another host key than the one that it verified."""
    return f"{camera}: it verified another host key before; whether it still trusts that one cannot be read"


def place_unseen(camera: str, place: str) -> str:
    """Say that it was not looked at whether what the camera goes back to is still there."""
    return (
        f"{camera}: it uploads to {place} again, by sFTP; whether that account is still there and still opens to it "
        "is not known here: `receiver-setup verify` for that receiver tells"
    )


def password_goes(camera: str) -> str:
    """Say beforehand that another password will be stored over the camera's own."""
    return (
        f"{camera}: the upload user's password is stored in it over its own ft_password, which cannot be read: it "
        "cannot be put back, neither after a failure nor by remove"
    )


def password_replaced(camera: str) -> str:
    """Say afterwards that another password was stored over the camera's own."""
    return f"{camera}: its own former ft_password could not be read and was replaced; remove cannot put it back"


def not_back(camera: str, each: Setting, code: str | None) -> str:
    """Say that a setting was changed and has no way back."""
    if each.field == PASSWORD_FIELD:
        return password_lost(camera)
    if code is None:
        return f"{camera}: its former {each.name} was {UNTOLD} and is not back; set it again if it is in use"
    return cannot_be_set(camera, each, code)


def not_emptied(camera: str, name: str, value: str) -> str:
    """Say that a field was to be empty and is not, since the camera does not take that."""
    never = ", a name that never resolves" if name == "ft_server" else ""
    return f"{camera}: it takes no empty {name}, so it has {value} now{never}"


def cannot_be_set(camera: str, each: Setting, code: str | None) -> str:
    """Say that a former value is one that no camera can be sent."""
    return f"{camera}: the former {each.name} cannot be set again: it was {each.in_words(code)}"


def cannot_be_read(camera: str, each: Setting, code: str) -> str:
    """Say that the camera no longer tells a setting, so that it was left alone."""
    return (
        f"{camera}: it does not tell its {each.name}, so that is left as it is; the former one was "
        f"{each.in_words(code)}"
    )


def nothing_known(camera: str) -> str:
    """Say that there is nothing to go back to."""
    return (
        f"{camera}: its former settings are not known, so it uploads nowhere from now on; set up in its own menu "
        "where it shall upload to"
    )


def pointed_here_before(camera: str) -> str:
    """Say that the former settings are of no use."""
    return (
        f"{camera}: its former settings point at this receiver as well, so it uploads nowhere from now on; set up in "
        "its own menu where it shall upload to"
    )


def still_enabled(camera: str, kinds: tuple[str, ...]) -> str:
    """Say what a camera without a server still wants to upload."""
    return f"{camera}: {', '.join(kinds)} is still switched on, though there is nowhere to upload to any more"
