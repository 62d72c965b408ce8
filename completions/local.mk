# SPDX-License-Identifier: MIT
# What shells complete: one file for each, which zsh finds by what stands in it, bash and
# fish by the name of the command. An empty folder: it was configured --without.
dist_bashcompletion_DATA = completions/portres
dist_zshcompletion_DATA = completions/_portres
dist_fishcompletion_DATA = completions/portres.fish

install-data-hook: uninstall-completion-links
	@test -z '$(bashcompletiondir)' || \
		$(LN_S) portres '$(DESTDIR)$(bashcompletiondir)/portres-run'
	@test -z '$(fishcompletiondir)' || \
		$(LN_S) portres.fish '$(DESTDIR)$(fishcompletiondir)/portres-run.fish'

.PHONY: uninstall-completion-links
uninstall-completion-links:
	@test -z '$(bashcompletiondir)' || rm -f '$(DESTDIR)$(bashcompletiondir)/portres-run'
	@test -z '$(fishcompletiondir)' || rm -f '$(DESTDIR)$(fishcompletiondir)/portres-run.fish'
