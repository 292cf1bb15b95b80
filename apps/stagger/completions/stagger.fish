# Completion of stagger for fish. The command itself says what fits: a word a line, and behind a tab what it means.
function __stagger_words
    set -l line (commandline -opc)
    set -l command $line[1]
    set -e line[1]
    set -l current (commandline -ct)
    for offered in ($command __complete $line "$current" 2>/dev/null)
        switch $offered
            case ':folders'
                __fish_complete_directories "$current" ''
            case ':files'
                __fish_complete_path "$current"
            case ':files *'
                for ending in (string split ' ' -- $offered)[2..-1]
                    __fish_complete_suffix .$ending
                end
            case '*'
                printf '%s\n' $offered
        end
    end
end
complete -c stagger -f -a '(__stagger_words)'
