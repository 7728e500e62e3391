#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# guest.sh RELEASE: looks at what the packages have made of a card, in a guest that has one; then removes them.

set -uo pipefail
release=$1
# shellcheck source=tests/deb/check.sh
. "$(dirname "$0")/check.sh"

card=
for device in /sys/bus/pci/devices/*; do
	[ "$(cat "$device/vendor" "$device/device" | paste -sd:)" != 0x1da3:0x0001 ] || card=$device
done
address=${card##*/}
driver() { basename "$(readlink "$card/driver")"; }
has_driver() { [ "$(driver)" = "$1" ]; }
loaded() { [ -d "/sys/module/$1" ]; }
wait_for() { udevadm wait --settle --timeout=120 "$@"; }
node() { [ "$(stat -Lc '%U:%G %a' "$1")" = "root:render 660" ]; }
same() { [ "$(readlink -f "$1")" = "$2" ]; }
# said TEXT COMMAND...: the command fails and says that.
said() {
	local text=$1 out
	shift
	if out=$("$@" 2>&1); then
		echo "$out"
		return 1
	fi
	echo "$out"
	[[ $out == *"$text"* ]]
}
fails() { ! "$@"; }

check "there is a card" test -n "$card"
check "links by serial number" wait_for /dev/accel/by-id/goya-EMU0000001-accel /dev/accel/by-id/goya-EMU0000001-control
check "the card has goya" has_driver goya
check "habanalabs is not loaded" fails loaded habanalabs
for name in accel control; do
	file=/dev/accel/accel0
	[ $name = accel ] || file=/dev/accel/accel_controlD0
	check "$file belongs to render" node $file
	check "$file by path" same "/dev/accel/by-path/pci-$address-$name" $file
	check "$file by id" same "/dev/accel/by-id/goya-EMU0000001-$name" $file
done
check "a user of render runs goya-demo" runuser -u alice -- goya-demo
check "and gets a picture" sh -c 'runuser -u alice -- goya-demo --output /tmp/alice.png && head -c 4 /tmp/alice.png | grep PNG'
check "another user does not" said "Permission denied" runuser -u bob -- goya-demo
check "and is told what to do" said "adduser NAME render" runuser -u bob -- goya-demo

# What programs are run with and written with.
as_alice() { (cd /goya && runuser -u alice -- "$@"); }
check "goyactl list" as_alice goyactl list
check "goyactl selftest" as_alice goyactl selftest
check "goyactl drill, by the port that goya-vm gives" goyactl drill
check "goyactl tells another user what to do" said "adduser NAME render" runuser -u bob -- goyactl selftest
for name in first add first-static; do
	check "a program in C: $name" as_alice "./$name"
done
check "a program in Python" as_alice python3 first.py
python_says() { as_alice python3 "${@:2}" | grep "sums of $1"; }
check "a program in Python with NumPy" python_says numpy add.py
check "the same without" python_says array -c 'import runpy, sys; sys.modules["numpy"] = None; runpy.run_path("add.py")'

check "the exporter starts" systemctl start goyactl-exporter
metrics() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		python3 -c 'import urllib.request as u; print(u.urlopen("http://127.0.0.1:9478/metrics").read().decode())' | grep "$1" && return
		sleep 1
	done
	return 1
}
check "it tells of the card" metrics 'goya_info{.*EMU0000001'
check "and asks it" metrics 'goya_up{.*} 1$'
# One of the numbers that systemd gives to services which have no user of their own.
nobodys() { [ "$(stat -c %u "/proc/$(systemctl show -P MainPID goyactl-exporter)")" -ge 61184 ]; }
check "it is nobody's" nobodys
check "it stops" systemctl stop goyactl-exporter

check "habanalabs loads beside it" modprobe habanalabs
check "the card has goya still" has_driver goya
check "goya unloads" modprobe -r goya
check "habanalabs leaves the card alone" fails test -e "$card/driver"
check "goya-demo says what to do" said "modprobe goya" goya-demo
modprobe -r habanalabs
check "its next appearance" udevadm trigger --settle --action=add "$card"
check "brings goya back" wait_for /dev/accel/by-id/goya-EMU0000001-accel
check "and the demo" goya-demo

# Secure Boot's part of it.
modprobe -r goya
echo 1 >/sys/module/module/parameters/sig_enforce
logged() { dmesg | tail -n 1 | grep "$1"; }
check "unsigned and enforced" said "Key was rejected by service" insmod "/lib/modules/$release/extra/goya.ko"
check "the kernel says so" logged "unsigned module is rejected"
check "signed by a key that is not enrolled" said "Key was rejected by service" modprobe goya
check "the kernel says that, too" logged "module with unavailable key is rejected"

purge() {
	dpkg --purge "goya-modules-$release" goya-dkms goya-common goya-card goya-card-firmware goya-doc \
		goyactl python3-goya libgoya-dev libgoya0
}
check "purged" purge
check "any driver may have the card" grep -x '(null)' "$card/driver_override"
check "no file is left" fails sh -c "find / -xdev -iname '*goya*' ! -path '/goya*' ! -path '*/systemd/system/goya-check*' ! -path '/proc/*' | grep ."
check "dkms has forgotten it" fails sh -c "dkms status | grep ."
check "depmod has, too" fails modinfo goya
check "dpkg has, too" fails sh -c "dpkg-query -W | grep goya"
echo "result: end"
