#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# bootstrap.sh WHERE PINS PACKAGES: makes a Debian 13 root file system with some packages, in a directory or a tar archive.
# What PINS match comes from backports, on the mirror of the rest.

set -euo pipefail

where=$1 pins=$2 packages=$3
# shellcheck disable=SC2016 # the hooks expand $1 themselves
exec mmdebstrap --variant=apt --skip=cleanup/reproducible --skip=output/dev \
	--aptopt='Apt::Install-Recommends "false"' \
	--dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/locale/*' \
	--dpkgopt='path-exclude=/usr/share/doc/*' \
	--setup-hook='sed -n "s/ trixie / trixie-backports /p" "$1"/etc/apt/sources.list >"$1"/etc/apt/sources.list.d/backports.list' \
	--setup-hook='printf "Package: '"$pins"'\nPin: release n=trixie-backports\nPin-Priority: 600\n" >"$1"/etc/apt/preferences.d/backports' \
	--include="$(paste -sd, <<<"$packages")" trixie "$where" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"}
