# hugops: `make demo` and `make test` are all that a new user needs.
# They need Go, Node.js (for npm, which brings the engine) and make.

SHELL := /bin/bash
CHDB_VERSION := 26.7.3-stable.1
BIN := bin/hugops

# The second reader's vector code needs Go's experimental SIMD package. Without it
# the same answers come some twenty times slower.
ifeq ($(shell uname -m),x86_64)
export GOEXPERIMENT := simd
endif

.DEFAULT_GOAL := help
.PHONY: help demo build engine test lint fuzz race bench eval kafka manual compose browser vendor clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

demo: build ## set up, and run the main job on demo posts: one address is printed
	@exec $(BIN) up --demo --data .hugops-demo --log-level warn

build: engine ## build bin/hugops
	@go build -trimpath -o $(BIN) ./cmd/hugops

# The engine is one npm package for each platform. The locked one serves most
# machines; the others come by the same version without a lock.
engine: ## fetch the embedded ClickHouse engine (npm)
	@command -v node >/dev/null || { echo "Node.js is missing: install it (https://nodejs.org), then run make again."; exit 1; }
	@case "$$(uname -s)-$$(uname -m)" in \
	  Linux-x86_64) pkg=lib-linux-x64-gnu ;; Linux-aarch64) pkg=lib-linux-arm64-gnu ;; \
	  Darwin-arm64) pkg=lib-darwin-arm64 ;; Darwin-x86_64) pkg=lib-darwin-x64 ;; \
	  *) echo "There is no embedded engine for $$(uname -sm): use --clickhouse with a server."; exit 1 ;; esac; \
	if ! grep -qs '$(CHDB_VERSION)' node_modules/.hugops-engine; then \
	  echo "Fetching the engine (170 MB, once) …"; \
	  if [ $$pkg = lib-linux-x64-gnu ]; then npm ci --silent --omit=dev; \
	  else npm install --silent --no-save "@chdb/$$pkg@$(CHDB_VERSION)"; fi && \
	  test -n "$$(ls node_modules/@chdb/$$pkg/libchdb.* 2>/dev/null)" && echo '$(CHDB_VERSION)' > node_modules/.hugops-engine; \
	fi

test: engine ## set up, and pass every test
	@go vet ./...
	@go test ./...

lint: ## gofmt, vet, staticcheck
	@test -z "$$(gofmt -l .)" || { echo "gofmt would change:"; gofmt -l .; exit 1; }
	@go vet ./...
	@go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...

race: engine ## the tests under the race detector
	@go test -race -timeout 20m -skip 'DoesNotAllocate|TestDresses|TestReading' ./...

# Go up to 1.26 sometimes reports the end of -fuzztime itself as a failure
# (go.dev/issue/75804). It is let pass only if it is all that was reported: an
# input that fails is always written down.
FUZZTIME ?= 10s
fuzz: ## every fuzz target for FUZZTIME (default 10s)
	@set -e; mkdir -p bin; for file in $$(grep -rlE '^func Fuzz' --include='*_test.go' . ); do \
	  for name in $$(grep -oE '^func Fuzz[A-Za-z0-9_]+' $$file | cut -c6-); do \
	    echo "== $$name ($$(dirname $$file))"; \
	    if go test -run '^$$' -fuzz "^$$name$$" -fuzztime $(FUZZTIME) $$(dirname $$file) >bin/fuzz.log 2>&1; then cat bin/fuzz.log; continue; fi; \
	    cat bin/fuzz.log; \
	    if grep -q 'Failing input' bin/fuzz.log || ! grep -q '^    context deadline exceeded$$' bin/fuzz.log; then exit 1; fi; done; done

bench: build ## classifier beside VADER, posts/s to queryable rows, the site under load and with listeners, benchmarks
	@go run ./cmd/bench -classifier
	@go run ./cmd/bench -program $(BIN)
	@go run ./cmd/bench -site -program $(BIN)
	@go run ./cmd/bench -live 10000 -program $(BIN)
	@go test -run '^$$' -bench . -benchtime 1s ./... | grep -E '^(Benchmark|pkg)'

# The peers are trained on the same labelled inputs as the stance model: the
# corpus, and with SETS=FOLDER the posts of public sets that were read for their
# stance. They need Python 3; PEERS= leaves them out.
PEERS ?= fasttext encoder tfidf
PEERS_DIR := bin/peers
NAME_fasttext := fastText
NAME_encoder := MiniLM encoder + linear head
NAME_tfidf := TF-IDF + linear head
eval: ## the stance model's scores on labelled posts (DEV=FILE), beside its peers; the linker's
	@test -f "$(DEV)" || { echo "There are no labelled posts at \"$(DEV)\": say where with DEV=FILE (\"bin/hugops help eval\" has the format)."; exit 1; }
	@go build -trimpath -o $(BIN) ./cmd/hugops
	@if [ -n "$(PEERS)" ]; then \
	  command -v python3 >/dev/null || { echo "Python 3 is missing: install it, or leave the trained peers out with make eval PEERS="; exit 1; }; \
	  if ! cmp -s classify/peers/requirements.txt $(PEERS_DIR)/requirements.txt; then \
	    echo "Setting up the peers (150 MB, once) …"; \
	    python3 -m venv $(PEERS_DIR)/venv && $(PEERS_DIR)/venv/bin/pip install -q --disable-pip-version-check --no-deps -r classify/peers/requirements.txt && \
	    cp classify/peers/requirements.txt $(PEERS_DIR)/ || exit 1; \
	  fi; \
	  sets=; if [ -d "$(SETS)" ]; then sets="--sets $(SETS)"; else echo "There are no public sets at \"$(SETS)\": the peers learn from the corpus alone."; fi; \
	  $(PEERS_DIR)/venv/bin/python -B classify/peers/peers.py $$sets --out $(PEERS_DIR) --peers "$(PEERS)" $(DEV); \
	fi
	@$(BIN) eval $(foreach p,$(PEERS),--peer "$(NAME_$(p))=$(PEERS_DIR)/$(p).tsv") --pairs classify/pairs/heldout.tsv $(DEV)
	@$(BIN) eval --linking classify/linking

kafka: engine ## the main job, killed on the way, against real Apache Kafka (Java, Maven)
	@deploy/kafka-test/run.sh go test -count=1 -v -run TestApacheKafka ./cmd/hugops

compose: ## check docker-compose.yml (docker-compose)
	@touch deploy/mastodon.token && docker-compose config -q && echo "docker-compose.yml is well formed"

browser: build ## look at every page in a real browser (Chromium)
	@test -d node_modules/playwright-core -a -d node_modules/axe-core || npm install --silent --no-save
	@HUGOPS=$(BIN) node --test web/browser/

vendor: ## copy the chart library that the site serves from its locked npm package
	@npm install --silent --no-save --ignore-scripts
	@cp node_modules/uplot/dist/uPlot.iife.min.js node_modules/uplot/dist/uPlot.min.css web/assets/vendor/
	@cp node_modules/uplot/LICENSE web/assets/vendor/uPlot.LICENSE.txt

manual: ## write docs/MANUAL.md from the program's own help
	@go run ./cmd/hugops help --all > docs/MANUAL.md

clean: ## remove what was built; data directories stay
	@rm -rf bin
