"""The tree of errors: as its docstring draws it, and with the exit codes of the contract."""

import importlib
import inspect
import pkgutil
import re

import pytest
from support.rules import listed

import receiver_setup
from receiver_setup import errors
from receiver_setup.errors import ReceiverSetupError

_ROW = re.compile(r"^    (?P<depth>[│├└─ ]*)(?P<name>\w+Error)\s+(?P<kind>[a-z-]+(?:…)?)?(?P<rest>.*)$")
EXIT_CODES = {
    "ConfigurationError": 2,
    "CameraError": 3,
    "ReceiverError": 4,
    "ProofError": 5,
    "UndoError": 6,
    "InterruptedRunError": 130,
}


def drawn_tree() -> dict[str, tuple[str, str, int | None]]:
    """Return class → parent, kind, exit code (None: its parent's) as the docstring draws them."""
    rows: dict[str, tuple[str, str, int | None]] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        match = _ROW.match(line)
        if match is None:
            continue
        depth = len(match["depth"]) // 4
        del above[depth:]
        code = re.search(r"(\d+)\s*$", match["rest"])
        rows[match["name"]] = (above[-1] if above else "Exception", match["kind"], int(code[1]) if code else None)
        above.append(match["name"])
    return rows


TREE = drawn_tree()
CLASSES = {
    name: each for name, each in vars(errors).items() if inspect.isclass(each) and issubclass(each, ReceiverSetupError)
}


def test_the_docstring_draws_every_class_and_no_other() -> None:
    assert list(TREE) == list(CLASSES)


def test_a_class_stands_where_it_is_drawn() -> None:
    wrong = {}
    for name, (parent, kind, code) in TREE.items():
        each = CLASSES[name]
        bases = [base.__name__ for base in each.__bases__]
        right = bases == [parent]
        if parent != "Exception":
            beginning = kind.rstrip("…").rstrip("-")
            right &= each.kind.startswith(beginning) if kind.endswith("…") else each.kind == kind
            right &= each.exit_code == (code if code is not None else CLASSES[parent].exit_code)
        if not right:
            wrong[name] = (bases, getattr(each, "kind", None), getattr(each, "exit_code", None))
    assert not wrong, listed(wrong)


@pytest.mark.parametrize(("name", "code"), list(EXIT_CODES.items()))
def test_exit_codes_are_those_of_the_contract(name: str, code: int) -> None:
    assert CLASSES[name].exit_code == code
    assert all(each.exit_code == code for each in CLASSES.values() if issubclass(each, CLASSES[name]))


def test_kinds_are_told_apart() -> None:
    kinds = [each.kind for each in CLASSES.values()]
    assert len(kinds) == len(set(kinds))


def test_every_other_class_of_ours_is_below_one_of_the_tree() -> None:
    """Camera codes and the command line refine the tree; none begins a branch beside it."""
    for module in pkgutil.walk_packages(receiver_setup.__path__, "receiver_setup."):
        if module.name != "receiver_setup.__main__":
            importlib.import_module(module.name)
    roots = {each.__name__ for each in ReceiverSetupError.__subclasses__()}
    assert roots - {"_BugError"} == EXIT_CODES.keys()


def test_an_error_carries_its_sentence_and_its_hint() -> None:
    error = errors.CameraLoginError("the camera said no", hint="ask again")
    assert (str(error), error.message, error.hint, error.rolled_back) == ("the camera said no",) * 2 + (
        "ask again",
        None,
    )


def test_kinds_of_one_code_each_are_the_instances_own() -> None:
    response = errors.CameraResponseError("busy", code=213, kind="camera-busy")
    upload = errors.UploadTestError("refused", result=-1, kind="test-upload-cannot-connect")
    assert (response.kind, response.code, errors.CameraResponseError.kind) == ("camera-busy", 213, "camera-response")
    assert (upload.kind, upload.result, errors.UploadTestError.kind) == (
        "test-upload-cannot-connect",
        -1,
        "test-upload",
    )
