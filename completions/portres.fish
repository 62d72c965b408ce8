# SPDX-License-Identifier: MIT
# Completions of portres and portres-run for fish. tests/install/completions.test compares
# what is said here with what --help says.

# Loaded under either name, perhaps under both.
complete -e -c portres
complete -e -c portres-run

# The options that have an argument, in a word of its own or behind an equals sign.
set -g __portres_valued -n --ports -p --range --name --align --wait --outside --full -e --env -In -Ip -Ie --format --svg --only

function __portres_words -d 'The words in front of the cursor that are no options'
    set -l skip
    set -l first
    for word in (commandline -opc)[2..]
        if set -q skip[1]
            set skip
        else if test "$word" = --
            break
        else if contains -- $word $__portres_valued; and test "$first" != prune
            set skip yes
        else if not string match -q -- '-*' $word
            set -q first[1]; or set first $word
            echo $word
        end
    end
end

function __portres_at -d 'The words so far are exactly these'
    set -l words (__portres_words)
    test "$words" = "$argv"
end

function __portres_in -d 'The words so far begin with these'
    set -l words (__portres_words)
    set -l last (count $argv)
    test "$words[1..$last]" = "$argv"
end

function __portres_in_command -d 'Behind the command that these start or judge'
    set -l words (__portres_words)
    contains -- "$words[1]" reserve doctor; and set -q words[2]
end

# portres-run may be installed alone.
function __portres_names
    command -q portres; and portres persist list 2>/dev/null | string replace -rf '^\S+ +\d+-\d+ +- +' ''
end

function __portres_blocks
    portres persist list 2>/dev/null | string replace -rf '^\S+ +(\d+-\d+) +\d.*' '$1'
end

function __portres_checks
    portres doctor 2>/dev/null | string replace -rf '^(ok|warning|fails) +([a-z0-9-]+) .*' '$2'
end

function __portres_block_options -d 'The options of portres-run, for: COMMAND CONDITION'
    complete -c $argv[1] -n $argv[2] -x -s n -l ports -d 'A block of COUNT ports, anywhere'
    complete -c $argv[1] -n $argv[2] -x -s p -l range -d 'This block, FIRST-LAST'
    complete -c $argv[1] -n $argv[2] -x -l name -a '(__portres_names)' -d 'The same block as last time under this name'
    complete -c $argv[1] -n $argv[2] -x -l align -d 'The first port is a multiple of N'
    complete -c $argv[1] -n $argv[2] -f -l tcp -d 'TCP only'
    complete -c $argv[1] -n $argv[2] -f -l udp -d 'UDP only'
    complete -c $argv[1] -n $argv[2] -x -l wait -d 'Wait so many seconds for a block'
    complete -c $argv[1] -n $argv[2] -x -l outside -a 'pass deny map' -d 'Explicit binds outside the block'
    complete -c $argv[1] -n $argv[2] -x -l full -a 'fail pass' -d 'Binds when the block is exhausted'
    complete -c $argv[1] -n $argv[2] -f -l connect -d 'Outgoing connections, too, take their port from the block'
    complete -c $argv[1] -n $argv[2] -x -s e -l env -d 'A port of the block in a variable, VAR[=K]'
    complete -c $argv[1] -n $argv[2] -f -s I -d '{0}, {1}... in the arguments become ports'
end

# portres-run
complete -c portres-run -f -a '(__fish_complete_subcommand $__portres_valued)'
__portres_block_options portres-run __portres_at
complete -c portres-run -n __portres_at -f -s h -l help -d 'Say what there is'
complete -c portres-run -n __portres_at -f -l version -d 'Say the version'

# portres
complete -c portres -f
complete -c portres -n 'not __portres_in_command' -s h -l help -d 'Say what there is'
complete -c portres -n __portres_at -f -l version -d 'Say the version'
complete -c portres -n __portres_at -a doctor -d 'Whether all is there that reservations rest on'
complete -c portres -n __portres_at -a explain -d 'What is on a port, what a bind would get, and why'
complete -c portres -n __portres_at -a list -d 'The reservations there are, and who keeps them alive'
complete -c portres -n __portres_at -a map -d 'A picture of all ports: free, held, in use'
complete -c portres -n __portres_at -a reserve -d 'A block for a script, held until it lets go'
complete -c portres -n __portres_at -a persist -d 'Blocks that stay reserved whether or not a program runs'
complete -c portres -n __portres_at -a prune -d 'Clear what is left of reservations that are gone'

complete -c portres -n '__portres_at doctor' -x -l only -a '(__portres_checks)' -d 'This check, by its name'
complete -c portres -n '__portres_at doctor' -l json -d 'For programs'
complete -c portres -n '__portres_in doctor' -f -a '(__fish_complete_subcommand --fcs-skip=2 $__portres_valued)'

complete -c portres -n '__portres_in explain' -l tcp -d 'TCP only'
complete -c portres -n '__portres_in explain' -l udp -d 'UDP only'
complete -c portres -n '__portres_in explain' -l json -d 'For programs'

complete -c portres -n '__portres_in list' -s w -l watch -d 'Again and again, until it is interrupted'
complete -c portres -n '__portres_in list' -l json -d 'The report for programs'

complete -c portres -n '__portres_in map' -l tcp -d 'TCP only'
complete -c portres -n '__portres_in map' -l udp -d 'UDP only'
complete -c portres -n '__portres_in map' -l ascii -d 'Letters instead of colours'
complete -c portres -n '__portres_in map' -r -F -l svg -d 'The picture for a browser, into a file'
complete -c portres -n '__portres_in map' -l json -d 'For programs'

__portres_block_options portres '__portres_at reserve'
complete -c portres -n '__portres_at reserve' -x -l format -d 'What to print: text with {first}, {last}, {ports}...'
complete -c portres -n '__portres_at reserve' -l json -d 'The block for programs'
complete -c portres -n '__portres_in reserve' -f -a '(__fish_complete_subcommand --fcs-skip=2 $__portres_valued)'

complete -c portres -n '__portres_at persist' -a add -d 'Reserve a block'
complete -c portres -n '__portres_at persist' -a del -d 'Give a block up, or forget the block of a name'
complete -c portres -n '__portres_at persist' -a list -d 'Show what is listed'
complete -c portres -n '__portres_at persist' -a hold -d 'Keep all others out of the listed blocks'
complete -c portres -n '__portres_in persist add; or __portres_in persist del' -l tcp -d 'TCP only'
complete -c portres -n '__portres_in persist add; or __portres_in persist del' -l udp -d 'UDP only'
complete -c portres -n '__portres_in persist del' -x -l name -a '(__portres_names)' -d 'The block of portres-run --name NAME'
complete -c portres -n '__portres_at persist del' -a '(__portres_blocks)'
complete -c portres -n '__portres_in persist list' -l json -d 'The list for programs'

complete -c portres -n '__portres_in prune' -s n -l dry-run -d 'Touch nothing, say what would be cleared'
complete -c portres -n '__portres_in prune' -l json -d 'For programs'
