#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# Builds goya.ko against a kernel:
#   module.sh FLAVOUR          prints the module's path; the flavours are those of kernel.sh. With KDIR= in the
#                              environment, against that tree
#   module.sh peer FLAVOUR     the same for goya_peer.ko, the driver of a second device, for tests
#   module.sh install          installs it for KDIR, under INSTALL_MOD_PATH
#   module.sh lint FLAVOUR     builds it apart, with clippy, warnings (objtool's too) being errors
#   module.sh rust-analyzer    makes rust-project.json, which editors read

set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

what=${1:-}
case $what in
release | debug | hardened | stock) flavour=$what ;;
peer) flavour=${2:?usage: module.sh peer FLAVOUR} ;;
install) flavour=release ;;
rust-analyzer) flavour=debug ;;
lint) flavour=${2:?usage: module.sh lint FLAVOUR} ;;
*) die "usage: module.sh release|debug|hardened|stock|peer FLAVOUR|install|lint FLAVOUR|rust-analyzer" ;;
esac
[ "$what" != install ] || [ -n "${KDIR:-}" ] || die "for which kernel? make modules_install KDIR=/lib/modules/.../build"

# kernel.sh has the tree checked if it is the user's.
build=$("$TOP/scripts/kernel.sh" "$flavour")
source=$TOP module=goya.ko name=module sources=(Kbuild src)
[ "$what" != peer ] || source=$TOP/tests/peer module=goya_peer.ko name=peer sources=(tests/peer)
out=$TOP/build/$name-$flavour
[ -z "${KDIR:-}" ] || out=$TOP/build/$name
[ "$what" != lint ] || out=$TOP/build/module-lint-$flavour

# What the tree refers to elsewhere has to be seen in the toolbox as well.
for link in "$build/source" "$build/scripts" "$build/tools"; do
	[ ! -L "$link" ] || GOYA_BIND="${GOYA_BIND:-} $(readlink -f "$link")"
done
while read -r included; do
	GOYA_BIND="${GOYA_BIND:-} $(readlink -f "$included")"
done < <(sed -n 's|^include \(/.*\)/Makefile$|\1|p' "$build/Makefile")
export GOYA_BIND
# The kernel says which family of compilers it wants.
llvm=
if grep -qx 'CONFIG_CC_IS_CLANG=y' "$build/include/config/auto.conf"; then
	llvm=LLVM=1
fi
enter() { "$TOP/scripts/enter.sh" make -C "$build" M="$source" MO="$out" $llvm -j"$(nproc)" "$@"; }

if [ "$what" = rust-analyzer ]; then
	step "EDITOR rust-project.json" "$LOGS/rust-analyzer.log" 0 enter rust-analyzer
	# The sources of Rust's own library are in the toolbox.
	sed "s|\"/usr|\"$("$TOP/scripts/toolbox.sh")/usr|" "$out/rust-project.json" >"$TOP/rust-project.json"
	exit
fi

# Objects of another kernel, or of the same one built again, are of no use.
kernel="$build $(stat -c %Y "$build/Module.symvers" "$build/include/config/auto.conf" | tr '\n' ' ')"
key=$(cd "$TOP" && find "${sources[@]}" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | key <(echo "$kernel"))
if [ "$what" = lint ]; then
	# Clippy says nothing of what is built already.
	rm -rf "$out"
	# What objtool says of a module is a warning to most kernels.
	step "MODULE goya.ko ($flavour, clippy)" "$LOGS/module-lint-$flavour.log" 0 \
		enter CLIPPY=1 W=e CONFIG_OBJTOOL_WERROR=y modules
	source=$TOP/tests/peer out=$TOP/build/peer-lint-$flavour
	rm -rf "$out"
	step "MODULE goya_peer.ko ($flavour, clippy)" "$LOGS/peer-lint-$flavour.log" 0 enter CLIPPY=1 W=e modules
	exit
fi
lock "module-$(echo "$out" | key /dev/null)"
if [ "$(cat "$out/.kernel" 2>/dev/null)" != "$kernel" ]; then
	rm -rf "$out"
	mkdir -p "$out"
	echo "$kernel" >"$out/.kernel"
fi
if [ "$(cat "$out/.complete" 2>/dev/null)" != "$key" ]; then
	rm -f "$out/.complete"
	# What the kernel lacks is said better than modpost does. One crate compiles in one step: only the time can be shown.
	step "MODULE $module (${KDIR:-$flavour}, about a minute)" "$LOGS/$name-$flavour.log" 0 enter KBUILD_MODPOST_WARN=1 modules
	"$TOP/scripts/check-symbols.sh" "$build/Module.symvers" "$out/$module"
	echo "$key" >"$out/.complete"
fi
if [ "$what" = install ]; then
	release=$(<"$build/include/config/kernel.release")
	sign=
	# Headers have no key to sign with.
	[ -e "$build/certs/signing_key.pem" ] || sign=CONFIG_MODULE_SIG_ALL=
	# Outside of the toolbox, which sees nothing of the system; nothing is compiled any more.
	# shellcheck disable=SC2086 # no argument is one, too
	step "INSTALL goya.ko in ${INSTALL_MOD_PATH:-}/lib/modules/$release" \
		"$LOGS/module-install.log" 0 make -C "$build" M="$TOP" MO="$out" $sign modules_install
	# The kernel's own Makefile has it found only beside a System.map, which headers lack.
	if [ ! -e "$build/System.map" ]; then
		need depmod kmod
		depmod ${INSTALL_MOD_PATH:+-b "$INSTALL_MOD_PATH"} "$release"
	fi
	[ -z "$sign" ] || say NOTE "goya.ko is not signed: with Secure Boot, sign it with a key of your own"
	exit
fi
echo "$out/$module"
