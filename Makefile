# Every target does its own set-up. `make demo` and `make test` are all a newcomer needs.

# How long `make fuzz` runs each target, in seconds.
FUZZ_SECONDS ?= 30

.PHONY: demo serve test lint bench fuzz packages test-packages

demo: packages
	cargo run --release -- demo

serve: packages
	cargo run --release -- serve

test: test-packages
	cargo test --workspace

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

bench:
	cargo bench -p benches

# On a stable toolchain cargo-fuzz needs RUSTC_BOOTSTRAP=1 for the sanitizer flags.
fuzz: export RUSTC_BOOTSTRAP = 1
fuzz:
	command -v cargo-fuzz >/dev/null || cargo install --locked cargo-fuzz
	for target in $$(cargo fuzz list); do \
		mkdir -p fuzz/corpus/$$target; \
		cargo fuzz run $$target fuzz/corpus/$$target fuzz/seeds/$$target -- \
			-max_total_time=$(FUZZ_SECONDS) || exit 1; \
	done

packages:
	@.ci/packages speech

test-packages:
	@.ci/packages speech postgres redis
