"""Named profiles: firmwares that are known or suspected, each with its source; and `name=value` (pure)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches

from receiver_setup.emulator.camera.profile import SETTINGS, Profile
from receiver_setup.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedProfile:
    """A profile with the firmware that it represents, and the source for that."""

    name: str
    firmware: str
    source: str
    profile: Profile


PROFILES = {
    item.name: item
    for item in (
        NamedProfile(
            name="default",
            firmware="INSTAR 2k+ (1440p) as the maker's FTP page describes it",
            source="wiki.instar.com, 1440p Series CGI List, Features Menu, FTP",
            profile=Profile(),
        ),
        NamedProfile(
            name="libssh2-old",
            firmware="a firmware built with libssh2 before 1.11: key logins signed with SHA-1",
            source="libssh2 1.11.0 release notes (rsa-sha2 support)",
            profile=Profile(signature="sha1"),
        ),
        NamedProfile(
            name="password-only",
            firmware="a firmware that shows a key but signs in with the password",
            source="inferred: the page's example receiver is given a password",
            profile=Profile(auth_order="password"),
        ),
        NamedProfile(
            name="password-first",
            firmware="a firmware that tries the password before its key",
            source="inferred: the order is not documented",
            profile=Profile(auth_order="password-then-key"),
        ),
        NamedProfile(
            name="no-sftp",
            firmware="a firmware before sFTP: getpubkey is an unknown command",
            source="inferred from the code list",
            profile=Profile(key="none", no_key_answer="204", auth_order="password"),
        ),
        NamedProfile(
            name="terse",
            firmware="testftp answers result alone, refused logins are response 211, lines end in CR LF",
            source="the page's second testftp example; the code list",
            profile=Profile(test_response_field=False, login_refused_as="211", crlf=True, hostkey_on_failure=False),
        ),
        NamedProfile(
            name="strict",
            firmware="blocks after three refused logins, wants all fields at once, says 219",
            source="inferred from the code list",
            profile=Profile(
                lockout_tries=3,
                lockout_counts="refused",
                requires_all_fields=True,
                unchanged_is_219=True,
                field_limit=64,
            ),
        ),
        NamedProfile(
            name="curl",
            firmware="uploads by the curl program of this machine, with whatever libssh2 it has",
            source="https://curl.se: many cameras embed libcurl",
            profile=Profile(uploader="curl"),
        ),
        NamedProfile(
            name="openssh",
            firmware="uploads by OpenSSH's sftp program",
            source="inferred: a camera's Linux may well ship it",
            profile=Profile(uploader="openssh"),
        ),
    )
}


def find_profile(name: str) -> Profile:
    """Return the profile called `name`. Raises ConfigurationError with the closest name."""
    if name not in PROFILES:
        raise ConfigurationError(f"no emulated camera is called {name!r}", hint=_nearest(name, PROFILES))
    return PROFILES[name].profile


def apply_settings(profile: Profile, texts: Iterable[str]) -> Profile:
    """Return `profile` with each `name=value` of `texts`, a later one over an earlier one.

    Raises ConfigurationError for a text without `=`, an unknown name or a value that is not allowed.

    >>> apply_settings(Profile(), ["signature=sha1", "crlf=yes"]).signature
    'sha1'
    """
    changes = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip().replace("-", "_")
        if not equals:
            raise ConfigurationError(f"{text!r} is not name=value", hint=_nearest(name, SETTINGS))
        if name not in SETTINGS:
            raise ConfigurationError(
                f"the emulated camera has no setting called {name!r}", hint=_nearest(name, SETTINGS)
            )
        changes[name] = SETTINGS[name].parse(value)
    return replace(profile, **changes)


def _nearest(name: str, known: Iterable[str]) -> str:
    names = list(known)
    near = get_close_matches(name, names, n=1, cutoff=0)
    return f"The closest is {near[0]!r}; choose from: {', '.join(names)}."
