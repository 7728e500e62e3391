#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# Runs a command in the toolbox: enter.sh COMMAND ARGS...
#
# The toolbox is read-only; the project and the cache are where they are outside, and cargo keeps its
# registry in the cache. Leaves no mounts behind.

set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

box=$("$TOP/scripts/toolbox.sh")
args=()
# No more than is used: bwrap cannot make the project's mount point in a read-only directory.
for entry in "$box"/*; do
	if [ -L "$entry" ]; then
		args+=(--symlink "$(readlink "$entry")" "/${entry##*/}")
	fi
done
args+=(
	--ro-bind "$box/usr" /usr --ro-bind "$box/etc" /etc
	--tmpfs /tmp --tmpfs /run --proc /proc --dev-bind /dev /dev --ro-bind /sys /sys
	--bind "$TOP" "$TOP" --bind "$CACHE" "$CACHE" --bind /dev/shm /dev/shm
	--die-with-parent --unshare-pid --setenv HOME "$CACHE/home" --setenv PATH /usr/sbin:/usr/bin
	--setenv CARGO_HOME "$CACHE/home/.cargo" --setenv GOYA_CACHE "$CACHE"
	--unsetenv RUSTUP_HOME --unsetenv RUSTUP_TOOLCHAIN --chdir "$PWD"
)
mkdir -p "$CACHE/home/.cargo"
# The host's certificate authorities and resolver: its network may have a proxy that inspects TLS.
if [ -d /etc/ssl/certs ]; then
	authorities=$(readlink -f /etc/ssl/certs/ca-certificates.crt || true)
	if [ -e "$authorities" ]; then
		args+=(--ro-bind "$authorities" /etc/ssl/certs/ca-certificates.crt
			--setenv CARGO_HTTP_CAINFO /etc/ssl/certs/ca-certificates.crt
			--setenv SSL_CERT_FILE /etc/ssl/certs/ca-certificates.crt)
	fi
fi
resolver=$(readlink -f /etc/resolv.conf || true)
if [ -e "$resolver" ]; then
	args+=(--ro-bind "$resolver" /etc/resolv.conf)
fi
for extra in ${KDIR:-} ${GOYA_BIND:-}; do
	args+=(--bind "$extra" "$extra")
done
exec bwrap "${args[@]}" -- "$@"
