# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
# shellcheck shell=bash
#
# What the scripts share: the cache, locks, half-made things, and steps that show how far they are.

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
CACHE=${GOYA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/goya}
LOGS=${GOYA_LOGS:-$TOP/build/logs}
mkdir -p "$CACHE" "$LOGS"
# Paths with links in them do not exist in the toolbox.
CACHE=$(cd "$CACHE" && pwd -P)
LOGS=$(cd "$LOGS" && pwd -P)
KERNEL_VERSION=7.3
export TOP CACHE LOGS KERNEL_VERSION

die() { printf 'error: %s\n' "$*" >&2; exit 1; }
say() { printf '  %-8s %s\n' "$1" "$2" >&2; }

# need COMMAND PACKAGE: one line that says what to install.
need() { command -v "$1" >/dev/null || die "$1 is missing; on Debian: apt-get install $2"; }

# key FILE...: a short name for the contents of the files, less comments (but "# CONFIG_..."), and of
# standard input.
key() { cat "$@" - | grep -vE '^#( [^C]|$)' | sha256sum | cut -c1-12; }

# source_version DIR: the version of a kernel source tree, as 7.3.4.
source_version() {
	awk -F' *= *' '$1 == "VERSION" {v = $2} $1 == "PATCHLEVEL" {p = $2} $1 == "SUBLEVEL" {s = $2}
		END {print v "." p "." s}' "$1/Makefile"
}

# lock NAME: one builder at a time; the second waits, and says so. Held until the script ends.
lock() {
	mkdir -p "$CACHE/locks"
	exec 9>"$CACHE/locks/$1"
	if ! flock -n 9; then
		say WAIT "another build of $1 is under way"
		flock 9
	fi
}

# scratch: where a file system is put together that is thrown away in the end: in memory, where root has plenty of it.
scratch() {
	if [ "$(id -u)" = 0 ] && [ "$(awk '$1 == "MemAvailable:" {print $2}' /proc/meminfo)" -gt 12000000 ] &&
		[ "$(df --output=avail /dev/shm 2>/dev/null | tail -n 1)" -gt 9000000 ] 2>/dev/null &&
		! grep -q '^[^ ]* /dev/shm .*\(nodev\|noexec\)' /proc/mounts; then
		echo /dev/shm
	else
		echo "$CACHE"
	fi
}

# begin NAME DIR: prints DIR and ends the script, if it is complete, or another builder of NAME has completed it meanwhile.
# Else it is there and empty afterwards, and the script's to fill.
begin() {
	if [ -e "$2/.complete" ]; then
		echo "$2"
		exit
	fi
	lock "$1"
	if [ -e "$2/.complete" ]; then
		echo "$2"
		exit
	fi
	rm -rf "$2"
	HALF=("$2")
	mkdir -p "$2"
}

# Ctrl-C or a failure must leave nothing half-made: what is in HALF goes, after the step that was
# filling it has ended.
HALF=()
STEP_PID=
cleanup() {
	local rc=$? i
	set +e
	trap '' INT TERM HUP
	if [ -n "$STEP_PID" ]; then
		kill -TERM -- "-$STEP_PID" 2>/dev/null
		for ((i = 0; i < 100; i++)); do
			kill -0 -- "-$STEP_PID" 2>/dev/null || break
			sleep 0.1
		done
		kill -KILL -- "-$STEP_PID" 2>/dev/null
		[ ! -t 2 ] || printf '\n' >&2
	fi
	[ ${#HALF[@]} -eq 0 ] || rm -rf --one-file-system -- "${HALF[@]}"
	exit "$rc"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# instead COMMAND...: runs it, or a function, in place of this process, so that what ends with its parent has the script as that.
instead() {
	[ -z "${GOYA_NICE:-}" ] || renice -n 10 -p "$BASHPID" >/dev/null || true
	[ "$(type -t "$1")" = function ] || exec "$@"
	"$@"
}

# step TITLE LOG TOTAL COMMAND...: runs a long command with its output in LOG. Shows elapsed time
# and, with TOTAL (the lines expected, or "cargo", which says itself), how far it is; on failure the end of the log and its
# name. V=1 shows the output itself as well. With GOYA_NICE=1 it leaves the processors to others.
step() {
	local what=${1%% *} title=${1#* } log=$2 total=$3 start=$SECONDS rc=0 last=0 lines all far percent terminal line=
	shift 3
	mkdir -p "$(dirname "$log")"
	: >"$log"
	# In a process group of its own (set -m), so that it can be ended with all its children. The
	# lock is not for them: one that lingers would keep it.
	set -m
	if [ "${V:-0}" != 0 ]; then
		say "$what" "$title"
		{ { instead "$@"; } 2>&1 9>&- </dev/null | tee "$log" >&2; exit "${PIPESTATUS[0]}"; } 9>&- &
	else
		instead "$@" >"$log" 2>&1 9>&- </dev/null &
	fi
	STEP_PID=$!
	set +m
	# Of several side by side (make -j2) one at a time has the terminal's last line, or they would write over each other's.
	# The terminal by its name: while messages of a failure are thrown away, fd 2 is none.
	if [ -t 2 ]; then
		terminal=$(readlink "/proc/$BASHPID/fd/2")
		{ exec 7>"$terminal"; } 2>/dev/null || line=mine
	fi
	while kill -0 "$STEP_PID" 2>/dev/null; do
		sleep 0.2
		[ "${V:-0}" = 0 ] || continue
		far=$((SECONDS - start))s
		lines=0 all=$total
		if [ "$total" = cargo ]; then
			# "Building [==>  ] 12/89: serde": how much of what there is to do is done.
			IFS=/ read -r lines all < <(tail -c 500 "$log" | grep -aoE '[0-9]+/[0-9]+: ' | tail -n 1 | tr -d ': ') || all=0
		elif [ "$total" -gt 0 ]; then
			lines=$(wc -l <"$log")
		fi
		if [ "$all" -gt 0 ]; then
			percent=$((lines * 100 / all))
			far="$((percent > 99 ? 99 : percent))%, $far"
		fi
		if [ -t 2 ]; then
			[ -n "$line" ] || ! flock -n 7 || line=mine
			[ -z "$line" ] || printf '\r  %-8s %s (%s)\033[K' "$what" "$title" "$far" >&2
		elif [ $((SECONDS - start - last)) -ge 20 ]; then
			last=$((SECONDS - start))
			say "$what" "$title ($far)"
		fi
	done
	wait "$STEP_PID" || rc=$?
	STEP_PID=
	if [ -t 2 ]; then
		printf '\r\033[K' >&2
		exec 7>&-
	fi
	if [ "$rc" -ne 0 ]; then
		# Without what a progress bar left.
		[ "${V:-0}" != 0 ] || sed 's/.*\r//' "$log" | grep -v '^$' | tail -n 20 >&2
		printf 'error: %s %s failed; the whole log is %s\n' "$what" "$title" "$log" >&2
		return "$rc"
	fi
	say "$what" "$title ($((SECONDS - start))s)"
}
