#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# native.sh RELEASE VERSION: installs the packages of /goya in a Debian that has that kernel and no card, with all kinds of
# trouble for goya-dkms before it can build, and upgrades them. What it leaves is for the guest (guest.sh).

set -uo pipefail
release=$1 version=$2
# shellcheck source=tests/deb/check.sh
. "$(dirname "$0")/check.sh"
export DEBIAN_FRONTEND=noninteractive
echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/99mmdebstrap
updates=/lib/modules/$release/updates/dkms
extra=/lib/modules/$release/extra/goya.ko
source=/usr/src/goya-$version

# install VERSION NAME...: packages of ours, as a person does it.
install() {
	local version=$1 name files=()
	shift
	for name in "$@"; do
		files+=(/goya/"${name}_${version}"_*.deb)
	done
	apt-get -y --no-install-recommends install "${files[@]}" 2>&1 | tee /tmp/said
}
all=(goya-common goya-dkms goya-card goya-card-firmware goya-doc libgoya0 libgoya-dev python3-goya goyactl)
nothing_half_done() { [ -z "$(dpkg --audit)" ]; }
built() { ls "$updates"/goya.ko*; }
gone() { fails built; }
fails() { ! "$@"; }
says() { grep -F -- "$1" /tmp/said; }

# status_of PACKAGE FIELD VALUE: what dpkg believes.
status_of() { sed -i "/^Package: $1\$/,/^\$/s/^$2: .*/$2: $3/" /var/lib/dpkg/status; }
# configure PACKAGE...: what dpkg does when these packages of the kernel are installed, which has DKMS build.
configure() {
	local name rc=0
	for name in "$@"; do
		status_of "$name" Status "install ok unpacked"
	done
	dpkg --configure "$@" >/tmp/said 2>&1 || rc=$?
	cat /tmp/said
	return $rc
}
headers=linux-headers-$release
# trouble NAME TEXT COMMAND...: the command succeeds all the same, and what is said has the text.
trouble() {
	local name=$1 text=$2
	shift 2
	check "$name: packages are configured" "$@"
	check "$name: none is half done" nothing_half_done
	check "$name: it says why" says "$text"
	check "$name: there is no module" gone
}

lsinitramfs "/boot/initrd.img-$release" >/tmp/initrd
check "the initramfs has drivers" grep virtio_blk /tmp/initrd
check "but none of the card" fails grep habanalabs /tmp/initrd

mv /usr/bin/bindgen /usr/bin/bindgen.gone
trouble "a missing tool" "apt-get install bindgen" \
	install "$version" "${all[@]}"
mv /usr/bin/bindgen.gone /usr/bin/bindgen

mv /usr/bin/rustc /usr/bin/rustc.gone
printf '#!/bin/sh\necho "rustc 1.99.0"\n' >/usr/bin/rustc
chmod +x /usr/bin/rustc
trouble "another rustc" 'this system has "rustc 1.99.0"' configure "linux-image-$release" "$headers"
mv /usr/bin/rustc.gone /usr/bin/rustc

kernel_source=linux-source-${release%%.*}.$(cut -d. -f2 <<<"$release")
right=$(dpkg-query -Wf '${Version}' "$kernel_source")
status_of "$kernel_source" Version 7.3.1-1
trouble "the source of another version" "apt-get install $kernel_source=$right" configure "$headers"
status_of "$kernel_source" Version "$right"

echo 'fn broken( {' >>"$source/src/goya.rs"
trouble "a build that fails" "goya: no driver for Linux $release: MODULE goya.ko" configure "$headers"
sed -i '$d' "$source/src/goya.rs"

# Other kernels beside it: of another series, and without Rust.
other() {
	dkms autoinstall -k "$1" >/tmp/said 2>&1
	local rc=$?
	cat /tmp/said
	return $rc
}
fake() {
	mkdir -p "/lib/modules/$1"
	cp -rL "/lib/modules/$release/build" "/lib/modules/$1/build"
	echo "$1" >"/lib/modules/$1/build/include/config/kernel.release"
}
fake 6.12.1-test
trouble "another series" "supported are 7.3.x kernels" other 6.12.1-test
fake 7.3.9-test
sed -i '/^CONFIG_RUST=/d' /lib/modules/7.3.9-test/build/include/config/auto.conf
trouble "a kernel without Rust" "the kernel is built without CONFIG_RUST" other 7.3.9-test
rm -rf /lib/modules/{6.12.1,7.3.9}-test

