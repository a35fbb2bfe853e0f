#!/bin/sh
# Installs the system tools that the tests use, where one is missing (Debian, as root).
set -eu
missing=""
for pair in qemu-aarch64:qemu-user tmux:tmux mksh:mksh toybox:toybox llvm-mca-22:llvm-22 g++:g++ cmake:cmake \
    /usr/lib/wine/wine64:wine64; do
    command -v "${pair%%:*}" >/dev/null || missing="$missing ${pair##*:}"
done
[ -z "$missing" ] && exit 0
echo "installing:$missing"
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
