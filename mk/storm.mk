# make storm: many processes, one loop, and a killer (tests/storm/storm.c).
#	make storm SEED=17 TURNS=500	the same dice again, fewer turns
# Then between machines: four clones of one bare remote.
STORM     = $(BUILD)/tests/storm/storm
TURNS    ?= 2000
MACHINE_TURNS ?= 400

$(STORM): $(patsubst tests/storm/%.c,$(BUILD)/tests/storm/%.o,$(wildcard tests/storm/*.c)) $(LIB)
	$(LINK) $^ $(LINK_LIBS)
units test test-cmd: $(STORM)

storm: all $(STORM)
	$(STORM) run --turns $(TURNS) \
		$(if $(SEED),--seed $(SEED))
	$(STORM) run --machines 4 --procs 2 --turns $(MACHINE_TURNS) \
		$(if $(SEED),--seed $(SEED))

.PHONY: storm

# make faults: an error or a kill at each system call of each transition, and
# of its publication.
#	make faults CASES="release with" PUBLISH=release
faults: all
	tests/faults/faults.sh $(BUILD) $(CASES)
	tests/faults/publish.sh $(BUILD) $(PUBLISH)

.PHONY: faults
