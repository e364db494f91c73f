# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Everything that a target needs and the machine lacks is installed first, see tests/tools/bootstrap.

SHELL := bash
ROW := lint lab molecule
BESIDE := units report sanity sanity-floor docs build molecule-replication faults-short
GATE := $(ROW) $(BESIDE)

.PHONY: help test test-matrix $(GATE) matrix units-pythons cores bench bench-lab bench-namespaces faults format demo demo-down lab-up lab-down lock clean
.DEFAULT_GOAL := help

help: ## This list
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | while IFS=$$'\t' read -r target text; do \
	    printf '  %-21s %s\n' "$$target" "$$text"; done

test: ## The steps from lint to faults-short, in two rows side by side
	@tests/tools/step $(ROW) -- $(BESIDE)

test-matrix: ## Every Python and ansible-core here, the whole of the lab's tests, and matrix
	@LAB_WHOLE=yes tests/tools/step units-pythons cores lab matrix

lint: ## Step: ruff, mypy --strict, shellcheck, yamllint, ansible-lint, changelog fragments
units: ## Step: unit tests with plain pytest
report: ## Step: the page of the role report in headless Chromium, on a phone and a desktop, light and dark
sanity: ## Step: ansible-test sanity, newest ansible-core
units-pythons: ## Step: the unit tests with ansible-test on every Python here
sanity-floor: ## Step: the same with ansible-core 2.16, and the recorded runs on Python 3.7
cores: ## Step: sanity and the unit tests with each ansible-core between the oldest and the newest
docs: ## Step: the documentation of modules, roles and guides, checked, and built as a site (.build/site/html)
build: ## Step: the licences, the collection tarball, Galaxy's own checks of it, and that its four folders are enough
lab: ## Step: the lab itself, cut, killed half way and twice at once
molecule: ## Step: the scenarios without geo-replication, on a real Gluster cluster (Debian bookworm, Gluster 10)
molecule-replication: ## Step: those with geo-replication, and what else there is, on another
faults-short: ## Step: a snapshot, a restore and a removal, disturbed ten times at a command of theirs

matrix: ## Step: the scenarios on each Gluster, in hours: what has passed is kept (MATRIX="--only trixie/")
faults: ## Every operation, disturbed at each of its commands: what was run before is kept (FAULTS="--only restore/")
bench: ## How long modules take, how much memory, how many calls: a table, and .build/bench.json
bench-lab: ## The same work with the modules, in a loop of command tasks and by a shell script, on the lab
bench-namespaces: ## A set at one point in time, and a removal, on this machine's own kernel, beside plain commands

$(GATE) matrix units-pythons cores bench bench-lab bench-namespaces faults:
	@tests/tools/step $@

format: ## Ruff's formatting and safe fixes, in this checkout
	@tests/tools/with tools ruff check --fix .
	@tests/tools/with tools ruff format .

demo: ## A cluster, and a tour of the collection on it
	@tests/tools/demo

demo-down: lab-down ## Take the demo's cluster down

lab-up: ## A real Gluster cluster in virtual machines
	@tests/tools/bootstrap lab
	@tests/lab/lab up

lab-down: ## Take it down
	@tests/lab/lab down

lock: ## Pin the newest versions of the tools: tests/requirements/*.in to *.txt
	@tests/tools/lock

clean: ## Remove what the targets made here (the tools stay in the user's cache)
	rm -rf .build tests/output
