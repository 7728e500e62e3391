#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# Makes a build tree out of Debian's kernel headers, which are packed without what Rust's compiler has to know of the
# kernel's crates: crates.sh HEADERS prints its path. The crates are compiled once, from the source of that very
# version with the headers' configuration, by the compilers that the kernel was built with; then they are the same crates, to
# the letter of their symbols, and the kernel's Module.symvers says whether they are.

set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

headers=$(realpath "${1:?usage: crates.sh HEADERS}")
refuse() { die "$headers: $*"; }
enter() { "$TOP/scripts/enter.sh" "$@"; }

release=$(<"$headers/include/config/kernel.release")
series=$(cut -d. -f1,2 "$headers/include/config/kernel.release")
version=$(sed -n 's/^#define LINUX_PACKAGE_ID " Debian \(.*\)"$/\1/p' "$headers/include/generated/package.h")
cc=$(sed -n 's/^CONFIG_CC_VERSION_TEXT="\([^ ]*\) .*/\1/p' "$headers/.config")

compilers=$(for tool in rustc bindgen pahole "$cc"; do enter "$tool" --version 2>/dev/null | head -n 1 || true; done)
# The recipe's number goes up when this script makes something else.
id=$(echo "$release $version $compilers recipe 1" | key "$headers/.config")
out=$CACHE/crates-$release-$id

# symbols: takes the kernel's list of symbols over, which has to have all that the crates have.
symbols() {
	! cmp -s "$headers/Module.symvers" "$out/Module.symvers" || return 0
	"$TOP/scripts/check-symbols.sh" "$headers/Module.symvers" "$out"/rust/exports_*_generated.h
	cp "$headers/Module.symvers" "$out"
}
# source_of VERSION: where the source of that very package is: in the toolbox, on this system, or in the archive.
source_of() {
	local package=linux-source-$series dir=$CACHE/linux-source-debian-$1 tarball box=
	[ "${GOYA_TOOLBOX:-}" = none ] || box=$("$TOP/scripts/toolbox.sh")
	if [ -n "$box" ] && [ "$(enter dpkg-query -W "$package" 2>/dev/null | cut -f 2)" = "$1" ] && [ -L "$box/linux-source" ]; then
		readlink "$box/linux-source"
		return
	fi
	if [ ! -e "$dir/.complete" ]; then
		rm -rf "$dir"
		HALF+=("$dir")
		mkdir -p "$dir/package"
		tarball=/usr/src/$package.tar.xz
		if [ "$(dpkg-query -W "$package" 2>/dev/null | cut -f 2)" != "$1" ] || [ ! -e "$tarball" ]; then
			# Who installs packages does not fetch others behind apt's back.
			[ -n "$box" ] || die "this kernel was made from $package of version $1, and" \
				"$(dpkg-query -W "$package" 2>/dev/null | cut -f 2 | grep . || echo none) is installed: apt-get install $package=$1"
			tarball=$dir/package$tarball
			step "SOURCE of Linux $1" "$LOGS/source.log" 0 \
				enter scripts/archive.sh source "$series" "$1" "$dir/package" || {
				! grep -q '^gone:' "$LOGS/source.log" ||
					die "the source of this kernel, $package=$1, is not in the archive: on Debian, apt-get upgrade" \
						"has a newer kernel, and apt-get install $package=$1 a source that is still in another archive"
				return 1
			}
		fi
		# The crates need headers and configuration, but none of what drivers and other machines are made of.
		step "SOURCE unpacking Linux $1" "$LOGS/source.log" 0 \
			env GOYA_BIND="$(dirname "$tarball")" "$TOP/scripts/enter.sh" \
			tar -C "$dir" -xf "$tarball" --strip-components=1 --no-same-owner --exclude="$package/arch/[a-w]*.[chS]" \
			--exclude="$package"/{drivers,fs,net,sound}'/*.c' --exclude='*.dts*' --exclude='*.rst' --exclude='*.yaml'
		rm -rf "$dir/package"
		touch "$dir/.complete"
		HALF=()
	fi
	echo "$dir"
}

lock "crates-$release"
if [ -e "$out/.complete" ]; then
	symbols
	echo "$out"
	exit
fi
missing=
# tools that the build runs, files that it reads, and the packages that have them
while read -r tool package; do
	enter sh -c "command -v $tool || test -e $tool" </dev/null >/dev/null 2>&1 || missing="$missing $package"
done <<END
$cc gcc-${cc##*-}
rustc rustc
bindgen bindgen
pahole pahole
flex flex
bison bison
bc bc
python3 python3
/usr/include/libelf.h libelf-dev
/usr/include/openssl/opensslv.h libssl-dev
/usr/lib/rustlib/src/rust/library/core/src/lib.rs rust-src
END
[ -z "$missing" ] || die "to build the kernel's crates, on Debian: apt-get install$missing"
source=$(source_of "$version")
rm -rf "$out"
HALF=("$out")
mkdir -p "$out"
cp "$headers/.config" "$out/.config"
# Debian's own way to say what compiles, and what the kernel is called; its Makefile reads it.
cp "$headers/.kernelvariables" "$out"

kernel_make() { enter make -C "$source" O="$out" "$@"; }
# What the tools say of themselves may differ by a package's revision.
changed() {
	diff <(grep -E '^(# )?CONFIG_' "$headers/.config") <(grep -E '^(# )?CONFIG_' "$out/.config") |
		sed -n 's/^[<>] //p' | grep -vE '^CONFIG_((CC|BINDGEN)_VERSION_TEXT|(GCC|CLANG|AS|LD|LLD|PAHOLE)_VERSION)=' || true
}
step "CONFIG of Linux $release" "$LOGS/crates-config.log" 0 kernel_make olddefconfig
lost=$(changed)
[ -z "$lost" ] || refuse "the toolbox's tools are others than the kernel's: $(head -n 3 <<<"$lost" | paste -sd' ')"
step "CRATES of Linux $release, once (about 2 min)" "$LOGS/crates.log" 205 kernel_make -j"$(nproc)" modules_prepare
symbols
# To boot it in a guest: image and modules are where Debian has them.
image=$headers/../../lib/modules/$release/vmlinuz
[ -e "$image" ] || image=/boot/vmlinuz-$release
if [ -e "$image" ]; then
	mkdir -p "$out/arch/x86/boot"
	cp "$image" "$out/arch/x86/boot/bzImage"
fi
realpath -m "$headers/../../lib/modules/$release" >"$out/.modules"
touch "$out/.complete"
HALF=()
echo "$out"
