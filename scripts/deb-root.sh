#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# Makes what packages are tried in, a tar archive, and prints its path: a Debian 13 with Debian's kernel, systemd, all that
# goya-dkms depends on, and what programs are built and run with. It is the packages that are tested, not the archive.

set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

need mmdebstrap "mmdebstrap debian-archive-keyring"
stock=$("$TOP/scripts/stock.sh")
release=$(<"$stock/release") version=$(<"$stock/version")
# depends PACKAGE: what debian/control says, one package a line.
depends() {
	awk -v package="$1" '/^Package:/ {mine = $2 == package} /^[A-Z]/ {list = mine && $1 == "Depends:"; sub("^Depends:", "")}
		list' "$TOP/packaging/debian/control" | tr -d ' ' | tr ',' '\n' | sed "s/@SERIES@/$KERNEL_VERSION/" | grep -vE '^(goya|[$]|$)'
}
packages=$(
	# The source of that very kernel.
	depends goya-dkms | sed "s/^linux-source-.*/&=$version/"
	printf '%s\n' dkms systemd-sysv udev kmod initramfs-tools zstd dbus openssl pkgconf python3-numpy \
		"linux-image-$release=$version" "linux-headers-$release=$version"
)
# The recipe's number goes up when this script makes something else.
id=$(echo "$packages recipe 1" | key /dev/null)
out=$CACHE/deb-root-$id
begin deb-root "$out"
tmp=$(mktemp -d "$(scratch)/goya-deb-root.XXXXXX")
HALF+=("$tmp")
if [ "$(id -u)" = 0 ]; then
	export TMPDIR=$tmp
fi
step "ROOT Debian 13 with Linux $release and compilers (about 2 min)" "$LOGS/deb-root.log" 0 \
	"$TOP/scripts/bootstrap.sh" "$out/root.tar" "linux-*" "$packages"
touch "$out/.complete"
HALF=("$tmp")
echo "$out"
