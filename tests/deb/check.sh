# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
# shellcheck shell=bash
#
# check NAME COMMAND...: a test, whose result scripts/test-deb.sh reads out of the log.
check() {
	local name=$1 start=$SECONDS
	shift
	echo "check: $name: $*"
	if "$@" 2>&1; then
		echo "result: ok $name"
	else
		echo "result: not ok $name"
	fi
	echo "check: $((SECONDS - start)) s"
}
