# Every target does the set-up that it needs; what is done already is not done again.
MODEL ?=
RUN ?=
THREADS ?= 1
BENCH ?=
OS ?= bookworm
MODELS ?= $(notdir $(wildcard models/cifar10-ae-*))

# The first of these that is there and new enough makes the host's environment; the device's stands in for a Pi.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)
DEVICE_PYTHON ?= $(PYTHON)
# More Pythons for the device's tests. pyenv's shims are on the PATH for versions that it does not run: hence the try.
try_pythons = $(shell for p in $(foreach v,$(1),python3.$(v) $(wildcard $(PYENV)/3.$(v).*/bin/python)); do \
	$$p -c '' 2>/dev/null && echo $$p && break; done)
PYENV := $(or $(PYENV_ROOT),$(HOME)/.pyenv)/versions
TFLITE_PYTHON ?= $(call try_pythons,11 10 9)
NEXT_PYTHON ?= $(call try_pythons,13)

HOST := .venv/bin/python
DEVICE := .venv-device/bin/python
HOST_READY := .venv/.ready
DEVICE_READY := .venv-device/.ready
TFLITE_READY := .venv-device-tflite/.ready
NEXT_READY := .venv-device-313/.ready
# What the steps of the loop print.
LOOP := build/loop.txt
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help setup loop train export bench collect report evaluate test test-all pi browser lint schema docs lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'
	@echo "  MODEL=name: only that model; RUN=folder: that run instead of the newest; BENCH=--quick: options of the bench"

setup: $(HOST_READY) $(DEVICE_READY) ## create .venv (host) and .venv-device (only the runtime)

$(HOST_READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "no Python 3.11 to 3.13 here; install one, or: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "setting up .venv (the host: TensorFlow and all; some minutes, once)"
	@$(PYTHON) -m venv .venv
	@$(HOST) $(PIP_INSTALL) -r requirements.lock
	@$(HOST) $(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(DEVICE_READY): device/requirements.txt
	@test -n "$(DEVICE_PYTHON)" || { echo "no Python for the device here; make DEVICE_PYTHON=/path/to/python3"; exit 1; }
	@echo "setting up .venv-device (the device: a TFLite runtime, nothing else)"
	@$(DEVICE_PYTHON) -m venv .venv-device
	@$(DEVICE) $(PIP_INSTALL) -r device/requirements.txt
	@touch $@

# The pins are those of the lines for 32-bit Arm and Python 3.9, without their markers.
$(TFLITE_READY): device/requirements.txt
	@python="$(TFLITE_PYTHON)"; if [ -z "$$python" ]; then \
		echo "no Python 3.9 to 3.11 here: the device's tests do not run under tflite-runtime"; else \
	echo "setting up .venv-device-tflite (the older runtime, tflite-runtime)" && \
	$$python -m venv .venv-device-tflite && .venv-device-tflite/bin/python $(PIP_INSTALL) \
		$$(sed -n 's/ *;.*platform_machine == "armv7l".*//p' device/requirements.txt) && touch $@; fi

$(NEXT_READY): device/requirements.txt
	@python="$(NEXT_PYTHON)"; if [ -z "$$python" ]; then \
		echo "no Python 3.13 here: the device's tests do not run under it"; else \
	echo "setting up .venv-device-313 (the device under Python 3.13)" && \
	$$python -m venv .venv-device-313 && \
	.venv-device-313/bin/python $(PIP_INSTALL) -r device/requirements.txt && touch $@; fi

loop: setup ## the whole circle on this machine: export, bench, collect, report
	@mkdir -p $(dir $(LOOP))
	@echo "export   convert, split and package the models"
	@$(HOST) -m host export $(MODEL) > $(LOOP)
	@echo "bench    encode and measure here, in the device's environment"
	@$(DEVICE) -m device.bench --quick --threads $(THREADS) $(if $(MODEL),--bundle $(MODEL)) >> $(LOOP)
	@sed -n '/^fastest/,/^tables/p' $(LOOP)
	@echo "collect  decode and judge what the bench made"
	@$(HOST) -m host collect "$$(ls -d device/results/*/ | sort | tail -n 1)" >> $(LOOP)
	@echo "report   write the page, tables and figures"
	@echo
	@$(HOST) -m host report
	@echo "steps:  $(LOOP)"
	@echo
	@echo "The same with a Raspberry Pi (README.md has every step):"
	@echo "  $(HOST) -m host bench pi@raspberrypi.local:splitlite && make report"

train: $(HOST_READY) ## train the stages of MODEL=name that are not trained yet (hours)
	@test -n "$(MODEL)" || { echo "which model? make train MODEL=name"; exit 2; }
	@$(HOST) -m host train $(MODEL) --resume

export: $(HOST_READY) ## convert, split and package every model (MODEL=name: one)
	@$(HOST) -m host export $(MODEL)

bench: export $(DEVICE_READY) ## encode and measure here, in the device's environment
	@$(DEVICE) -m device.bench --threads $(THREADS) $(if $(MODEL),--bundle $(MODEL)) $(BENCH)

collect: $(HOST_READY) ## decode what a device sent (RUN=folder; default: the newest run made here)
	@if [ -z "$(RUN)" ] && ! ls -d device/results/*/ >/dev/null 2>&1; then $(MAKE) --no-print-directory bench; fi
	@$(HOST) -m host collect "$(if $(RUN),$(RUN),$$(ls -d device/results/*/ | sort | tail -n 1))"

