# make install DESTDIR= PREFIX=, make uninstall: install.sh uses them too.

install: all
	@sh mk/place.sh install "$(BUILD)" "$(DESTDIR)$(PREFIX)"
uninstall:
	@sh mk/place.sh uninstall "$(BUILD)" "$(DESTDIR)$(PREFIX)"

.PHONY: install uninstall

# Renew the list of keys in git-orch-config.5.
man:
	@awk -f mk/keys.awk common/orch/keys.def >man/.keys
	@sed -e '/keys: begin/,/keys: end/{' -e '/keys: begin/r man/.keys' \
		-e '/keys: [be]/!d' -e '}' man/git-orch-config.5 >man/.page
	@mv man/.page man/git-orch-config.5; rm -f man/.keys
.PHONY: man
