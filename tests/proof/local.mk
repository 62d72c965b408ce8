# SPDX-License-Identifier: MIT
# What libportres promises, shown: each has a short form, in make check, and a long one.
EXTRA_DIST += tests/proof/table

include tests/proof/explore.mk
include tests/proof/step.mk
include tests/proof/chaos.mk
include tests/proof/files.mk
include tests/proof/security.mk
include tests/proof/analysis.mk
include tests/proof/mutants.mk
