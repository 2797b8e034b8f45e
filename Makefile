# make demo   TreeBeard on http://localhost:8787, with nothing but Rust and Node.js installed
# make test   everything that must hold before a commit lands
# make dist   a release archive that runs on any Linux, in target/dist
.PHONY: demo dist test test-full rust frontend

demo:
	@.ci/install demo
	@.ci/demo

test: frontend rust

dist:
	@.ci/dist

# Long sweeps run whole rather than by sample.
test-full: export PROPTEST_CASES = 1000
test-full: test

frontend:
	@.ci/install test
	cd frontend && npm ci --no-audit --no-fund
	cd frontend && npm run format:check && npm run lint && npm run typecheck && npm run types:check
	cd frontend && npm test
	cd frontend && npm run build

# The browser tests need the built frontend.
rust: frontend
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo clippy --workspace --test live --locked -- -D warnings
	PATH="target/tools/bin:$$PATH" cargo deny --log-level error check licenses bans sources
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --quiet
	cargo test --workspace --locked
