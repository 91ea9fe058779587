# `make help` lists what there is. To run Lampboard: `cargo run --release -- demo`.
#
# Cargo is always called with --workspace (or for the one binary): every other
# choice of packages resolves to other features and compiles half the tree anew.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:

export PATH := $(CURDIR)/.tools/bin:$(PATH)

BUF := web-ui/node_modules/.bin/buf
NPM := npm --prefix web-ui
POWER_CUT := python3 -B cli/tests/power_cut/power_cut.py
# Says what comes next, and when: the log of a slow run shows where the time went.
say = @printf '\n%s  %s\n' "$$(date +%T)"

.PHONY: help
help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{ printf "%-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build target/release/lampboard with the UI in it
	cargo build --release --locked

.PHONY: test
test: tools web-ui/node_modules/.complete ## Install what tests need, and run them all
	$(say) "web-ui: unit tests"
	$(NPM) test
	$(say) "Rust: all tests"
	cargo test --workspace --locked
	$(say) "Rust: the store and the chain once more, on PostgreSQL"
	.ci/with-postgres cargo test --workspace --locked --lib store::suite
	.ci/with-postgres cargo test --workspace --locked --test chain -- $(ON_POSTGRES)
	cargo build --workspace --locked --bins
	$(say) "Power cuts"
	$(POWER_CUT) target/debug/lampboard --images 5000
	$(say) "End to end, in Chromium"
	$(NPM) run e2e

# The tests of the whole chain in which the database has a part.
ON_POSTGRES := alerts:: apps:: backup:: examples:: hostile:: kill:: live:: migrate:: order:: outage:: servers:: \
	recount::

.PHONY: suite-postgres
suite-postgres: ## Try every case of every property of the store on PostgreSQL, too: half an hour
	LAMPBOARD_TEST_ALL_CASES=1 .ci/with-postgres cargo test --workspace --locked --lib store::suite

.PHONY: takeover
takeover: ## Kill one of two servers while it sends an alert, and wait for the other: a minute
	.ci/with-postgres cargo test --workspace --locked --test chain -- --ignored alerts:: --nocapture

.PHONY: shuffle
shuffle: ## Try 1,000 shuffles of 5,000 webhooks each against the board (SEED=number to begin elsewhere)
	LAMPBOARD_SHUFFLES=1000 LAMPBOARD_SHUFFLE_EVENTS=5000 LAMPBOARD_SHUFFLE_SEED=$(or $(SEED),1) \
	cargo test --workspace --release --locked --test github s21

.PHONY: power-cut
power-cut: tools ## Cut the power at 100,000 moments, and look for what was answered (IMAGES=, SEED=)
	cargo build --workspace --locked --bins
	$(POWER_CUT) target/debug/lampboard --images $(or $(IMAGES),100000) --seed $(or $(SEED),1)

.PHONY: check
check: check-proto check-web-ui check-supply check-rust check-double ## Format, lints, contract, generated code, licences

.PHONY: check-proto
check-proto: web-ui/node_modules/.complete
	$(say) "proto: lint, format, breaking changes, generated TypeScript"
	$(BUF) lint
	$(BUF) format --diff --exit-code
	$(BUF) breaking --against proto/accepted.binpb
	@fresh=$$(mktemp -d); trap 'rm -rf "$$fresh"' EXIT; \
	$(BUF) generate --output "$$fresh"; \
	diff --recursive --unified web-ui/src/gen "$$fresh/web-ui/src/gen" || \
	{ echo "web-ui/src/gen is not what the protos say: make generate" >&2; exit 1; }

.PHONY: check-web-ui
check-web-ui: web-ui/node_modules/.complete
	$(say) "web-ui: eslint, prettier, svelte-check"
	$(NPM) run lint
	$(NPM) run check

# After the web-ui's packages: a crate there builds the UI and would fetch its own.
.PHONY: check-rust
check-rust: web-ui/node_modules/.complete
	$(say) "Rust: format, lints, documentation"
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --locked

.PHONY: check-double
check-double: github-double/schemas/node_modules/.complete
	$(say) "github-double: answers and events against GitHub's own descriptions"
	npm --prefix github-double/schemas test
	cargo build --workspace --locked --example samples
	@folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	target/debug/examples/samples "$$folder"; \
	node github-double/schemas/check.js "$$folder"

.PHONY: check-supply
check-supply: tools
	$(say) "Dependencies: licences, sources, duplicates, unused ones; workflows"
	cargo fetch --locked
	cargo deny --offline check bans licenses sources
	cargo shear --frozen --deny-warnings
	zizmor --offline --persona pedantic --quiet .github

.PHONY: fmt
fmt: web-ui/node_modules/.complete ## Format everything
	cargo fmt --all
	$(BUF) format --write
	$(NPM) run format

.PHONY: generate
generate: web-ui/node_modules/.complete ## Generate the UI's TypeScript from the protos, and docs from --help
	$(BUF) generate
	UPDATE_DOCS=1 cargo test --workspace --locked --test configuration

.PHONY: accept-contract
accept-contract: web-ui/node_modules/.complete ## Take the protos as the contract from now on (CHANGELOG first)
	@.ci/contract-notes
	$(BUF) build --exclude-source-info --output proto/accepted.binpb

BENCH := target/release/lampboard-bench
# Filled databases go here, away from other work, and are gone afterwards.
FILLED := target/bench/filled

# Without a PostgreSQL the benchmark says that it leaves it out.
WITH_POSTGRES = $(shell ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null && echo .ci/with-postgres)

.PHONY: bench
bench: bench-ingest bench-parts bench-small bench-million ## Measure, and write the figures to README and docs/PERFORMANCE.md (REFERENCES=folder: against others, too)

.PHONY: bench-build
bench-build:
	cargo build --release --locked --workspace --bins

.PHONY: bench-ingest
bench-ingest: bench-build ## Measure only how deliveries are taken in, on SQLite and PostgreSQL
	$(WITH_POSTGRES) $(BENCH) ingest $(if $(REFERENCES),--references $(REFERENCES))

.PHONY: bench-parts
bench-parts: bench-build
	$(BENCH) watch
	$(BENCH) alerts
	$(BENCH) space

.PHONY: bench-alertmanager
bench-alertmanager: bench-build ## Set Lampboard's alerts beside Alertmanager's, in docs/PROMISES.md (ALERTMANAGER=binary)
	$(BENCH) alertmanager $(if $(ALERTMANAGER),--alertmanager $(ALERTMANAGER))

.PHONY: bench-small bench-million bench-large
bench-small: BUILDS := 10000
bench-million: BUILDS := 1000000
bench-large: BUILDS := 10000000
bench-large: ## Measure reads at ten million builds: 20 GB of disk and most of an hour
bench-small bench-million bench-large: bench-build
	@rm -rf $(FILLED); mkdir -p $(FILLED)
	$(BENCH) fill --database sqlite:$(FILLED)/lampboard.db --builds $(BUILDS)
	$(BENCH) read --database sqlite:$(FILLED)/lampboard.db --builds $(BUILDS) $(if $(REFERENCES),--references $(REFERENCES))
	@rm -rf $(FILLED)

.PHONY: bench-postgres
bench-postgres: BUILDS := 1000000
bench-postgres: bench-build ## Measure reads at a million builds in PostgreSQL
	.ci/with-postgres sh -c '$(BENCH) fill --database "$$LAMPBOARD_TEST_POSTGRES_URL" --builds $(BUILDS) && \
	$(BENCH) read --database "$$LAMPBOARD_TEST_POSTGRES_URL" --builds $(BUILDS)'

.PHONY: tools
tools: ## Install what checks and tests need, where it is missing
	@.ci/tools

github-double/schemas/node_modules/.complete: github-double/schemas/package-lock.json
	$(say) "github-double: GitHub's descriptions"
	npm --prefix github-double/schemas ci --ignore-scripts --no-audit --no-fund
	npm --prefix github-double/schemas run trim
	@touch $@

# The crate web-ui installs without development packages when the lock file is
# newer, which removes this marker together with what it stands for.
web-ui/node_modules/.complete: web-ui/package-lock.json
	$(say) "web-ui: packages"
	$(NPM) ci --ignore-scripts --no-audit --no-fund
	@touch $@
