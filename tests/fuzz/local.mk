# SPDX-License-Identifier: MIT
# Coverage-guided fuzzing.
