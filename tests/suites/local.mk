# SPDX-License-Identifier: MIT
# What others test their programs with: the same results with and without the library.
TESTS += tests/suites/cpython.test
LONG_TESTS += tests/suites/cpython.test
EXTRA_DIST += tests/suites/cpython.test tests/suites/cpython.py tests/suites/regrtest.py \
	tests/suites/cpython-exceptions.txt
