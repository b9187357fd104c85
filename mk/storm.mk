# make storm: many processes, one loop, and a killer (tests/storm/storm.c).
#	make storm SEED=17 TURNS=500	the same dice again, fewer turns
# Then between machines: four clones of one bare remote.
STORM     = $(BUILD)/tests/storm/storm
TURNS    ?= 2000

$(STORM): $(patsubst tests/storm/%.c,$(BUILD)/tests/storm/%.o,$(wildcard tests/storm/*.c)) $(LIB)
	$(LINK) $^ $(LINK_LIBS)
units test test-cmd: $(STORM)

storm: all $(STORM)
	PATH="$(abspath $(BUILD))/bin:$$PATH" $(STORM) run --turns $(TURNS) \
		$(if $(SEED),--seed $(SEED))

.PHONY: storm

# make faults: an error or a kill at each system call of each transition.
#	make faults CASES="release with"
faults: all
	tests/faults/faults.sh $(BUILD) $(CASES)

.PHONY: faults
