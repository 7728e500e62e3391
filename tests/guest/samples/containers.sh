#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# A sample of Documentation/goyactl.rst.

mkdir -p /etc/cdi
# [sample]
goyactl cdi >/etc/cdi/goya.yaml
# [end]
grep -q 'habana.ai/goya' /etc/cdi/goya.yaml
