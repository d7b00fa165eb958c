# Every target does its own set-up. `make demo` and `make test` are all a newcomer needs.

# How long `make fuzz` runs each target, in seconds.
FUZZ_SECONDS ?= 30

.PHONY: demo serve test lint bench fuzz fit packages test-packages

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

# The detector's model, made anew from synthetic speech: dsp/fit/README.md.
fit: TARGET = $(or $(CARGO_TARGET_DIR),target)
fit:
	@.ci/packages fit
	cargo build --release -p dsp --example features
	python3 -m venv $(TARGET)/fit
	$(TARGET)/fit/bin/pip install --quiet -r dsp/fit/requirements.txt
	nice $(TARGET)/fit/bin/python dsp/fit/fit.py --features $(TARGET)/release/examples/features \
		--voices $(TARGET)/fit/voices $(FIT)

packages:
	@.ci/packages speech

test-packages:
	@.ci/packages speech postgres redis
