#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# Makes Debian packages of what is built, and has lintian look at them: prints the directory they are in. GOYA_VERSION= is a
# version other than the project's. With GOYA_DEB_AGAIN=1 documentation and library are those of the last time, and lintian not asked.

set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

cd "$TOP"
version=${GOYA_VERSION:-$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)}
[[ $version =~ ^[0-9][0-9A-Za-z.+~]*$ ]] || die "GOYA_VERSION=$version: no version of a Debian package"
release=$(<"$("$TOP/scripts/stock.sh")/release")
module=$("$TOP/scripts/module.sh" stock)
[ -n "${GOYA_DEB_AGAIN:-}" ] || { "$TOP/scripts/docs.sh" && "$TOP/scripts/libgoya.sh"; }
# Those for the guest are static; a system has a C library.
"$TOP/scripts/cargo.sh" deb build/cargo build --release -p goya-tests

lock deb
out=$TOP/build/deb/$version
rm -rf "$out"
source=$out/goya-$version
mkdir -p "$source/built/bin" "$source/built/firmware" "$source/scripts"
cp -r Kbuild src packaging lib "$source"
cp scripts/{lib,enter,module,kernel,check-kernel,crates,check-symbols}.sh "$source/scripts"
chmod -x "$source/scripts/lib.sh"
mv "$source/packaging/debian" "$source"
cp build/cargo/release/goya-{card,cardctl,demo,tests} build/cargo/release/goyactl "$source/built/bin"
cp -r build/man build/lib/{include,lib} "$source/built"
mkdir "$source/built/completions"
for shell in bash:goyactl zsh:_goyactl fish:goyactl.fish; do
	"$TOP/scripts/enter.sh" build/cargo/release/goyactl completions "${shell%:*}" >"$source/built/completions/${shell#*:}"
done
# Beside the system's own libraries, in a directory of their architecture.
sed -i "s|^prefix=.*|prefix=/usr|; s|^libdir=.*|&/x86_64-linux-gnu|" "$source/built/lib/pkgconfig/goya.pc"
# What Sphinx keeps for itself stays here.
mkdir "$source/built/docs"
[ ! -d build/docs ] || tar -C build/docs --exclude=.buildinfo --exclude=objects.inv --exclude=_sources -cf - . | tar -C "$source/built/docs" -xf -
"$TOP/scripts/enter.sh" strip --strip-debug -o "$source/built/goya.ko" "$module"
for name in goya-boot-fit.itb goya-fit.itb; do
	echo "placeholder for $name: the emulated card runs no firmware" >"$source/built/firmware/$name"
	# The driver takes multiples of 4 bytes.
	truncate -s %4 "$source/built/firmware/$name"
done
cd "$source"
for what in install postinst postrm; do
	mv "debian/modules.$what" "debian/goya-modules-$release.$what"
done
# What is linked with the library wants no older one than this.
{
	echo "libgoya.so.0 libgoya0 #MINVER#"
	for name in LIBGOYA_0 $(grep -v '^#' lib/goya-c/symbols.txt); do
		echo " $name@LIBGOYA_0 $version"
	done
} >debian/libgoya0.symbols
sed -i "s/@VERSION@/$version/g; s/@RELEASE@/$release/g; s/@SERIES@/$KERNEL_VERSION/g" debian/control debian/goya-* packaging/dkms-build.sh
# Made from the same files, a package has the same date.
date=$(git -C "$TOP" log -1 --format=%cD 2>/dev/null || date -R)
cat >debian/changelog <<END
goya ($version) trixie; urgency=medium

  * Built from its source; what changed is in the history of that.

 -- The goya-rs authors <goya-rs@localhost>  $date
END

box=$("$TOP/scripts/toolbox.sh" deb)
enter() { env GOYA_TOOLBOX="$box" "$TOP/scripts/enter.sh" "$@"; }
step "DEB goya $version" "$LOGS/deb.log" 0 enter dpkg-buildpackage --build=binary --no-sign --no-check-builddeps
cd "$TOP"
rm -rf "$source"
# The authors have no address, and none is made up for them.
none=bogus-mail-host,bogus-mail-host-in-debian-changelog
[ -n "${GOYA_DEB_AGAIN:-}" ] || step "LINTIAN goya $version" "$LOGS/lintian.log" 0 \
	enter lintian --allow-root --fail-on error,warning --tag-display-limit 0 --suppress-tags "$none" "$out/goya_${version}_amd64.changes"
say DEB "${out#"$TOP/"}"
echo "$out"
