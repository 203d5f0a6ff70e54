"""Every response code and every test result has words and a typed error."""

import pytest

from receiver_setup.camera.wire.codes import (
    RESPONSES,
    RESULTS,
    ResponseCode,
    UploadResult,
    error_for_response,
    error_for_result,
    explain_response,
    explain_result,
)

CODES = (
    "200 SUCCESS · 201 UNKNOWN_PARAM · 202 INVALID_VALUE · 203 NOT_IMPLEMENTED · 204 UNKNOWN_COMMAND · "
    "205 READ_CONFIG_ERROR · 206 WRITE_CONFIG_ERROR · 207 UNKNOWN · 208 MISSING_PARAM · 209 OS_ERROR · "
    "210 LOGIC_ERROR · 211 NO_PERMISSION · 212 INVALID_ACTION · 213 BUSY · 214 INTERNAL_ERROR · 215 DISABLED · "
    "216 NOT_AVAIL · 217 NOT_HARDWARE_SUPPORTED · 218 IP_BLOCKED · 219 UNCHANGED · 301 SYNTAX_ERROR · "
    "302 UPLOAD_FAILED · 303 UD_SOCKET_ERROR"
)
RESULT_KINDS = {
    -1: "test-upload-cannot-connect",
    -2: "test-upload-credentials",
    -3: "test-upload-path",
    -4: "test-upload-timeout",
    -5: "test-upload-host-not-verified",
    -6: "test-upload-busy",
    -7: "test-upload-internal",
    -8: "test-upload-unknown",
    -9: "test-upload-incomplete",
    -10: "test-upload-unknown",
    1: "test-upload-unknown",
}


def test_codes_are_the_maker_s() -> None:
    assert " · ".join(f"{code.value} {code.name}" for code in ResponseCode) == CODES


def test_every_code_and_result_has_a_meaning() -> None:
    assert set(RESPONSES) == set(ResponseCode)
    assert set(RESULTS) == set(UploadResult) == set(range(-9, 1))
    assert len({meaning.kind for meaning in RESPONSES.values()}) == len(RESPONSES)
    for meaning in (*RESPONSES.values(), *RESULTS.values()):
        for sentence in (meaning.cause, meaning.remedy):
            assert sentence.endswith(".")
            assert sentence[0].isupper()
            assert sentence.count(".") == 1, "one sentence"


@pytest.mark.parametrize("code", [*(c for c in ResponseCode if c not in (200, 219)), 299, 999])
def test_response_error_names_camera_command_and_code(code: int) -> None:
    error = error_for_response(code, "setftpattr", "http://192.168.2.168")
    assert (error.code, error.exit_code) == (code, 3)
    assert error.kind.startswith("camera-")
    for part in ("http://192.168.2.168", "setftpattr", str(int(code))):
        assert part in error.message
    assert error.hint == explain_response(code).remedy


@pytest.mark.parametrize(("result", "kind"), RESULT_KINDS.items())
def test_result_error_names_camera_and_kind(result: int, kind: str) -> None:
    error = error_for_result(result, "http://192.168.2.168")
    assert (error.kind, error.result, error.exit_code) == (kind, result, 5)
    assert "http://192.168.2.168" in error.message
    assert error.hint == explain_result(result).remedy


def test_named_kinds() -> None:
    named = {211: "camera-no-permission", 218: "camera-ip-blocked", 208: "camera-missing-param", 213: "camera-busy"}
    assert {code: error_for_response(code, "x", "y").kind for code in named} == named
