# SPDX-License-Identifier: GPL-2.0-only
#
# fish completion of openvgpu(8): the command says what a word can become.

function __openvgpu_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    for line in (openvgpu complete -- $words[2..-1] "$word" 2>/dev/null)
        if test "$line" = FILE
            __fish_complete_path "$word"
        else
            echo $line
        end
    end
end

complete -c openvgpu -f -a '(__openvgpu_complete)'
