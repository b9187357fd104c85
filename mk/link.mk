# How libgit2 is linked. Start-up is what every hook and command pays, so the
# static archive is taken, without its TLS, SSH and SPNEGO members
# (mk/nonet.c says why). Their names are libgit2's own affair: a probe is
# linked and run first, and where that fails the plain shared library serves,
# ten times slower, and says so.
#
# $(BUILD)/link.mk holds the result; `make -B $(BUILD)/link.mk` probes again.

LINK_STATIC = $(BUILD)/mk/nonet.o -Wl,-Bstatic -lgit2 -lpcre2-8 -lz -lhttp_parser \
	      -lmbedcrypto -Wl,-Bdynamic -Wl,--as-needed -lcjson -lm -lpthread
LINK_SHARED = -Wl,--as-needed $(shell pkg-config --libs $(PKGS)) -lm -lpthread

$(BUILD)/link.mk: mk/link.mk mk/nonet.c mk/link-probe.c
	@mkdir -p $(BUILD)/mk
	@if $(COMPILE) -c -o $(BUILD)/mk/nonet.o mk/nonet.c 2>$(BUILD)/mk/probe.log && \
	    $(CC) $(SAN) $(CFLAGS) $(PKGFLAGS) -o $(BUILD)/mk/link-probe mk/link-probe.c \
		$(LINK_STATIC) 2>>$(BUILD)/mk/probe.log && \
	    $(BUILD)/mk/link-probe 2>>$(BUILD)/mk/probe.log; then \
		echo 'LINK_MODE = static'; \
	else \
		echo "libgit2 cannot be linked statically here (see $(BUILD)/mk/probe.log):" \
		     "using the shared library, start-up will be about 10 ms slower" >&2; \
		echo 'LINK_MODE = shared'; \
	fi >$@
-include $(BUILD)/link.mk

LINK_LIBS = $(if $(filter static,$(LINK_MODE)),$(LINK_STATIC),$(LINK_SHARED))
