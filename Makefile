# What people run. `make demo` and `make test` do all the set-up on a fresh machine.
.PHONY: demo test bench lint

demo: ## Sluice and nginx before a sample app on loopback; prints the address and the first sign-in
	scripts/demo.sh

test: ## every test, with the real proxies, browser and apps
	scripts/test-tools.sh
	scripts/test.sh

bench: ## the ratios of the design, against a bare handler on the same core, how fast long lists are, and first paints
	scripts/install.sh wrk nginx chromium chromium-driver
	cargo bench --locked --bench ratios

lint: ## formatting, clippy, licences and advisories
	cargo fmt --check
	cargo clippy --locked --profile tested --all-targets -- --deny warnings
	scripts/deny.sh
