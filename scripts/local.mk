# SPDX-License-Identifier: MIT
EXTRA_DIST += scripts/portres-run scripts/quickstart scripts/check scripts/deps scripts/screens

# In a build folder of its own the script stands where it finds the library: ../src/.libs.
all-local: portres-run-here
.PHONY: portres-run-here
portres-run-here:
	@$(MKDIR_P) scripts
	@if test '$(abs_srcdir)' != '$(abs_builddir)'; then \
		cmp -s $(srcdir)/scripts/portres-run scripts/portres-run || \
		{ rm -f scripts/portres-run && cp $(srcdir)/scripts/portres-run scripts/portres-run && \
		  chmod 755 scripts/portres-run; }; \
	fi

install-exec-local:
	$(MKDIR_P) '$(DESTDIR)$(bindir)'
	$(SED) -e 's|@libdir[@]|$(libdir)|' -e 's|@pkglibexecdir[@]|$(pkglibexecdir)|' \
		$(srcdir)/scripts/portres-run >'$(DESTDIR)$(bindir)/portres-run'
	chmod 755 '$(DESTDIR)$(bindir)/portres-run'

uninstall-local:
	rm -f '$(DESTDIR)$(bindir)/portres-run'

distclean-local:
	test '$(abs_srcdir)' = '$(abs_builddir)' || rm -f scripts/portres-run
