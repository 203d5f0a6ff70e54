"""Warnings about former camera settings that are not, or may not be, restored (pure)."""

from receiver_setup.camera.settings.fields import NOT_REPORTED, PASSWORD_FIELD, Setting


def password_lost(camera: str) -> str:
    """Warn that another password was stored over the former one."""
    return f"{camera}: the former ft_password could not be read and is not restored; set it again if it is in use"


def host_key_lost(camera: str) -> str:
    """Warn that the camera was shown another host key than the one that it verified."""
    return f"{camera}: it verified another host key before; it does not report whether it still trusts that one"


def place_unseen(camera: str, place: str) -> str:
    """Warn that it was not checked whether the camera's former target still works."""
    return (
        f"{camera}: it uploads to {place} again, by sFTP; whether that account still exists and still accepts it "
        "is not known: check with `receiver-setup verify` for that receiver"
    )


def password_goes(camera: str) -> str:
    """Warn that another password will be stored over the camera's own."""
    return (
        f"{camera}: the upload user's password replaces its own ft_password, which cannot be read and therefore "
        "not restored, neither after a failure nor by remove"
    )


def password_replaced(camera: str) -> str:
    """Warn that another password was stored over the camera's own."""
    return f"{camera}: its own former ft_password could not be read and was replaced; remove cannot restore it"


def not_back(camera: str, each: Setting, code: str | None) -> str:
    """Warn that a setting was changed and cannot be restored."""
    if each.field == PASSWORD_FIELD:
        return password_lost(camera)
    if code is None:
        return f"{camera}: its former {each.name} was {NOT_REPORTED} and is not restored; set it again if it is in use"
    return cannot_be_set(camera, each, code)


def not_emptied(camera: str, name: str, value: str) -> str:
    """Warn that a field should be empty and is not, because the camera does not accept that."""
    never = ", a name that never resolves" if name == "ft_server" else ""
    return f"{camera}: it does not accept an empty {name}, so it has {value} now{never}"


def cannot_be_set(camera: str, each: Setting, code: str | None) -> str:
    """Warn that a former value cannot be sent to a camera."""
    return f"{camera}: the former {each.name} cannot be set again: it was {each.in_words(code)}"


def cannot_be_read(camera: str, each: Setting, code: str) -> str:
    """Warn that the camera no longer reports a setting, so it was left alone."""
    return (
        f"{camera}: it does not report its {each.name}, which is left unchanged; the former value was "
        f"{each.in_words(code)}"
    )


def nothing_known(camera: str) -> str:
    """Warn that there are no former settings to restore."""
    return (
        f"{camera}: its former settings are not known, so it uploads nowhere from now on; set its upload server in "
        "its own menu"
    )


def pointed_here_before(camera: str) -> str:
    """Warn that the former settings point here as well."""
    return (
        f"{camera}: its former settings point at this receiver as well, so it uploads nowhere from now on; set its "
        "upload server in its own menu"
    )


def still_enabled(camera: str, kinds: tuple[str, ...]) -> str:
    """Warn that a camera without a server still has uploads switched on."""
    return f"{camera}: {', '.join(kinds)} is still switched on, although the camera has no upload server any more"
