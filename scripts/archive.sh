#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# Takes a kernel of Debian's out of the archive and unpacks it. Runs in the toolbox, whose lists of packages are not
# kept, so that it asks for new ones.
#   archive.sh kernel SERIES DIR            the newest of that series (7.3) that has image, headers and source of one
#                                           version; DIR/version and DIR/release say which
#   archive.sh source SERIES VERSION DIR    the source of that very version

set -euo pipefail

state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT
mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
options=(-q -o "Dir::State::Lists=$state/lists" -o "Dir::Cache=$state/cache" -o APT::Sandbox::User=root
	-o Debug::NoLocking=true -o Acquire::Languages=none -o Acquire::Retries=3)
apt-get "${options[@]}" update

# versions PACKAGE: those that the archive has. The package that is installed here does not count.
versions() { apt-cache "${options[@]}" madison "$1" | awk -F' *[|] *' '$3 ~ / Packages$/ {print $2}'; }
has() { versions "$1" | grep -qxF -- "$2"; }
# fetch DIR PACKAGE=VERSION...: unpacks packages in DIR.
fetch() {
	local dir=$1 package
	shift
	(cd "$state" && apt-get "${options[@]}" download "$@")
	for package in "$state"/*.deb; do
		echo "unpacking ${package##*/}"
		dpkg-deb -x "$package" "$dir"
		rm "$package"
	done
}

what=$1 series=$2
case $what in
source)
	version=$3 dir=$4
	has "linux-source-$series" "$version" || { echo "gone: linux-source-$series $version"; exit 1; }
	fetch "$dir" "linux-source-$series=$version"
	;;
kernel)
	dir=$3
	wanted="^linux-headers-${series//./[.]}[.][0-9]+[+]deb[0-9]+-amd64\$"
	while read -r headers; do
		release=${headers#linux-headers-}
		for version in $(versions "$headers"); do
			if has "linux-image-$release" "$version" && has "linux-source-$series" "$version"; then
				# The image's package may only name those that hold its parts.
				parts=$(apt-cache "${options[@]}" show "linux-image-$release=$version" | sed -n 's/^Depends: //p' |
					sed 's/[,|]/\n/g' | awk '{print $1}' | grep -E '^linux-(base|binary|modules)-.' |
					grep -F -- "-$release" || true)
				packages=("$headers=$version" "linux-image-$release=$version")
				for part in $parts; do
					packages+=("$part=$version")
				done
				fetch "$dir" "${packages[@]}"
				echo "$version" >"$dir/version"
				echo "$release" >"$dir/release"
				exit
			fi
		done
	done < <(apt-cache "${options[@]}" pkgnames "linux-headers-$series." | grep -E "$wanted" | sort -Vr)
	echo "gone: no Linux $series with image, headers and source of one version"
	exit 1
	;;
esac
