# SPDX-License-Identifier: MIT
dist_man_MANS = man/portres-run.1 man/libportres.3 man/libportres-winsock.3 man/portres.7
if PORTRES_COMMAND
dist_man_MANS += man/portres.1
else
EXTRA_DIST += man/portres.1
endif

TESTS += man/options.test
EXTRA_DIST += man/options.test

EXTRA_DIST += docs/answers.md docs/dependencies.md docs/design.md \
	docs/map.svg docs/pitfalls.md docs/security.md docs/windows.md docs/README.md docs/guides/parallel-tests.md \
	docs/guides/hpc.md docs/guides/services.md docs/guides/windows.md docs/guides/which-tool.md
