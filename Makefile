# Every target does its own set-up on a fresh Debian, Ubuntu or Raspberry Pi OS machine.

.DEFAULT_GOAL := help
.PHONY: help demo test check trees bench clean needs-demo needs-test
.DELETE_ON_ERROR:
# A fresh machine lacks what the virtual environment is made with, so the needs come before it, in the order written.
.NOTPARALLEL:

VENV := .venv
PYTHON := $(VENV)/bin/python
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 $(PYTHON) -m pip --quiet install
SOURCES := receiver_setup tests tools benchmarks packaging ansible .ci
ANSIBLE := .venv-ansible

help: ## Show the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile

demo: needs-demo $(VENV)/.installed ## The whole story on this machine; nothing is left behind
	$(VENV)/bin/receiver-setup demo

test: check trees $(ANSIBLE)/.installed ## Check the code, then run all tests on all cores
	$(PYTHON) -m pytest -n auto --dist worksteal

check: needs-test $(VENV)/.installed-test $(ANSIBLE)/.checked ## Lint, types and formatting, of Python and shell
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
	rm -rf $(VENV) $(ANSIBLE) .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist *.egg-info
	rm -rf .trees 2>/dev/null || unshare --user --map-root-user --map-auto rm -rf .trees
	find $(wildcard $(SOURCES)) -name __pycache__ -prune -exec rm -rf {} +

needs-demo:
	@tools/install-needs demo

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

# ansible-core of Debian 12, and the newest one for this Python.
$(ANSIBLE)/.installed: pyproject.toml tools/check-ansible
	tools/check-ansible venvs
	touch $@

# Takes half a minute, so only where something of it was changed.
$(ANSIBLE)/.checked: $(ANSIBLE)/.installed $(shell find ansible -type f -not -path '*/__pycache__/*')
	tools/check-ansible check
	touch $@
