# SPDX-License-Identifier: GPL-2.0-only
#
# fish completion of openvgpu-entitled(8)

set -l serve '__fish_seen_subcommand_from serve'
set -l token '__fish_seen_subcommand_from token'
complete -c openvgpu-entitled -f
complete -c openvgpu-entitled -n __fish_use_subcommand -a serve -d 'answer over HTTP'
complete -c openvgpu-entitled -n __fish_use_subcommand -a token -d 'print a token'
complete -c openvgpu-entitled -n __fish_use_subcommand -l help -s h -d summary
complete -c openvgpu-entitled -n __fish_use_subcommand -l version -s V -d version
complete -c openvgpu-entitled -n $serve -l listen -x -d 'address and port'
complete -c openvgpu-entitled -n $serve -l tls-cert -r -F -d 'certificate and chain'
complete -c openvgpu-entitled -n $serve -l tls-key -r -F -d 'its private key'
complete -c openvgpu-entitled -n $serve -l token-key -r -F -d 'public key'
complete -c openvgpu-entitled -n $serve -l database -r -F -d database
complete -c openvgpu-entitled -n $token -l pool -x -d 'of a tenant, or *'
complete -c openvgpu-entitled -n $token -l host -x -d 'whose leases it is for'
complete -c openvgpu-entitled -n $token -l scope -x -a 'host read admin' -d 'what it allows'
complete -c openvgpu-entitled -n $token -l days -x -d 'until it expires'
complete -c openvgpu-entitled -n $token -l url -x -d 'of a server'
complete -c openvgpu-entitled -n $token -l vgpus -x -d 'a quota of that host alone'
complete -c openvgpu-entitled -n $token -l token-key -r -F -d 'private key'
