# SPDX-License-Identifier: MIT
# fish complete.fish COMPLETIONS: for each command line of standard input what fish would offer
# at its end, a line for each candidate: the command line, a tab, the candidate.

source $argv[1]; or exit
while read -l line
    for candidate in (complete -C "$line")
        # Behind another tab there may be a description.
        printf '%s\t%s\n' "$line" (string replace -r '\t.*' '' -- $candidate)
    end
end
