#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# Runs a command in the toolbox: enter.sh COMMAND ARGS...
#
# The toolbox is read-only; the project and the cache are where they are outside, and cargo keeps its
# registry in the cache. Leaves no mounts and no processes behind. With GOYA_TOOLBOX=none it runs on the system itself, where
# a package has seen to it that all is there.

set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

[ $# -gt 0 ] || die "usage: enter.sh COMMAND ARGS..."
# What the caller's environment says of other tools and of an outer make is not for ours.
others=(RUSTUP_HOME RUSTUP_TOOLCHAIN RUSTC RUSTC_WRAPPER MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
	ARCH CROSS_COMPILE LLVM KBUILD_OUTPUT LD_PRELOAD LD_LIBRARY_PATH SSL_CERT_DIR)
box=${GOYA_TOOLBOX:-}
if [ "$box" = none ]; then
	unset "${others[@]}"
	export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
	exec "$@"
fi
need bwrap bubblewrap
[ -n "$box" ] || box=$("$TOP/scripts/toolbox.sh")
mkdir -p "$CACHE/home/.cargo"

args=(
	--ro-bind "$box/usr" /usr --ro-bind "$box/etc" /etc --ro-bind "$box/var" /var
	--tmpfs /tmp --tmpfs /run --proc /proc --dev-bind /dev /dev --ro-bind /sys /sys
	--bind "$CACHE" "$CACHE" --bind "$TOP" "$TOP"
	--die-with-parent --unshare-pid
	--setenv HOME "$CACHE/home" --setenv CARGO_HOME "$CACHE/home/.cargo" --setenv GOYA_CACHE "$CACHE"
	--setenv PATH /usr/sbin:/usr/bin --setenv LC_ALL C.UTF-8
)
# No more than is used: the mount points of project and cache are made in an empty root.
for entry in "$box"/*; do
	if [ -L "$entry" ]; then
		args+=(--symlink "$(readlink "$entry")" "/${entry##*/}")
	fi
done
[ ! -d /dev/shm ] || args+=(--bind /dev/shm /dev/shm)
for name in "${others[@]}"; do
	args+=(--unsetenv "$name")
done
# The host's certificate authorities and resolver: its network may have a proxy that inspects TLS.
inside=/etc/ssl/certs/ca-certificates.crt
for file in "${SSL_CERT_FILE:-}" $inside /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem; do
	if [ -n "$file" ] && [ -s "$file" ]; then
		args+=(--ro-bind "$(readlink -f "$file")" "$inside")
		break
	fi
done
for name in CARGO_HTTP_CAINFO SSL_CERT_FILE; do
	args+=(--setenv "$name" "$inside")
done
for name in CURL_CA_BUNDLE GIT_SSL_CAINFO PIP_CERT REQUESTS_CA_BUNDLE; do
	[ -z "${!name:-}" ] || args+=(--setenv "$name" "$inside")
done
resolver=$(readlink -f /etc/resolv.conf || true)
[ ! -e "$resolver" ] || args+=(--ro-bind "$resolver" /etc/resolv.conf)
# Other places that a command needs, one path a word.
for extra in ${KDIR:-} ${GOYA_BIND:-}; do
	# The toolbox is read-only inside: a place to mount upon has to be made here.
	case $extra in
	/usr/*) [ ! -d "$extra" ] || [ -e "$box$extra" ] || mkdir -p "$box$extra" ;;
	esac
	args+=(--bind "$extra" "$extra")
done
case $PWD/ in
"$TOP"/* | "$CACHE"/*) args+=(--chdir "$PWD") ;;
*) args+=(--chdir "$TOP") ;;
esac
exec bwrap "${args[@]}" -- "$@"
