// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The guest itself.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::Error;
use crate::card::Card;
use crate::options::Options;

/// A running guest; ends when dropped.
pub struct Qemu(Child);

impl Qemu {
    /// Boots the guest. `dir` holds the initramfs, and the sockets `out` and `status` that are
    /// listened on already.
    pub fn start(options: &Options, cards: &[Card], dir: &Path) -> Result<Self, Error> {
        let path = |name: &str| dir.join(name).display().to_string();
        let mut command = Command::new("qemu-system-x86_64");
        let accelerator = if kvm_works() { "kvm" } else { "tcg,thread=multi" };
        command
            .args([
                "-nodefaults",
                "-no-reboot",
                "-display",
                "none",
                "-cpu",
                "max,la57=off",
                "-accel",
                accelerator,
            ])
            .args(["-machine", "q35,memory-backend=ram"])
            .args(["-smp", &options.smp.to_string(), "-m", &format!("{}M", options.mem)])
            .args(["-object", &format!("memory-backend-memfd,id=ram,size={}M,share=on", options.mem)])
            .arg("-kernel")
            .arg(&options.kernel)
            .args(["-initrd", &path("initramfs")])
            .args(["-append", &kernel_command_line(options)])
            .args(["-serial", &format!("file:{}", options.log_dir.join("dmesg.log").display())])
            .args(["-device", "virtio-serial-pci"]);
        let log = options.log_dir.join("kernel.log");
        command
            .args(["-chardev", &format!("file,id=log,path={}", log.display())])
            .args(["-device", "virtserialport,chardev=log,name=goya.log"]);
        for name in ["out", "status"] {
            command
                .args(["-chardev", &format!("socket,id={name},path={}", path(name))])
                .args(["-device", &format!("virtserialport,chardev={name},name=goya.{name}")]);
        }
        if options.interactive {
            command.args(["-chardev", "stdio,id=tty,signal=off", "-device", "virtconsole,chardev=tty"]);
        }
        for (n, card) in cards.iter().enumerate() {
            let socket = card.socket.display();
            let control = card.control.display();
            command
                .args(["-device", &format!("pcie-root-port,id=slot{n},chassis={n},slot={n}")])
                .args([
                    "-device",
                    &format!(
                        r#"{{"driver":"vfio-user-pci","bus":"slot{n}","socket":{{"type":"unix","path":"{socket}"}}}}"#
                    ),
                ])
                .args(["-chardev", &format!("socket,id=ctl{n},path={control}")])
                .args(["-device", &format!("virtserialport,chardev=ctl{n},name=goya.ctl{n}")]);
        }
        let log = options.log_dir.join("qemu.log");
        let log = File::create(&log).map_err(|source| Error::File { path: log, source })?;
        let stdio = |log: &File| log.try_clone().map_or_else(|_| Stdio::null(), Stdio::from);
        if options.interactive {
            command.stderr(stdio(&log));
        } else {
            command.stdin(Stdio::null()).stdout(stdio(&log)).stderr(stdio(&log));
        }
        command.spawn().map(Self).map_err(|source| Error::File { path: "qemu-system-x86_64".into(), source })
    }

    /// Whether the guest has ended.
    pub fn dead(&mut self) -> bool {
        !matches!(self.0.try_wait(), Ok(None))
    }
}

impl Drop for Qemu {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn kernel_command_line(options: &Options) -> String {
    // Every level goes to the log with its level in front, so that errors can be told from news.
    let base = "console=ttyS0,115200 panic=-1 oops=panic ignore_loglevel printk.console_no_auto_verbose=1 \
                kmemleak=on no_hash_pointers loglevel=8";
    [base.to_owned()].into_iter().chain(options.kernel_args.iter().cloned()).collect::<Vec<_>>().join(" ")
}

/// Whether KVM is more than a device node: without the processor's own support, guests crawl or die.
fn kvm_works() -> bool {
    let flags = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let supported = flags.split_whitespace().any(|flag| flag == "svm" || flag == "vmx");
    supported && File::options().read(true).write(true).open("/dev/kvm").is_ok()
}
