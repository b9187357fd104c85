# git-orch: GNU make, no configure. Local settings go to config.mk.
#
#   make                                     build into ./build
#   make test                                every test
#   make BUILD=build-asan SANITIZE=address,undefined test
#   make check-layers check-headers style bench fuzz valgrind check-tidy storm faults

all:
-include config.mk

BUILD    ?= build
PREFIX   ?= /usr/local
CC       ?= cc
CFLAGS   ?= -O2 -g
JOBS     ?= 2
PKGS      = libgit2 libpcre2-8 libcjson yaml-0.1
SAN       = $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer)
WARN      = -Wall -Wextra -Wshadow -Wconversion -Wmissing-prototypes \
	    -Wstrict-prototypes -Wpointer-arith -Wwrite-strings -Wvla
WERROR   ?= -Werror
VERSION  := 0.1.0
CPPFLAGS += -D_GNU_SOURCE -DORCH_VERSION='"$(VERSION)"' -Icommon
PKGFLAGS := $(shell pkg-config --cflags $(PKGS))
COMPILE   = $(CC) -std=c11 $(CPPFLAGS) $(WARN) $(WERROR) $(SAN) $(PKGFLAGS) $(CFLAGS)

LIB       = $(BUILD)/liborch.a
LIBSRC    = $(wildcard common/*/*.c)
BINS      = $(patsubst cmd/%.c,$(BUILD)/bin/%,$(wildcard cmd/*.c))
HOOKS     = $(patsubst hooks/%.c,$(BUILD)/libexec/git-orch/hooks/%,$(wildcard hooks/*.c))
UNITS     = $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/*.c))

HELPERS   = $(patsubst tests/helper/%.c,$(BUILD)/tests/helper/%,$(wildcard tests/helper/*.c)) \
	    $(patsubst tests/preload/%.c,$(BUILD)/tests/preload/%.so,$(wildcard tests/preload/*.c))

all: $(BINS) $(HOOKS)

# How libgit2 is linked: LINK_LIBS.
include mk/link.mk
LINK      = @mkdir -p $(@D) && $(CC) $(SAN) $(CFLAGS) $(LDFLAGS) -o $@

$(LIB): $(patsubst %.c,$(BUILD)/%.o,$(LIBSRC))
	@rm -f $@ && $(AR) rcs $@ $^

# A flag that changed rebuilds everything.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D); echo '$(subst ','\'',$(COMPILE))' | cmp -s - $@ || \
		echo '$(subst ','\'',$(COMPILE))' > $@
FORCE:

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D) && $(COMPILE) -MMD -MP -c -o $@ $<
# A command with many parts has them in a folder: cmd/turn/ is git-orch-turn's.
$(foreach d,$(patsubst cmd/%/,%,$(wildcard cmd/*/)),$(eval $(BUILD)/bin/git-orch-$(d): \
	$(patsubst %.c,$(BUILD)/%.o,$(wildcard cmd/$(d)/*.c))))
$(BUILD)/bin/%: $(BUILD)/cmd/%.o $(LIB)
	$(LINK) $(filter %.o,$^) $(LIB) $(LINK_LIBS)
$(BUILD)/libexec/git-orch/hooks/%: $(BUILD)/hooks/%.o $(LIB)
	$(LINK) $^ $(LINK_LIBS)
$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(LIB)
	$(LINK) $^ $(LINK_LIBS) -lcmocka
$(BUILD)/tests/helper/%: $(BUILD)/tests/helper/%.o $(LIB)
	$(LINK) $^ $(LINK_LIBS)
# What a test puts in front of the C library; no sanitizer in there.
$(BUILD)/tests/preload/%.so: tests/preload/%.c $(BUILD)/flags
	@mkdir -p $(@D) && $(COMPILE) -fno-sanitize=all -fPIC -shared -o $@ $<

include mk/fuzz.mk
include mk/check.mk
include mk/bench.mk
include mk/storm.mk
include mk/install.mk
include mk/agents.mk
include mk/tokens.mk
include mk/hooks.mk

.SECONDARY:
.DELETE_ON_ERROR:
.PHONY: all FORCE
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
