#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# check.sh KERNEL_SOURCE: compares our user API header with the kernel's, by compiling both: the
# layout of every structure and union, and the value of every constant and ioctl of ours.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
kernel=${1:?usage: check.sh KERNEL_SOURCE}
theirs=$kernel/include/uapi/drm/habanalabs_accel.h
ours=$here/drm/habanalabs_accel.h
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

records=$(grep -oE '^(struct|union) \w+' "$ours" | sort -u)
constants=$({ grep -oE '^#define (HL|GOYA|DRM_IOCTL_HL|MAX|OPCODE|SEC|TS)_\w+[[:space:]]+\S' "$ours" | awk '{print $2}'
	sed -n '/^enum/,/^}/p' "$ours" | grep -oE '^[[:space:]]+[A-Z]\w+' | tr -d '[:blank:]'; } | sort -u)

# probe HEADER: prints layouts and values as the compiler sees them.
probe() {
	{
		# The kernel's own tree spells these; a user's does not need them.
		echo '#define BIT(n) (1UL << (n))'
		echo '#define SZ_1M 0x100000'
		echo '#define U16_MAX 0xffff'
		echo '#define __user'
		echo '#include <stdio.h>'
		echo "#include \"$1\""
		echo "$records" | awk '{printf "%s %s *record_%d; unsigned size_%d = sizeof(%s %s);\n", $1, $2, NR, NR, $1, $2}'
		echo 'int main(void) {'
		echo "$constants" | while read -r name; do
			printf 'printf("%s %%%%llu\\\\n", (unsigned long long)(%s));\n' "$name" "$name"
		done
		echo 'return 0; }'
	} >"$tmp/probe.c"
	clang -I"$kernel/include/uapi" -w -Xclang -fdump-record-layouts -c -o "$tmp/probe.o" "$tmp/probe.c" |
		grep -E '^ +[0-9]+(:[0-9-]+)? \||\[sizeof=' | sed "s|$1|HEADER|g; s|:[0-9]*:[0-9]*)|)|g"
	clang -w -o "$tmp/probe" "$tmp/probe.c" -I"$kernel/include/uapi"
	"$tmp/probe"
}

probe "$theirs" >"$tmp/theirs"
probe "$ours" >"$tmp/ours"
if ! diff -u "$tmp/theirs" "$tmp/ours"; then
	echo "error: uapi/drm/habanalabs_accel.h is not what $theirs says" >&2
	exit 1
fi
echo "$(echo "$records" | wc -l) structures and $(echo "$constants" | wc -l) constants agree with the kernel's"
