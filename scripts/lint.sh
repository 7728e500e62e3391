#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# Everything that can be wrong without being built: prints a line for each check, fails if any fails.

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
sources() { git ls-files '*.rs' '*.sh' '*.h' '*.c' 'scripts/*' 'tests/guest/init' .ci/run; }
scripts() { git ls-files | xargs grep -lE '^#!/bin/(ba)?sh' ; }

formatting() { enter cargo fmt --check; }
clippy() { enter env CARGO_TARGET_DIR="$TOP/build/lint" cargo clippy --workspace --all-targets --features goya-chip/testing -- -D warnings; }
shell() { scripts | xargs "$TOP/scripts/enter.sh" shellcheck -x; }
licences() { enter reuse lint --quiet || enter reuse lint; }
spdx() { ! sources | xargs grep -L 'SPDX-License-Identifier' | grep .; }
sizes() { ! git ls-files '*.rs' | xargs wc -l | awk '$2 != "total" && $1 > 600 {print; bad = 1} END {exit !bad}'; }
safety() { ! git grep -nE '\bunsafe\b' -- src | grep -v '^src/abstractions/'; }

check "formatting" formatting
check "clippy" clippy
check "shell scripts" shell
check "licences" licences
check "SPDX lines" spdx
check "file sizes" sizes
check "unsafe code" safety
echo "lint: $passed passed, $failed failed"
[ $failed -eq 0 ]
