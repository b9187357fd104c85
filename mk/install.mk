# make install DESTDIR= PREFIX=, make uninstall: install.sh uses them too.

install: all
	@sh mk/place.sh install "$(BUILD)" "$(DESTDIR)$(PREFIX)"
uninstall:
	@sh mk/place.sh uninstall "$(BUILD)" "$(DESTDIR)$(PREFIX)"

.PHONY: install uninstall
