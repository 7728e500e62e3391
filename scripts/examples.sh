#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# Builds the library's examples and the tests of its C and Python interfaces in build/examples, and prints options of
# goya-guest that put them into the guest, with the documentation's samples, and with what those need that are not static:
# the C library, libgoya.so, and as much of Python as they import.

set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

cd "$TOP"
out=build/examples
libraries=/lib/x86_64-linux-gnu
RUSTFLAGS="-C target-feature=+crt-static" "$TOP/scripts/cargo.sh" guest build/guest \
	build --release --target x86_64-unknown-linux-gnu -p goya --examples
"$TOP/scripts/libgoya.sh"
rm -rf "$out"
mkdir -p "$out"
for name in first add events; do
	cp "build/guest/x86_64-unknown-linux-gnu/release/examples/$name" "$out/$name-rust"
done
# compile NAME SOURCE OPTION...
compile() {
	local name=$1 source=$2
	shift 2
	step "CC $name.c" "$LOGS/example-$name.log" 0 "$TOP/scripts/enter.sh" cc -std=c11 -Wall -Wextra -Wpedantic -Werror -O1 \
		-o "$out/$name-c" "$source" "$@"
}
library=(-Ibuild/lib/include -Lbuild/lib/lib -lgoya)
for name in first add; do
	compile $name lib/goya-c/examples/$name.c "${library[@]}"
done
compile misuse lib/goya-c/tests/misuse.c -D_GNU_SOURCE -g -fsanitize=address "${library[@]}"
# Nothing but the kernel's own headers, of which ours is one, and no library.
for name in raw order calls; do
	compile $name uapi/examples/$name.c -D_DEFAULT_SOURCE -Iuapi
done
cp lib/goya-python/goya.py lib/goya-python/examples/*.py lib/goya-python/tests/*.py "$out"
# What is promised of all functions is tried with each of them.
grep -v '^#' lib/goya-c/symbols.txt | while read -r name; do
	grep -q "\<$name(" lib/goya-c/tests/misuse.c || die "lib/goya-c/tests/misuse.c does not try $name()"
done

for file in "$out"/*; do
	echo "--file $file:/examples/${file##*/}"
done
for file in tests/guest/samples/*; do
	echo "--file $file:/samples/${file##*/}"
done
echo "--file tests/guest/examples:/bin/examples"
echo "--file $(echo build/lib/lib/libgoya.so.*.*.*):$libraries/libgoya.so.0"
# What Python reads for the examples is found by importing it, and what it is linked with by ldd.
# shellcheck disable=SC2016 # it is the inner shell that expands it
"$TOP/scripts/enter.sh" bash -c '
	modules=$(python3 -I -c "
import array, ctypes, errno, gc, os, sys
for module in list(sys.modules.values()):
    if getattr(module, \"__file__\", None):
        print(module.__file__)")
	programs=$(grep "\.so$" <<<"$modules"; readlink -f /usr/bin/python3; ls build/examples/*-c build/lib/lib/libgoya.so.*.*.*)
	for file in $modules; do echo "--file $file:$file"; done
	echo "--file $(readlink -f /usr/bin/python3):/usr/bin/python3"
	ldd $programs | sed -n "s/.*=> \(\/[^ ]*\) .*/\1/p; s/^\t\(\/lib64[^ ]*\) .*/\1/p" | sort -u | while read -r file; do
		echo "--file $file:$file"
	done'
