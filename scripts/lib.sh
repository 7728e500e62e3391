# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
# shellcheck shell=bash
#
# What the scripts share: the cache, locks, and steps that show how far they are.

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${GOYA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/goya}
LOGS=${GOYA_LOGS:-$TOP/build/logs}
KERNEL_VERSION=7.3
export TOP CACHE LOGS KERNEL_VERSION
mkdir -p "$CACHE" "$LOGS"

die() { printf 'error: %s\n' "$*" >&2; exit 1; }
say() { printf '  %-8s %s\n' "$1" "$2" >&2; }

# need COMMAND PACKAGE: one line that says what to install.
need() { command -v "$1" >/dev/null || die "$1 is missing: apt-get install $2"; }

# key FILE...: a short name for the contents of the files, less comments (but "# CONFIG_..."), and of standard input.
key() { cat "$@" - | grep -vE '^#( [^C]|$)' | sha256sum | cut -c1-12; }

# lock NAME: one builder at a time; the second waits, and says so. Held until the script ends.
lock() {
	mkdir -p "$CACHE/locks"
	exec 9>"$CACHE/locks/$1"
	if ! flock -n 9; then
		say WAIT "another build of $1 is under way"
		flock 9
	fi
}

# step TITLE LOG TOTAL COMMAND...: runs a long command with its output in LOG. Shows elapsed time
# and, with TOTAL (the lines expected), how far it is; on failure the end of the log and its name.
step() {
	local title=$1 log=$2 total=$3 start=$SECONDS pid rc=0 last=0 lines far
	shift 3
	mkdir -p "$(dirname "$log")"
	if [ -n "${V:-}" ]; then
		"$@" 2>&1 | tee "$log"
		return "${PIPESTATUS[0]}"
	fi
	"$@" >"$log" 2>&1 9>&- </dev/null &
	pid=$!
	# A half-made result must not outlive Ctrl-C: the caller's own traps remove it.
	trap 'kill -- -$pid 2>/dev/null || kill $pid 2>/dev/null' INT TERM
	while kill -0 "$pid" 2>/dev/null; do
		sleep 0.5
		lines=$(wc -l <"$log")
		far=$((SECONDS - start))s
		if [ "$total" -gt 0 ]; then
			far="$((lines * 100 / total > 99 ? 99 : lines * 100 / total))%, $far"
		fi
		if [ -t 2 ]; then
			printf '\r  %-8s %s (%s)\033[K' "${title%% *}" "${title#* }" "$far" >&2
		elif [ $((SECONDS - last)) -ge 20 ]; then
			last=$SECONDS
			say "${title%% *}" "${title#* } ($far)"
		fi
	done
	wait "$pid" || rc=$?
	trap - INT TERM
	[ -t 2 ] && printf '\r\033[K' >&2
	if [ $rc -ne 0 ]; then
		tail -n 20 "$log" >&2
		printf 'error: %s failed; the whole log is %s\n' "$title" "$log" >&2
		return $rc
	fi
	say "${title%% *}" "${title#* } ($((SECONDS - start))s)"
}