report: $(HOST_READY) ## one page with everything that was collected and evaluated, and the same as PDF and Markdown
	@if ! ls benchmarks/results/*/*/evaluation.json >/dev/null 2>&1; then $(MAKE) --no-print-directory collect; fi
	@$(HOST) -m host report

evaluate: $(HOST_READY) ## the whole test set (needs the data set: SPLITLITE_DATA or a download)
	@$(HOST) -m host evaluate $(MODEL)

test: setup lint $(TFLITE_READY) $(NEXT_READY) ## the tests: the device's under each runtime and Python, then the host's
	@for stamp in $(DEVICE_READY) $(TFLITE_READY) $(NEXT_READY); do \
		[ -f $$stamp ] || continue; python=$${stamp%/*}/bin/python; \
		$$python -c 'import sys; from device.runtime import load_runtime as r; \
			print("device, Python %d.%d:" % sys.version_info[:2], r().name, r().version)' && \
		$$python -m unittest discover -t . -s device || exit 1; \
	done
	@$(HOST) -m pytest $(PYTEST)

test-all: ## the same with the slow tests: several devices and machines
	@$(MAKE) --no-print-directory test PYTEST="-m ''"

pi: ## the device's half on a Debian arm64 system under qemu (root; OS=trixie, MODELS="name name")
	@OS=$(OS) tests/pi/root.sh check
	@# Nothing in this folder shall belong to root afterwards.
	@$(if $(SUDO_USER),sudo -u $(SUDO_USER)) $(MAKE) --no-print-directory setup export
	@OS=$(OS) PI_PYTHON=$(HOST) PYTHONDONTWRITEBYTECODE=1 $(HOST) -m tests.pi $(MODELS)

browser: ## Chromium from Debian's packages, for the tests of the demo's and the report's pages (nothing to do where there is one; root or sudo)
	@[ -n "$(CHROMIUM)" ] || command -v chromium >/dev/null || { \
		as_root=$$([ "$$(id -u)" = 0 ] || echo sudo); \
		$$as_root apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive $$as_root apt-get install -y -qq --no-install-recommends chromium; }

lint: $(HOST_READY) ## ruff, and mypy on device/, host/ and docs/
	@$(HOST) -m ruff check .
	@$(HOST) -m mypy -p device -p host -p docs

schema: $(HOST_READY) ## write models/spec.schema.json anew from the host's catalogue of layers
	@$(HOST) -m host schema models/spec.schema.json

docs: $(HOST_READY) ## write the tables and charts of README.md and docs/ anew from the committed results
	@$(HOST) -m docs.make_tables
	@$(HOST) -m docs.make_charts

lock: $(HOST_READY) ## write requirements.lock anew from pyproject.toml
	@$(HOST) $(PIP_INSTALL) uv
	@$(HOST) -m uv pip compile pyproject.toml --extra demo --extra dev --universal --python-version 3.11 --quiet \
		--no-header -o requirements.lock

clean: ## remove what was exported and built; environments, runs and weights stay
	rm -rf $(filter-out build/studies,$(wildcard build/*)) device/bundles benchmarks/reports .pytest_cache .mypy_cache .ruff_cache .hypothesis
