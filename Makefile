# Two commands for everybody:  make demo [SECONDS=n]   make test
# For developers:              make check  bench [BENCH="drain fresh"] [FULL=1]  faults  long  contract  lock
# Everything is set up on the way: Debian packages where one is missing, a private .venv, pip with hashes.

PYTHON ?= python3
SECONDS ?= 0
BENCH ?=
FULL ?=
VENV := .venv
RUN := $(VENV)/bin/python
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo -E)
READY := $(VENV)/.ready

.PHONY: demo test check format lint types bench faults long contract lock clean apt-demo apt-test

demo: $(READY)
	@echo "== hall-edge demo: 模拟终端 → 守护进程 → MQTT → 上级应用 (Ctrl-C 结束 / ends it)"
	@$(RUN) -m tests.demo --seconds $(SECONDS)

test: apt-test $(READY)
	@echo "== all tests, against a real mosquitto and a real Chromium"
	@$(RUN) -m pytest -q -n 4 --dist worksteal

check: $(READY) format lint types
	@$(RUN) -m pytest -q -n 4 --dist worksteal

format: $(READY)
	@$(VENV)/bin/ruff format --check edge drivers tests

lint: $(READY)
	@$(VENV)/bin/ruff check edge drivers tests

types: $(READY)
	@$(VENV)/bin/mypy

bench: apt-test $(READY)
	@echo "== benchmarks, each beside its peer or limit; JSON lines"
	@$(RUN) -m tests.bench $(BENCH) $(if $(FULL),--full)

faults: apt-test $(READY)
	@echo "== fault gates, long form, two at a time; JSON lines"
	@$(RUN) -m pytest -q -m slow -n 2 --dist worksteal --timeout 3600 -s tests/faults tests/store

long: apt-test $(READY)
	@echo "== the other long forms: crowds, pages, a province; JSON lines"
	@$(RUN) -m pytest -q -m slow --timeout 3600 -s --ignore tests/faults --ignore tests/store

contract: $(READY)
	@$(RUN) -m edge.contract_files

lock:
	uv pip compile setup.cfg --all-extras --universal --generate-hashes --python-version 3.11 \
	  --no-emit-index-url --no-emit-find-links --quiet --custom-compile-command "make lock" -o requirements.lock

clean:
	rm -rf $(VENV) demo-data build *.egg-info

apt-demo:
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || $(MAKE) --no-print-directory apt PACKAGES="python3 python3-venv"

apt-test: apt-demo
	@missing=""; \
	has() { PATH="$$PATH:/usr/sbin" command -v $$1 >/dev/null || missing="$$missing $$2"; }; \
	has mosquitto mosquitto; has chromium "chromium fonts-noto-cjk"; has systemd-analyze systemd; \
	has openssl openssl; has strace strace; has gcc "gcc libc6-dev"; \
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$$missing postgresql"; \
	[ -z "$$missing" ] || $(MAKE) --no-print-directory apt PACKAGES="$$missing"

.PHONY: apt
apt:
	@echo "== apt-get install $(PACKAGES)"
	@$(SUDO) apt-get update -qq
	@DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq --no-install-recommends $(PACKAGES) >/dev/null

$(READY): requirements.lock setup.cfg pyproject.toml | apt-demo
	@echo "== private environment in $(VENV) (the first time about a minute, some 250 MB)"
	@[ -x $(RUN) ] || $(PYTHON) -m venv $(VENV)
	@$(RUN) -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@rm -rf *.egg-info  # a stale one would hide a new driver
	@$(RUN) -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e . 2>/dev/null
	@touch $@
