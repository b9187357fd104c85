# Fuzzing: `make fuzz` searches (clang, FUZZ_SECONDS for each target) and keeps
# what it learns below $(BUILD); test-fuzz, a part of `test`, replays the corpus.

FUZZ_SECONDS ?= 60
FUZZERS = $(patsubst tests/fuzz/%.c,$(BUILD)/tests/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
UNITS  += $(FUZZERS)
FUZZ_CLANG = clang -std=c11 $(CPPFLAGS) $(PKGFLAGS) -Itests/fuzz -O1 -g \
	     -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined

$(BUILD)/tests/fuzz/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/fuzz/driver.o $(LIB)
	$(LINK) $^ $(LINK_LIBS)

$(FUZZERS): | $(BUILD)/link-flags

test-fuzz: $(FUZZERS)
	@tests/run.sh -j $(JOBS) $(BUILD) $(FUZZERS)

# Only what needs no git: base/ and the parsers of orch/; but for packs and pushes.
FUZZ_PARTS = $(wildcard common/base/*.[ch] common/orch/usage*.[ch] common/orch/delta_parse.[ch]) \
	     $(filter-out %/plan_load.c %/plan_page.c,$(wildcard common/orch/plan*.[ch])) \
	     $(wildcard common/orch/findings.[ch] common/orch/ledgerid.[ch]) \
	     $(wildcard common/orch/artifact_line.[ch] common/orch/artifact_stamp.c common/git/oid.[ch])
$(BUILD)/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $(FUZZ_PARTS)
	@mkdir -p $(@D)
	$(FUZZ_CLANG) -o $@ $< $(filter-out %/main.c %.h,$(FUZZ_PARTS)) \
		-lcjson -lpcre2-8 -lyaml -lcmark-gfm -lm
FUZZ_PACK_PARTS = $(wildcard common/base/*.[ch] common/git/*.[ch] \
		    common/orch/docset.[ch] common/orch/packtext.[ch] common/orch/texts.[ch])
$(BUILD)/fuzz/fuzz_pack: tests/fuzz/fuzz_pack.c $(FUZZ_PACK_PARTS) | $(BUILD)/link-flags
	@mkdir -p $(@D)
	$(FUZZ_CLANG) -o $@ $< $(filter-out %/main.c %.h,$(FUZZ_PACK_PARTS)) $(LINK_LIBS)
FUZZ_PUSH_PARTS = $(wildcard common/base/*.[ch] common/git/*.[ch] \
		    common/orch/checkallow.[ch] common/orch/checkpush_parse.c)
$(BUILD)/fuzz/fuzz_push: tests/fuzz/fuzz_push.c $(FUZZ_PUSH_PARTS) | $(BUILD)/link-flags
	@mkdir -p $(@D)
	$(FUZZ_CLANG) -o $@ $< $(filter-out %/main.c %.h,$(FUZZ_PUSH_PARTS)) $(LINK_LIBS)
fuzz: $(patsubst $(BUILD)/tests/fuzz/%,$(BUILD)/fuzz/%,$(FUZZERS))
	@set -e; for f in $^; do t=$${f##*/}; mkdir -p $(BUILD)/fuzz/corpus/$$t; \
		$$f -max_total_time=$(FUZZ_SECONDS) -timeout=10 -max_len=4096 \
		-print_final_stats=1 -artifact_prefix=$(BUILD)/fuzz/$$t- \
		$(BUILD)/fuzz/corpus/$$t tests/fuzz/corpus/$$t; done

.PHONY: fuzz test-fuzz
