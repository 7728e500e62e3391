#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# Makes the toolbox: a Debian 13 root file system with compiler, bindgen and QEMU, and the kernel
# source unpacked beside it. Prints the toolbox's path. See Documentation/toolbox.rst. toolbox.sh deb makes the second one,
# with what only packages need.

set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

# The recipe's number goes up when this script makes something else from the same packages.
recipe="trixie recipe 1"
which=${1:+-$1}
list=$TOP/scripts/packages$which.txt
holds="compilers, bindgen and QEMU (about 2 min)"
[ "$which" != -deb ] || holds="debhelper and lintian (about 1 min)"
packages=$(grep -vE '^#|^$' "$list")
id=$(echo "$recipe" | key "$list")
box=$CACHE/toolbox$which-$id
if [ ! -e "$box/.complete" ] && [ -n "${KDIR:-}" ] && [ -z "$which" ]; then
	# With a kernel of the user's, the toolbox needs no kernel source: it may be gone.
	packages=$(grep -v '^linux-source-' <<<"$packages")
	id=$(echo "$recipe" | key <(echo "$packages"))
	box=$CACHE/toolbox-$id
fi
if [ -e "$box/.complete" ]; then
	echo "$box"
	exit
fi
need mmdebstrap "mmdebstrap debian-archive-keyring"
need bwrap bubblewrap
[ "$(id -u)" = 0 ] || need newuidmap uidmap
[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] ||
	die "the archive's keys are missing; on Debian: apt-get install debian-archive-keyring"
bwrap --ro-bind / / --unshare-pid true 2>/dev/null ||
	die "bubblewrap can make no namespaces here: Documentation/toolbox.rst says what it needs"
lock toolbox
if [ -e "$box/.complete" ]; then
	echo "$box"
	exit
fi
rm -rf "$CACHE"/toolbox.tmp.*
tmp=$(mktemp -d "$CACHE/toolbox.tmp.XXXXXX")
HALF+=("$tmp")
# As an ordinary user mmdebstrap makes the root in TMPDIR first, under other user ids, which cannot reach the cache.
made=$tmp/root.tar
[ "$(id -u)" != 0 ] || made=$tmp/root
# Its log grows by a line or two a second at first, then hardly: no percentage, only the time.
if ! step "TOOLBOX Debian 13 with $holds" "$LOGS/toolbox$which.log" 0 \
	"$TOP/scripts/bootstrap.sh" "$made" "qemu* seabios ipxe* linux-source-*" "$packages"; then
	if grep -qE "(locate|No) (package|installation candidate).*linux-source-|linux-source-[0-9.]+' has no" "$LOGS/toolbox$which.log"; then
		echo "linux-source-$KERNEL_VERSION is gone from the archive. Supported are Linux $KERNEL_VERSION.x kernels with Rust:" >&2
		echo "build one from any source, and give its build tree: make KDIR=/path/to/build ..." >&2
	fi
	exit 1
fi
if [ "$made" != "$tmp/root" ]; then
	mkdir "$tmp/root"
	step "TOOLBOX unpacking" "$LOGS/toolbox-unpack.log" 0 \
		tar -C "$tmp/root" -xf "$made" --no-same-owner --exclude='./dev/*'
	rm "$made"
fi
# enter.sh binds the host's over these.
rm -rf "$tmp"/root/dev/*
mkdir -p "$tmp/root/etc/ssl/certs"
touch "$tmp/root/etc/resolv.conf" "$tmp/root/etc/ssl/certs/ca-certificates.crt"
for tarball in "$tmp"/root/usr/src/linux-source-*.tar.xz; do
	[ -e "$tarball" ] || continue
	mkdir "$tmp/linux"
	# By the toolbox's own tar and xz: the host may lack them.
	step "SOURCE unpacking Linux $KERNEL_VERSION" "$LOGS/source.log" 0 \
		env GOYA_TOOLBOX="$tmp/root" "$TOP/scripts/enter.sh" \
		tar -C "$tmp/linux" -xf "$tarball" --strip-components=1 --no-same-owner
	rm -rf "$CACHE/linux-source-$id"
	mv "$tmp/linux" "$CACHE/linux-source-$id"
	ln -s "$CACHE/linux-source-$id" "$tmp/root/linux-source"
done
# The kernel needs rust-src's library only.
rm -rf "$tmp"/root/usr/src/linux-source-* "$tmp"/root/usr/src/rustc-*/{src,compiler}
touch "$tmp/root/.complete"
rm -rf "$box"
mv "$tmp/root" "$box"
echo "$box"
