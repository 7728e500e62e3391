// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The guest itself: QEMU's command line.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::card::Card;
use crate::channel::Channel;
use crate::error::Error;
use crate::options::Options;
use crate::process::Process;
use crate::{picture, share};

const QEMU: &str = "qemu-system-x86_64";

/// Boots the guest. `dir` holds the initramfs and the channels' sockets, which are listened on already.
pub fn start(options: &Options, cards: &[Card], dir: &Path) -> Result<Process, Error> {
    let log = options.log_dir.join("qemu.log");
    let log = File::create(&log).map_err(|e| Error::file(&log, e))?;
    let mut command = Command::new(QEMU);
    machine(&mut command, options);
    boot(&mut command, options, dir);
    ports(&mut command, options, dir);
    for (n, card) in cards.iter().enumerate() {
        let last = n + 1 == cards.len();
        attach(&mut command, n, card, last, options.peer);
    }
    command.args(&options.qemu_args);
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    Process::start(&mut command).map_err(|e| Error::file(Path::new(QEMU), e))
}

fn machine(command: &mut Command, options: &Options) {
    let accelerator = if !options.tcg && kvm_works() { "kvm" } else { "tcg,thread=multi" };
    // Five-level page tables only cost time here.
    command.args(["-nodefaults", "-no-reboot", "-display", "none", "-cpu", "max,la57=off"]);
    command.args(["-accel", accelerator, "-machine", "q35,memory-backend=ram"]);
    command.args(["-smp", &options.smp.to_string(), "-m", &format!("{}M", options.mem)]);
    // The cards reach the guest's memory by its file descriptor.
    command.args(["-object", &format!("memory-backend-memfd,id=ram,size={}M,share=on", options.mem)]);
    if options.iommu {
        // Ahead of what is behind it; caching mode is what lets QEMU follow the guest's mappings.
        command.args(["-device", "intel-iommu,caching-mode=on"]);
    }
}

fn boot(command: &mut Command, options: &Options, dir: &Path) {
    command.arg("-kernel").arg(&options.kernel).arg("-initrd").arg(dir.join("initramfs"));
    // An oops ends the run: what comes after it proves nothing. Programs' lines in the log are never
    // dropped, because tests announce what they expect there. On a busy machine the timer seems not to tick. The end of
    // the address space, where the firmware has put large BARs, is reserved: once let go, they would not get it back.
    let mut arguments = "console=ttyS0,115200 panic=-1 oops=panic printk.devkmsg=on loglevel=8 \
                         kmemleak=on no_timer_check pci=no_e820"
        .to_owned();
    if options.iommu {
        arguments.push_str(" intel_iommu=on");
    }
    for argument in &options.kernel_args {
        arguments.push(' ');
        arguments.push_str(argument);
    }
    command.args(["-append", &arguments]);
}

fn ports(command: &mut Command, options: &Options, dir: &Path) {
    let chardev = |name: &str| format!("socket,id={name},path={}", dir.join(name).display());
    command.args(["-qmp", &format!("unix:{}", dir.join(Channel::Monitor.name()).display())]);
    for channel in Channel::ALL.into_iter().filter(|c| *c != Channel::Monitor) {
        command.args(["-chardev", &chardev(channel.name())]);
    }
    command.args(["-serial", &format!("chardev:{}", Channel::Console.name())]);
    // Behind a port and with this property it stays as it is when the guest tries to sleep: Linux would not learn again
    // that anybody listens.
    command.args(["-device", "pcie-root-port,id=ports,chassis=2,slot=2,addr=1e"]);
    command.args(["-device", "virtio-serial-pci,bus=ports,x-pcie-pm-no-soft-reset=on"]);
    let shared = (options.guests > 1).then_some(share::NAME);
    let pictured = options.picture.is_some().then_some(picture::NAME);
    let wanted = || shared.into_iter().chain(pictured);
    for name in wanted() {
        command.args(["-chardev", &chardev(name)]);
    }
    for name in
        [Channel::Output, Channel::Status, Channel::Log].map(Channel::name).into_iter().chain(wanted())
    {
        command.args(["-device", &format!("virtserialport,chardev={name},name=goya.{name}")]);
    }
    if options.interactive {
        command.args(["-device", &format!("virtconsole,chardev={}", Channel::Terminal.name())]);
    }
}

fn attach(command: &mut Command, n: usize, card: &Card, last: bool, peer: bool) {
    // A root port lets the card be unplugged. The firmware finds room below 4 GiB for the windows of
    // one such port only, so other cards sit on the root bus, and Linux finds these first.
    let bus = if last {
        // A faster port would claim to know whether its link is up, and then say that it is not: the kernel would
        // take the card for lost after a reset of the bus.
        command.args(["-device", "pcie-root-port,id=slot0,chassis=1,slot=1,x-speed=2_5,x-width=1"]);
        "slot0"
    } else {
        "pcie.0"
    };
    let peer = peer && last;
    command.args(["-device", &vfio_user(n, bus, &card.socket, peer)]);
    if peer {
        // Two functions behind one bridge: Linux knows that one can reach the other.
        command.args(["-device", &format!("edu,bus={bus},addr=0.1,dma_mask=0xffffffffffffffff")]);
    }
    command.args(["-chardev", &format!("socket,id=ctl{n},path={}", card.control.display())]);
    command.args(["-device", &format!("virtserialport,chardev=ctl{n},name=goya.ctl{n}")]);
}

/// The card's device. Sockets as device properties have no other form than JSON.
fn vfio_user(n: usize, bus: &str, socket: &Path, several: bool) -> String {
    let path: String = socket.display().to_string().chars().fold(String::new(), |mut path, c| {
        if matches!(c, '"' | '\\') {
            path.push('\\');
        }
        path.push(c);
        path
    });
    format!(
        r#"{{"driver":"vfio-user-pci","id":"card{n}","bus":"{bus}","multifunction":{several},"socket":{{"type":"unix","path":"{path}"}}}}"#
    )
}

/// Whether KVM is more than a device node: without the processor's own support, guests crawl or die.
fn kvm_works() -> bool {
    let flags = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let supported = flags.split_whitespace().any(|flag| flag == "svm" || flag == "vmx");
    supported && File::options().read(true).write(true).open("/dev/kvm").is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_path_survives_json() {
        let device = vfio_user(1, "pcie.0", Path::new(r#"/a"b\c"#), false);
        assert!(device.contains(r#""path":"/a\"b\\c""#), "{device}");
    }
}
