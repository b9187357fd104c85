# make bench: each script in tests/bench prints one line or more,
#	<what>  X ms  <yardstick> Y ms  ratio Z  limit L
# and exits 1 when a limit is exceeded. Machines differ, ratios hardly.

bench: all units
	@rc=0; for s in $(or $(BENCH),$(filter-out %/lib.sh,$(wildcard tests/bench/*.sh))); do \
		BUILD=$(abspath $(BUILD)) sh $$s || rc=1; done; exit $$rc

.PHONY: bench
