# SPDX-License-Identifier: MIT
# A pool file that others damage, and limits.
check_PROGRAMS += tests/proof/files-flip tests/proof/files-user tests/proof/limits
TESTS += tests/proof/files-flip tests/proof/files.test tests/proof/limits
EXTRA_DIST += tests/proof/files.test
# With what is said of full tables and full shared memory elsewhere.
LONG_TESTS += tests/proof/files-flip tests/proof/files.test tests/proof/limits \
	tests/pitfalls/25-full-pool tests/pitfalls/28-full-shm.test

tests_proof_files_flip_SOURCES = tests/proof/files-flip.c tests/proof/files.h \
	tests/pitfalls/network.h $(preload_headers)
tests_proof_files_user_SOURCES = tests/proof/files-user.c tests/proof/files.h $(preload_headers)
tests_proof_limits_SOURCES = tests/proof/limits.c tests/proof/files.h tests/pitfalls/network.h \
	tests/preload/sandbox.h $(preload_headers)
