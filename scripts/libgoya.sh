#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# Makes libgoya for C in build/lib, as it would be installed: goya.h, libgoya.a, libgoya.so with versions of symbols, and
# goya.pc. Fails if the symbols are not those of lib/goya-c/symbols.txt.

set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

cd "$TOP"
enter() { "$TOP/scripts/enter.sh" "$@"; }
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
# The first number that changes when programs have to be linked anew.
abi=0
symbols=lib/goya-c/symbols.txt
archive=build/cargo/release/libgoya_c.a
out=build/lib
# What Rust's standard library needs, beside what a compiler of C links with by itself.
private=(-lm -lpthread -ldl -lc)

cbindgen=$("$TOP/scripts/cbindgen.sh")
"$TOP/scripts/cargo.sh" goya-c build/cargo build --release -p goya-c
# Others may be reading what is there: it stays, if it is what would be made.
lock libgoya
id=$({ find lib/goya-c -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum; sha256sum "$archive" scripts/libgoya.sh; echo "$version $cbindgen"; } | key /dev/null)
if [ "$(cat "$out/.complete" 2>/dev/null)" = "$id" ] && [ -e "$out/include/goya.h" ] && [ -e "$out/lib/libgoya.so" ] && [ -e "$out/lib/libgoya.a" ]; then
	say LIB "$out: libgoya $version"
	exit
fi
rm -rf "$out"
mkdir -p "$out/include" "$out/lib/pkgconfig"
step "HEADER $out/include/goya.h" "$LOGS/goya-h.log" 0 enter "$cbindgen" --quiet --config lib/goya-c/cbindgen.toml \
	--crate goya-c --output "$out/include/goya.h" lib/goya-c

# Whoever includes it may want warnings, and may be a program in C++.
for language in c-header:c11 c++-header:c++17; do
	step "CC goya.h as ${language#*:}" "$LOGS/goya-h-${language#*:}.log" 0 enter c++ -x "${language%:*}" -std="${language#*:}" \
		-fsyntax-only -Wall -Wextra -Wpedantic -Werror "$out/include/goya.h"
done

wanted=$(grep -v '^#' "$symbols" | sort)
# compare WHAT: standard input has to be the list.
compare() {
	diff --label "$symbols" --label "$1" -u <(echo "$wanted") - >&2 ||
		die "the symbols of $1 are not those of $symbols: a symbol that is gone is another ABI (scripts/libgoya.sh), a new one belongs there"
}
enter nm --defined-only --extern-only --format=posix "$archive" | awk '$1 ~ /^goya_/ {print $1}' | sort -u | compare "$archive"

# rustc gives a shared library a list of symbols of its own, which has no versions, and no linker takes two.
{
	echo "LIBGOYA_$abi {"
	echo "global:"
	while read -r name; do echo "	$name;"; done <<<"$wanted"
	echo "local: *;"
	echo "};"
} >"$out/libgoya.map"
# What nobody uses here would not be taken from the archive.
mapfile -t roots <<<"$wanted"
roots=("${roots[@]/#/-Wl,-u,}")
step "LINK $out/lib/libgoya.so.$version" "$LOGS/libgoya-so.log" 0 enter cc -shared -o "$out/lib/libgoya.so.$version" \
	-Wl,-soname,libgoya.so.$abi -Wl,--version-script="$out/libgoya.map" -Wl,--gc-sections -Wl,-z,defs \
	"${roots[@]}" "$archive" "${private[@]}"
ln -s "libgoya.so.$version" "$out/lib/libgoya.so.$abi"
ln -s "libgoya.so.$abi" "$out/lib/libgoya.so"
cp "$archive" "$out/lib/libgoya.a"
enter nm --dynamic --defined-only --with-symbol-versions "$out/lib/libgoya.so.$version" |
	awk '$2 == "T" {print $3}' | sed -n "s/@@LIBGOYA_$abi\$//p" | sort -u | compare "$out/lib/libgoya.so.$version"

cat >"$out/lib/pkgconfig/goya.pc" <<END
prefix=\${pcfiledir}/../..
includedir=\${prefix}/include
libdir=\${prefix}/lib

Name: goya
Description: User-space library of Habana Goya cards
Version: $version
Cflags: -I\${includedir}
Libs: -L\${libdir} -lgoya
Libs.private: ${private[*]}
END
echo "$id" >"$out/.complete"
say LIB "$out: libgoya $version"
