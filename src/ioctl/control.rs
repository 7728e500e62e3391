// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The control node, `/dev/accel/accel_controlDN`: information only, for any number of programs, also
//! while the card is in use or being reset (upstream `hl_ioctl_control()`, `hl_device_open_ctrl()`).

use kernel::device::Device;
use kernel::ioctl::{_IOC_NR, _IOC_SIZE};
use kernel::prelude::*;
use kernel::sync::aref::ARef;
use kernel::sync::{new_condvar, new_mutex, Arc, CondVar, Mutex};
use kernel::uaccess::{UserPtr, UserSlice};
use zerocopy::FromZeros;

use super::info::reply::{copy, Caller};
use super::info::{answer, request};
use crate::abstractions::accel::Live;
use crate::abstractions::chrdev::{self, Region};
use crate::abstractions::name;
use crate::abstractions::ratelimit::RateLimit;
use crate::card::{Card, Node};
use crate::queue::budget::Budget;
use crate::state::status::Status;
use crate::uapi::consts::*;
use crate::uapi::types::InfoArgs;

/// The control nodes' device numbers.
pub(crate) static REGION: Region = Region::new(c"habanalabs", 256);

/// What the nodes' files have of a card: not the card once it is removed, so that a file that stays open keeps nothing but
/// this.
#[pin_data]
struct CardLink {
    #[pin]
    state: Mutex<LinkState>,
    /// Nobody uses it any more.
    #[pin]
    unused: CondVar,
    /// What a request is kept out of before the card is asked.
    answers: Arc<Budget>,
}

struct LinkState {
    device: Option<ARef<Node>>,
    /// Calls that use it.
    users: usize,
}

/// The card's device, for the time of a call.
struct User<'a> {
    device: ARef<Node>,
    /// Dropped last.
    _use: Use<'a>,
}

/// Makes the removal of the card wait.
struct Use<'a>(&'a CardLink);

impl CardLink {
    fn new(device: ARef<Node>) -> Result<Arc<Self>> {
        let answers = device.data().answers.clone();
        let state = LinkState {
            device: Some(device),
            users: 0,
        };
        Arc::pin_init(
            pin_init!(Self {
                state <- new_mutex!(state),
                unused <- new_condvar!(),
                answers,
            }),
            GFP_KERNEL,
        )
    }

    /// The card's device, if it is not removed.
    fn get(&self) -> Option<User<'_>> {
        let mut state = self.state.lock();
        let device = state.device.clone()?;
        state.users = state.users.saturating_add(1);
        Some(User {
            device,
            _use: Use(self),
        })
    }

    /// Does something with the card's device, which stays bound meanwhile.
    fn with<R>(&self, run: impl FnOnce(&Node, &Live<'_, Arc<Card>>) -> R) -> Result<R> {
        static REMOVED: RateLimit = RateLimit::new();

        let user = self.get();
        let device = user.as_ref().map(|user| &*user.device);
        let Some((device, live)) = device.and_then(|device| Some((device, device.enter()?))) else {
            if REMOVED.allows() {
                pr_err!("Sending ioctl after device was removed! Please close FD\n");
            }
            return Err(ENODEV);
        };
        Ok(run(device, &live))
    }

    /// The card is being removed: waits for all calls.
    fn cut(&self) {
        let mut state = self.state.lock();
        let device = state.device.take();
        while state.users != 0 {
            self.unused.wait(&mut state);
        }
        drop(state);
        drop(device);
    }
}

impl Drop for Use<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        state.users = state.users.saturating_sub(1);
        if state.users == 0 {
            self.0.unused.notify_all();
        }
    }
}

/// The operations of the control node.
struct Control;

/// The control node of a card.
pub(crate) struct ControlNode {
    link: Arc<CardLink>,
    _node: chrdev::Node<Control>,
}

impl ControlNode {
    /// Makes the control node of a card whose accel node is there.
    pub(crate) fn new(device: &Node) -> Result<Self> {
        let link = CardLink::new(device.into())?;
        let node = chrdev::Node::new(&REGION, device, c"accel_controlD", link.clone());
        let _node = node.inspect_err(|_| {
            dev_err!(
                device.data().dev,
                "failed to add an accel control char device to the system\n"
            );
        })?;
        Ok(Self { link, _node })
    }
}

impl Drop for ControlNode {
    fn drop(&mut self) {
        self.link.cut();
    }
}

impl chrdev::Operations for Control {
    type Data = Arc<CardLink>;
    type Module = crate::LocalModule;

    fn open(link: &Self::Data, dev: &Device) -> Result {
        let user = link.get().ok_or(ENXIO)?;
        if user.device.data().status() == Status::Malfunction {
            dev_dbg!(dev, "Can't open {} because it is disabled\n", name(dev));
            return Err(EPERM);
        }
        Ok(())
    }

    fn ioctl(link: &Self::Data, dev: &Device, command: u32, argument: usize) -> Result {
        static INVALID: RateLimit = RateLimit::new();
        static FAILED: RateLimit = RateLimit::new();

        // A card that has gone is told of first, whatever the call.
        link.with(|_, _| ())?;
        let number = _IOC_NR(command);
        let say = |what: &str| {
            let pid = kernel::current!().pid();
            dev_dbg!(
                dev,
                "{}: pid={}, cmd={:#010x}, nr={:#04x}\n",
                what,
                pid,
                command,
                number
            );
        };
        if number != _IOC_NR(DRM_IOCTL_HL_INFO) {
            if INVALID.allows() {
                say("invalid ioctl");
            }
            return Err(ENOTTY);
        }
        info(link, dev, argument, _IOC_SIZE(command)).inspect_err(|_| {
            if FAILED.allows() {
                say("error in ioctl");
            }
        })
    }
}

/// `HL_IOCTL_INFO` with a structure of `size` bytes at `argument`: a shorter one than ours ends with
/// zeros, and of a longer one the rest stays as it is. It is written back also after an error.
///
/// The caller's memory is touched only while the card can go: it can take as long to come as he likes.
fn info(link: &CardLink, dev: &Device, argument: usize, size: usize) -> Result {
    let mut bytes = KVec::from_elem(0u8, size, GFP_KERNEL_ACCOUNT)?;
    let slice = || UserSlice::new(UserPtr::from_addr(argument), size);
    slice().reader().read_slice(&mut bytes)?;
    let mut args = InfoArgs::new_zeroed();
    copy(args.as_mut_bytes(), &bytes);
    let request = request(&args, dev, &link.answers);
    let answered = link.with(|device, live| match args.op {
        HL_INFO_GET_EVENTS | HL_INFO_UNREGISTER_EVENTFD | HL_INFO_REGISTER_EVENTFD => {
            Err(EOPNOTSUPP)
        }
        _ => {
            let caller = Caller {
                card: device.data(),
                parent: live.parent(),
                file: None,
                dev,
                request,
            };
            answer(&caller, &mut args)
        }
    })?;
    let result = answered.and_then(|answer| answer.deliver());
    copy(&mut bytes, args.as_bytes());
    // A fault is what counts, as upstream has it.
    slice().writer().write_slice(&bytes)?;
    result
}
