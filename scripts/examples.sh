#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# Builds the library's examples in build/examples, and prints options of goya-guest that put them into the guest, with what
# those need that are not static: the C library, libgoya.so, and as much of Python as they import.

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
for name in first add; do
	step "CC $name.c" "$LOGS/example-$name.log" 0 "$TOP/scripts/enter.sh" cc -std=c11 -Wall -Wextra -Werror -O1 \
		-Ibuild/lib/include -o "$out/$name-c" "lib/goya-c/examples/$name.c" -Lbuild/lib/lib -lgoya
done
cp lib/goya-c/examples/*.py "$out"

for file in "$out"/*; do
	echo "--file $file:/examples/${file##*/}"
done
echo "--file tests/guest/examples:/bin/examples"
echo "--file $(echo build/lib/lib/libgoya.so.*.*.*):$libraries/libgoya.so.0"
# What Python reads for the examples is found by importing it, and what it is linked with by ldd.
# shellcheck disable=SC2016 # it is the inner shell that expands it
"$TOP/scripts/enter.sh" bash -c '
	modules=$(python3 -I -c "
import array, ctypes, os, sys
for module in list(sys.modules.values()):
    if getattr(module, \"__file__\", None):
        print(module.__file__)")
	programs=$(grep "\.so$" <<<"$modules"; readlink -f /usr/bin/python3; ls build/examples/*-c build/lib/lib/libgoya.so.*.*.*)
	for file in $modules; do echo "--file $file:$file"; done
	echo "--file $(readlink -f /usr/bin/python3):/usr/bin/python3"
	ldd $programs | sed -n "s/.*=> \(\/[^ ]*\) .*/\1/p; s/^\t\(\/lib64[^ ]*\) .*/\1/p" | sort -u | while read -r file; do
		echo "--file $file:$file"
	done'
