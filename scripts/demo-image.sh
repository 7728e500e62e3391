#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# Prints where the image for `make demo` is: the penguin of the kernel's source, from the package linux-source, or else, in a
# toolbox without that, the logo of the package debconf.

set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

box=$("$TOP/scripts/toolbox.sh")
for image in "$(readlink "$box/linux-source" || true)/Documentation/images/logo.gif" "$box/usr/share/pixmaps/debian-logo.png"; do
	if [ -e "$image" ]; then
		echo "$image"
		exit
	fi
done
die "the toolbox has no image: $box"
