#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# Makes the documentation as HTML in build/docs; a warning of Sphinx is an error.

set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

cd "$TOP"
step "DOCS build/docs/index.html" "$LOGS/docs.log" 0 \
	"$TOP/scripts/enter.sh" sphinx-build -W --keep-going -b html -d build/doctrees Documentation build/docs
