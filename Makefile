# Every target does its own set-up on a fresh Debian, Ubuntu or Raspberry Pi OS machine.

.DEFAULT_GOAL := help
.PHONY: help demo deb test test-arm64 check trees bench clean needs-demo needs-deb needs-test needs-arm64
.DELETE_ON_ERROR:
# A fresh machine lacks what the virtual environment is made with, so the needs come before it, in the order written.
.NOTPARALLEL:

VENV := .venv
PYTHON := $(VENV)/bin/python
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 $(PYTHON) -m pip --quiet install
SOURCES := receiver_setup tests tools benchmarks packaging ansible .ci

help: ## Show the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile

demo: needs-demo $(VENV)/.installed ## The whole story on this machine; nothing is left behind
	$(VENV)/bin/receiver-setup demo

deb: needs-deb ## Build the Debian package, dist/receiver-setup_VERSION_all.deb
	tools/build-deb

test: check trees ## Check the code, then run all tests on all cores
	$(PYTHON) -m pytest -n auto --dist worksteal

# Slow, as root, 200 MB; no part of `make test`.
test-arm64: needs-test needs-arm64 $(VENV)/.installed-test ## Install and set up in an emulated arm64 system
	tools/with-arm64 tools/build-trees trixie-arm64 trixie-arm64-packages
	RECEIVER_SETUP_ARM64=1 tools/with-arm64 $(PYTHON) -m pytest tests/end_to_end/test_arm64.py

check: needs-test $(VENV)/.installed-test ## Lint, types and formatting, of Python and shell
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check
	$(PYTHON) -m mypy
	shellcheck $$(shfmt -f $(wildcard $(SOURCES)))
	shfmt -i 2 -ci -d $$(shfmt -f $(wildcard $(SOURCES)))

# What cannot be built, without a network for one, costs its own tests alone: they are skipped and say why.
trees: needs-test ## Build what tests make other receivers of; kept in .trees
	-@tools/build-trees

bench: needs-test $(VENV)/.installed-test ## Measure against hand-written scripts; prints ratios
	$(PYTHON) benchmarks

clean: ## Remove what the other targets made here
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist *.egg-info
	rm -rf .trees 2>/dev/null || unshare --user --map-root-user --map-auto rm -rf .trees
	find $(wildcard $(SOURCES)) -name __pycache__ -prune -exec rm -rf {} +

needs-demo:
	@tools/install-needs demo

needs-deb:
	@tools/install-needs deb

needs-arm64:
	@tools/install-needs arm64

needs-test:
	@tools/install-needs test

$(VENV)/.created:
	python=$$(tools/find-python) && "$$python" -m venv --clear $(VENV)
	touch $@

$(VENV)/.installed: pyproject.toml $(VENV)/.created
	$(PIP) --editable .
	touch $@

$(VENV)/.installed-test: pyproject.toml $(VENV)/.created
	$(PIP) --editable '.[test,check]'
	touch $@
