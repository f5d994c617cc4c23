# SPDX-License-Identifier: BSD-2-Clause
# fish completion for pcibar(1). The command says what may come next.

function __pcibar_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in (pcibar __complete $words[2..-1] 2>/dev/null)
        switch $line
            case '<file>'
                __fish_complete_path (commandline -ct)
            case '<directory>'
                __fish_complete_directories (commandline -ct)
            case '*'
                printf '%s\n' $line
        end
    end
end

complete -c pcibar -f -a '(__pcibar_complete)'
