# How the binaries are linked. mk/link.sh tries; $(BUILD)/link-mode says what
# it came to. LINK_GIT2=shared skips the trying.

LINK_LIBS = $(shell cat $(BUILD)/link-flags) -lm

$(BUILD)/link-flags: mk/link.sh $(BUILD)/mk/nonet.o $(BUILD)/mk/link-probe.o
	@CC='$(CC)' mk/link.sh $(BUILD) $(BUILD)/mk/nonet.o \
		$(if $(filter shared,$(LINK_GIT2)),/dev/null,$(BUILD)/mk/link-probe.o) \
		$(CC) $(SAN) $(CFLAGS) $(LDFLAGS)

# Order-only, so that it does not become a file to link.
$(BINS) $(HOOKS) $(UNITS) $(HELPERS): | $(BUILD)/link-flags
