#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# Everything that can be wrong without being run: prints a line for each check, fails if any fails.
# "lint.sh format" formats the sources instead.

set -uo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
cd "$TOP" || exit 1

passed=0 failed=0
check() {
	local title=$1
	shift
	if step "LINT $title" "$LOGS/lint-${title// /-}.log" 0 "$@"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
}
enter() { "$TOP/scripts/enter.sh" "$@"; }
# files PATTERN...: the files of the project, also those not committed yet. The toolbox has git.
files() {
	enter git ls-files --cached --others --exclude-standard -- "$@" | while read -r file; do
		[ ! -f "$file" ] || echo "$file"
	done
}

# kernel_source: prints where the kernel's source is: that of KDIR, or the toolbox's.
kernel_source() {
	local source
	for source in "${KDIR:-}" "${KDIR:-}/source" "$("$TOP/scripts/toolbox.sh")/linux-source"; do
		if [ -e "$source/.rustfmt.toml" ]; then
			readlink -f "$source"
			return
		fi
	done
	echo "no kernel source is at hand: none in the toolbox, none in KDIR" >&2
	return 1
}
# The driver is formatted as the kernel is, whose source says how.
# kernel_format ARG: ARG is --check or --.
kernel_format() {
	local source
	source=$(kernel_source) || return
	GOYA_BIND=$source enter rustfmt --config-path "$source/.rustfmt.toml" --edition 2021 "$1" src/goya.rs tests/peer/goya_peer.rs
}
if [ "${1:-}" = format ]; then
	enter cargo fmt --all && kernel_format --
	exit
fi

formatting() { enter cargo fmt --all --check; }
clippy() {
	enter env CARGO_TARGET_DIR="$TOP/build/lint" \
		cargo clippy --workspace --all-targets --features goya-chip/testing -- -D warnings
}
shell() { files | xargs -r grep -lE '^#!/bin/(ba)?sh|^# shellcheck shell=' | xargs -r "$TOP/scripts/enter.sh" shellcheck -x; }
# Every file has its licence and its copyright. The kernel's own names of licences, which SPDX calls
# deprecated, are wanted here.
licences() {
	enter reuse lint --json | enter python3 -c '
import json, sys
report = json.load(sys.stdin)["non_compliant"]
kernels = {"GPL-2.0", "GPL-2.0+"}
report["deprecated_licenses"] = [l for l in report["deprecated_licenses"] if l not in kernels]
wrong = {what: where for what, where in report.items() if where}
for what, where in wrong.items():
    print(what, *where, sep="\n  ")
sys.exit(bool(wrong))'
}
# The files that have outgrown their room. The public header is one file by its nature.
sizes() {
	files '*.rs' '*.sh' '*.h' '*.c' '*.rst' ':!uapi/drm' | xargs -r wc -l |
		awk '$2 != "total" && $1 > 600 {print $2 ": " $1 " lines, more than 600"; bad = 1} END {exit bad}'
}
# With its own tests, and as it is without them: Debian's kernel has no KUnit. A crate keeps one processor busy.
driver() {
	local rc=0
	V=1 "$TOP/scripts/module.sh" lint debug &
	V=1 "$TOP/scripts/module.sh" lint stock || rc=1
	wait $! || rc=1
	return "$rc"
}
# Where the module can panic, on the kernel that people have, which checks arithmetic.
panics() {
	local module
	module=$("$TOP/scripts/module.sh" stock) || return
	enter scripts/check-panics.py --self-test && enter scripts/check-panics.py "$module" scripts/panics-allowed.txt
}
# Which of the driver's files import which.
rooms() { enter scripts/check-rooms.py --self-test && enter scripts/check-rooms.py; }
# The patches for the kernel, and its source.
upstream() {
	local source
	source=$(kernel_source) && GOYA_BIND=$source enter scripts/check-upstream.sh "$source"
}
# What users meet is described, and samples are tested.
documentation() { enter scripts/check-docs.py --self-test && enter scripts/check-docs.py; }
# What the driver shows, and what is written of it.
abi() { enter scripts/check-abi.py; }
safety() { files 'src/*.rs' | xargs -r "$TOP/scripts/enter.sh" scripts/check-safety.py; }

check "formatting" formatting
check "formatting of the driver" kernel_format --check
check "clippy" clippy
check "clippy on the driver" driver
check "shell scripts" shell
check "licences" licences
check "file sizes" sizes
check "unsafe code" safety
check "rooms" rooms
check "documentation" documentation
check "ABI documents" abi
check "panics" panics
check "patches for upstream" upstream
echo "lint: $passed passed, $failed failed"
[ $failed -eq 0 ]