# arrives: what dpkg does when the kernel's source is unpacked.
arrives() { dpkg-trigger --by-package="$kernel_source" "/usr/src/$kernel_source.tar.xz" && dpkg --configure --pending; }
check "no trouble any more, and the right source" arrives
check "dkms has built it" built
check "dkms says so" sh -c "dkms status goya/$version | grep -F '$release, x86_64: installed'"
check "dkms has signed it" sh -c "modinfo -k $release -F signer goya | grep DKMS"
check "habanalabs is there, too" modinfo -k "$release" -n habanalabs
for page in goya-card goya-cardctl goya-vm goya-demo goyactl goyactl-list; do
	check "manual page of $page" test -s "/usr/share/man/man1/$page.1.gz"
done
check "the programs run" sh -c 'goya-card --version && goya-cardctl --version'
check "goya-demo misses a card" sh -c 'goya-demo 2>&1 | grep "0 Goya cards"'
check "udev takes the rules" udevadm verify /usr/lib/udev/rules.d/60-goya.rules
check "systemd takes the unit" env XDG_RUNTIME_DIR=/tmp systemd-analyze --man=no verify --user /usr/lib/systemd/user/goya-card@.service
check "systemd takes the exporter's unit" systemd-analyze --man=no verify /usr/lib/systemd/system/goyactl-exporter.service
check "but does not start it by itself" fails systemctl is-enabled goyactl-exporter
check "goyactl misses a card" sh -c 'goyactl list; [ $? = 3 ]'
# completes SHELL FILE: the shell's file knows the commands.
completes() { grep selftest "$1"; }
check "bash completes" bash -c 'source /usr/share/bash-completion/completions/goyactl && complete -p goyactl'
check "zsh completes" completes /usr/share/zsh/vendor-completions/_goyactl
check "fish completes" completes /usr/share/fish/vendor_completions.d/goyactl.fish
# compile NAME [static]: an example, as its user builds it: with what the packages have installed.
compile() {
	# shellcheck disable=SC2046 # several options
	cc -std=c11 -Wall -Werror ${2:+"-$2"} -o "/goya/$1${2:+-$2}" "/usr/share/doc/libgoya-dev/examples/$1.c" \
		$(pkg-config ${2:+"--$2"} --cflags --libs goya)
}
check "a program in C, as the documentation says" /goya/build-first.sh
check "a program in C" compile first
check "another" compile add
check "one that has all of its libraries in it" compile first static
check "that of the version" sh -c "[ \"\$(pkg-config --modversion goya)\" = $version ]"
check "it wants this library" sh -c 'ldd /goya/first | grep "libgoya.so.0 => /lib/x86_64-linux-gnu/libgoya.so.0"'
cp /usr/share/doc/python3-goya/examples/*.py /goya
check "a module in Python" python3 -c 'import goya; assert goya.cards() == 0'
check "documentation" test -s /usr/share/doc/goya-doc/html/index.html

check "upgraded" install "$version+1" "${all[@]}"
check "one version is left" sh -c "[ \"\$(dkms status goya)\" = 'goya/$version+1, $release, x86_64: installed' ]"
check "the source of the other is gone" test ! -e "$source"
check "the binary module beside it" install "$version+1" "goya-modules-$release"
check "dkms's module comes first" sh -c "modinfo -k $release -n goya | grep updates/dkms && test -e $extra"
check "all packages are configured" nothing_half_done

# Two people, one of whom may use cards; and no questions at the first boot.
systemd-sysusers --inline 'u alice 1000 - / /bin/sh' 'm alice render' 'u bob 1001 - / /bin/sh'
systemd-machine-id-setup
cat >/etc/systemd/system/goya-check.target <<END
[Unit]
Requires=multi-user.target goya-check.service
After=multi-user.target
END
cat >/etc/systemd/system/goya-check.service <<END
[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/bash /goya/guest.sh $release
ExecStopPost=/usr/bin/systemctl --no-block --force --force reboot
StandardOutput=file:/dev/ttyS1
StandardError=inherit
END
# What the guest has no use for. Of the kernel's modules that are most: depmod reads all that are there, each time that packages
# are removed, which takes half a minute where processors are emulated. The initramfs has what it needs.
modules=/lib/modules/$release/kernel
rm -rf "$modules"/{sound,net} "$modules"/drivers/{bluetooth,comedi,hid,iio,infiniband,input,media,mtd,net,platform,scsi,staging,usb}
depmod "$release"
rm -rf /usr/lib/rustlib /usr/lib/x86_64-linux-gnu/libLLVM* /usr/lib/llvm-* /usr/src/linux-source-* /usr/src/linux-headers-* \
	/usr/libexec/gcc /usr/lib/gcc /var/cache/goya/linux-source-*/* /var/cache/apt /goya/*.deb /usr/share/doc
echo "result: end"
