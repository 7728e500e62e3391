#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# Makes the documentation as HTML in build/docs, where a warning of Sphinx is an error, and the manual pages
# of the programs in build/man. The manual of the tensor cores' instructions is made from their table, in build/manual.

set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

cd "$TOP"
"$TOP/scripts/cargo.sh" manual build/cargo build --release -p goya-tpc-isa
"$TOP/scripts/enter.sh" build/cargo/release/goya-tpc-manual build/manual
step "DOCS build/docs/index.html" "$LOGS/docs.log" 0 \
	"$TOP/scripts/enter.sh" sphinx-build -W --keep-going -b html -d build/doctrees Documentation build/docs

# As the Makefile builds them: in one go, what they share would have other features, and the card would be compiled once more.
"$TOP/scripts/cargo.sh" card build/cargo build --release -p goya-card -p goya-cardctl -p goya-guest -p goya-tpc
"$TOP/scripts/cargo.sh" ctl build/cargo build --release -p goyactl
mkdir -p build/man
for program in goya-card goya-cardctl goya-guest goya-tpc goyactl; do
	"$TOP/scripts/enter.sh" "build/cargo/release/$program" --man build/man
	say MAN "build/man/$program.1"
done
