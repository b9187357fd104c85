# The token estimator against the real tokenizer: needs node, npm, apt-get and some
# 3 GB below $(BUILD)/tokens. The ordinary tests need none of it.
#	make tokens-reference	count all documents anew: tests/tokens/documents.tsv
#	make tokens-calibrate	learn common/base/tokens.def anew, then the reference
TOKENS_CACHE ?= $(BUILD)/tokens
TOKENS_TOOL   = $(BUILD)/tests/tokens/pieces

$(BUILD)/tests/tokens/pieces: tests/tokens/pieces.c common/base/tokens.c $(wildcard common/base/tokens*.def) $(LIB)
	@mkdir -p $(@D)
	$(COMPILE) -o $@ $< $(BUILD)/common/base/compat.o

$(TOKENS_CACHE)/docs.tsv: tests/tokens/sources.tsv tests/tokens/packages.txt | all
	@npm --prefix tests/tokens ci --ignore-scripts --no-audit --no-fund
	node tests/tokens/corpus.mjs $(TOKENS_CACHE)

tokens-reference: $(TOKENS_TOOL) $(TOKENS_CACHE)/docs.tsv
	node tests/tokens/reference.mjs $(TOKENS_CACHE) $(abspath $(TOKENS_TOOL))

tokens-calibrate: $(TOKENS_TOOL) $(TOKENS_CACHE)/docs.tsv
	node --max-old-space-size=8000 tests/tokens/calibrate.mjs $(TOKENS_CACHE) \
		$(abspath $(TOKENS_TOOL)) common/base/tokens.def
	$(MAKE) tokens-reference

.PHONY: tokens-reference tokens-calibrate
