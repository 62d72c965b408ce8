# SPDX-License-Identifier: MIT
# That the proofs fail where the code is wrong.
TESTS += tests/proof/mutants.test
LONG_TESTS += tests/proof/mutants.test
EXTRA_DIST += tests/proof/mutants.test tests/proof/mutants
