// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The image on the card: one submission, in which the queues wait for each other, and the host for the last.

use std::time::{Duration, Instant};

use goya::packet::DmaFlags;
use goya::tpc::{CORES, Descriptor, Part, Program, Tensor, find, launch_packets};
use goya::{
    Commands, Device, DeviceMemory, FenceCounter, HostMemory, Monitor, Place, Queue, Submission, SyncObject,
};

use super::clock::{Look, Rate, Stamp, Stamps};
use super::work::{Band, CONTRAST, EMBOSS, LEVELS, PLANES, Result as Work, Size};
use crate::timeline::Lane;

/// Room for the packets of a core.
const ROOM: u64 = 0x4000;
/// Bytes of a histogram.
const COUNTS: u64 = 4 * LEVELS as u64;
/// How long it may take: an emulated card is slow.
const LIMIT: Duration = Duration::from_secs(120);

/// What the letters of the time line are.
pub const MARKS: [(char, &str); 7] = [
    ('i', "copy in"),
    ('n', "numbers from bytes"),
    ('c', "contrast"),
    ('f', "3x3 filter"),
    ('b', "bytes again"),
    ('h', "histogram"),
    ('o', "copy out"),
];

/// What came of it.
pub struct Done {
    pub work: Work,
    /// From the submission to its end, as the host sees it.
    pub time: Duration,
    /// When each queue was busy, if the card's clock can tell.
    pub lanes: Option<Vec<Lane>>,
}

/// The planes of an image in the card's memory, in the states that it goes through.
struct Planes {
    memory: DeviceMemory,
    size: Size,
    bands: Vec<Band>,
}

/// A state of the image. The numbers are floats.
#[derive(Clone, Copy)]
enum State {
    Source = 0,
    Result = 1,
    Counts = 2,
    Floats = 3,
    Contrast = 4,
    Filtered = 5,
}

impl Planes {
    const STATES: u64 = 6;

    /// Bytes of a state, one of floats being the largest.
    fn room(size: Size) -> u64 {
        (4 * PLANES * size.area()).max(CORES as usize * PLANES * COUNTS as usize).next_multiple_of(256) as u64
    }

    fn new(device: &Device, size: Size, bands: &[Band]) -> goya::Result<Self> {
        let memory = device.device_memory(Self::STATES * Self::room(size))?;
        Ok(Self { memory, size, bands: bands.to_vec() })
    }

    fn at(&self, state: State, offset: u64, len: u64) -> goya::Result<Place> {
        self.memory.at(state as u64 * Self::room(self.size) + offset, len)
    }

    /// All planes.
    fn tensor(&self, state: State) -> goya::Result<Tensor> {
        let element = if matches!(state, State::Source | State::Result) { 1 } else { 4 };
        let sizes = [self.size.width as u32, self.size.height as u32, PLANES as u32, 1, 1];
        let len = u64::from(element) * (PLANES * self.size.area()) as u64;
        Ok(Tensor::new(self.at(state, 0, len)?, element, sizes))
    }

    /// Where a band of a plane begins, and its bytes, while these are what it consists of.
    fn piece(&self, band: Band, plane: usize) -> (u64, u32) {
        let first = plane * self.size.area() + band.first * self.size.width;
        (first as u64, (band.rows * self.size.width) as u32)
    }

    /// A band of the result, each plane of it as one row, and the room for what is counted there.
    fn to_count(&self, number: usize) -> goya::Result<[Tensor; 2]> {
        let band = self.bands[number];
        let (first, len) = self.piece(band, 0);
        let area = self.size.area() as u64;
        let place = self.at(State::Result, first, (PLANES as u64 - 1) * area + u64::from(len))?;
        let rows = Tensor::new(place, 1, [len, 1, PLANES as u32, 1, 1]);
        let rows = rows.with_strides([1, len, area as u32, 0, 0]);
        let counts = self.at(State::Counts, (number * PLANES) as u64 * COUNTS, PLANES as u64 * COUNTS)?;
        Ok([rows, Tensor::new(counts, 4, [LEVELS as u32, 1, PLANES as u32, 1, 1])])
    }
}

/// A kernel on the band of one core.
struct Step {
    mark: char,
    program: Program,
    tensors: Vec<Tensor>,
    scalars: Vec<u32>,
    part: Part,
}

impl Step {
    /// Packets that launch it; the core counts `told` up at its end.
    fn packets(&self, told: Option<&SyncObject>) -> goya::Result<Commands> {
        let message = told.map_or(Ok(0), SyncObject::completion_message)?;
        let (code, tensors, scalars) = (self.program.address(), &self.tensors[..], &self.scalars[..]);
        launch_packets(&Descriptor { code, tensors, scalars, part: self.part, message })
    }
}

/// The kernels, in the card's memory.
struct Kernels {
    all: Vec<(char, &'static str, Program)>,
}

impl Kernels {
    fn load(device: &Device) -> goya::Result<Self> {
        let names = [
            ('n', "i8_to_f32"),
            ('c', "scaled_add_f32"),
            ('f', "filter3x3_f32"),
            ('b', "f32_to_i8"),
            ('h', "histogram_u8"),
        ];
        let load = |(mark, name)| Ok((mark, name, Program::load(device, find(name)?)?));
        Ok(Self { all: names.into_iter().map(load).collect::<goya::Result<_>>()? })
    }

    /// The kernel of this letter on a band. Rows are dimension 1 of all but the histogram's index space.
    fn step(&self, mark: char, planes: &Planes, number: usize) -> goya::Result<Step> {
        use State::{Contrast, Filtered, Floats, Result, Source};
        let Some((_, name, program)) = self.all.iter().find(|kernel| kernel.0 == mark) else {
            return Err(goya::Error::Invalid(format!("no kernel has the letter {mark}")));
        };
        let tensors = |states: &[State]| -> goya::Result<Vec<_>> {
            states.iter().map(|state| planes.tensor(*state)).collect()
        };
        let (tensors, scalars): (Vec<_>, Vec<_>) = match mark {
            'n' => (tensors(&[Source, Floats])?, Vec::new()),
            'c' => (tensors(&[Floats, Floats, Contrast])?, vec![CONTRAST.to_bits()]),
            'f' => (tensors(&[Contrast, Filtered])?, EMBOSS.map(f32::to_bits).into()),
            'b' => (tensors(&[Filtered, Result])?, Vec::new()),
            _ => (planes.to_count(number)?.into(), Vec::new()),
        };
        let sizes: Vec<_> = tensors.iter().map(Tensor::sizes).collect();
        let space = find(name)?.index_space(&sizes, &scalars);
        let space = space.ok_or_else(|| goya::Error::Invalid(format!("{name} does not take {sizes:?}")))?;
        let mut part = Part { offset: [0; 5], size: space };
        if mark != 'h' {
            let rows = if mark == 'f' { 2 } else { 1 };
            let band = planes.bands[number];
            part.offset[1] = (band.first / rows) as u32;
            part.size[1] = band.rows.div_ceil(rows) as u32;
        }
        Ok(Step { mark, program: program.clone(), tensors, scalars, part })
    }
}

/// How the queues wait for each other.
struct Order {
    /// Bands that are in the card's memory.
    arrived: SyncObject,
    /// Cores whose part the neighbours' filters may read.
    ready: SyncObject,
    /// One for each band.
    done: Vec<SyncObject>,
    /// One for each queue that waits: the cores' and the last.
    monitors: Vec<Monitor>,
}

impl Order {
    /// With all objects at zero.
    fn new(device: &Device, bands: usize) -> goya::Result<Self> {
        let order = Self {
            arrived: device.sync_object()?,
            ready: device.sync_object()?,
            done: (0..bands).map(|_| device.sync_object()).collect::<goya::Result<_>>()?,
            monitors: (0..=bands).map(|_| device.monitor()).collect::<goya::Result<_>>()?,
        };
        let mut zero = Commands::new();
        for object in order.done.iter().chain([&order.arrived, &order.ready]) {
            zero.set(object, 0);
        }
        device.run(Queue::Dma3, &zero)?;
        Ok(order)
    }
}

/// What a queue writes down while it works.
struct Diary {
    name: String,
    entries: Vec<(char, Stamp, Stamp)>,
}

impl Diary {
    fn new(name: String) -> Self {
        Self { name, entries: Vec::new() }
    }
}

/// The packets of a job, and what it writes down.
struct Writer<'a> {
    commands: Commands,
    stamps: &'a mut Stamps,
    diary: Diary,
}

impl<'a> Writer<'a> {
    fn new(name: String, stamps: &'a mut Stamps) -> Self {
        Self { commands: Commands::new(), stamps, diary: Diary::new(name) }
    }

    /// Work, with a time before and behind it.
    fn work(&mut self, mark: char, work: impl FnOnce(&mut Commands) -> goya::Result<()>) -> goya::Result<()> {
        let start = self.stamps.stamp(&mut self.commands)?;
        work(&mut self.commands)?;
        let end = self.stamps.stamp(&mut self.commands)?;
        self.diary.entries.push((mark, start, end));
        Ok(())
    }

    fn copy(&mut self, mark: char, pieces: &[(Place, Place, u32)]) -> goya::Result<()> {
        self.work(mark, |commands| {
            for (from, to, len) in pieces {
                commands.copy_with(from, to, *len, DmaFlags::default())?;
            }
            Ok(())
        })
    }
}

/// Everything that is needed to build the jobs.
struct Jobs<'a> {
    planes: &'a Planes,
    order: &'a Order,
    kernels: &'a Kernels,
}

impl Jobs<'_> {
    /// The bands one by one, by the queue that may read the host's memory.
    fn copy_in(&self, from: &HostMemory, stamps: &mut Stamps) -> goya::Result<(Commands, Diary)> {
        let mut writer = Writer::new("dma1".to_owned(), stamps);
        for band in &self.planes.bands {
            let piece = |plane| {
                let (at, len) = self.planes.piece(*band, plane);
                Ok((from.at(at, len.into())?, self.planes.at(State::Source, at, len.into())?, len))
            };
            let pieces = (0..PLANES).map(piece).collect::<goya::Result<Vec<_>>>()?;
            writer.copy('i', &pieces)?;
            writer.commands.add(&self.order.arrived, 1);
        }
        Ok((writer.commands, writer.diary))
    }

    /// What a core does with its band.
    fn core(&self, number: usize, stamps: &mut Stamps) -> goya::Result<(Commands, Diary)> {
        let queue = Queue::TPC[number];
        let counter = FenceCounter::new(queue, 0)?;
        let (order, monitor) = (self.order, &self.order.monitors[number]);
        let mut writer = Writer::new(format!("tpc{number}"), stamps);
        let step = |mark| self.kernels.step(mark, self.planes, number);
        writer.commands.wait_for(monitor, &order.arrived, number as u16 + 1, counter);
        let run = |writer: &mut Writer<'_>, mark, told| {
            let step = step(mark)?;
            writer.work(step.mark, |commands| {
                commands.append(&step.packets(told)?);
                Ok(())
            })
        };
        run(&mut writer, 'n', None)?;
        run(&mut writer, 'c', Some(&order.ready))?;
        // The filter reads rows of the bands above and below.
        writer.commands.wait_for(monitor, &order.ready, self.planes.bands.len() as u16, counter);
        for mark in ['f', 'b', 'h'] {
            run(&mut writer, mark, None)?;
        }
        writer.commands.add(&order.done[number], 1);
        Ok((writer.commands, writer.diary))
    }

    /// Bands as they are done, and at the end what was counted.
    fn copy_out(&self, to: &HostMemory, stamps: &mut Stamps) -> goya::Result<(Commands, Diary)> {
        let mut writer = Writer::new("dma2".to_owned(), stamps);
        let counter = FenceCounter::new(Queue::Dma2, 0)?;
        let monitor = &self.order.monitors[self.planes.bands.len()];
        let counts = (self.planes.size.area() * PLANES) as u64;
        for (number, band) in self.planes.bands.iter().enumerate() {
            writer.commands.wait_for(monitor, &self.order.done[number], 1, counter);
            let piece = |plane| {
                let (at, len) = self.planes.piece(*band, plane);
                Ok((self.planes.at(State::Result, at, len.into())?, to.at(at, len.into())?, len))
            };
            let mut pieces = (0..PLANES).map(piece).collect::<goya::Result<Vec<_>>>()?;
            let (at, len) = ((number * PLANES) as u64 * COUNTS, PLANES as u64 * COUNTS);
            pieces.push((self.planes.at(State::Counts, at, len)?, to.at(counts + at, len)?, len as u32));
            writer.copy('o', &pieces)?;
        }
        Ok((writer.commands, writer.diary))
    }
}

/// Sends an image through the card.
pub fn run(device: &Device, pixels: &[i8], size: Size, bands: &[Band]) -> goya::Result<Done> {
    let look = Look::now(device)?;
    let bytes: Vec<_> = pixels.iter().map(|pixel| *pixel as u8).collect();
    let (source, counted) = (device.host_memory(bytes.len())?, bands.len() * PLANES * LEVELS);
    source.write(0, &bytes)?;
    let target = device.host_memory(bytes.len() + 4 * counted)?;
    let planes = Planes::new(device, size, bands)?;
    let (order, kernels) = (Order::new(device, bands.len())?, Kernels::load(device)?);
    // Before and behind each piece of work: five kernels, a copy in and one out for each band.
    let mut stamps = Stamps::new(device, 14 * bands.len())?;
    let jobs = Jobs { planes: &planes, order: &order, kernels: &kernels };

    let (copy_in, diary) = jobs.copy_in(&source, &mut stamps)?;
    let mut diaries = vec![diary];
    let packets = device.device_memory(ROOM * bands.len() as u64)?;
    let mut submission = Submission::new().timeout(LIMIT).keep(&planes.memory);
    for number in 0..bands.len() {
        let (commands, diary) = jobs.core(number, &mut stamps)?;
        let place = packets.at(number as u64 * ROOM, ROOM)?;
        device.put(&place, commands.bytes())?;
        submission = submission.internal_job(Queue::TPC[number], place, commands.bytes().len());
        diaries.push(diary);
    }
    let (copy_out, diary) = jobs.copy_out(&target, &mut stamps)?;
    diaries.push(diary);
    let (copy_in, copy_out) = (device.command_buffer(&copy_in)?, device.command_buffer(&copy_out)?);

    let start = Instant::now();
    device.submit(submission.job(Queue::Dma1, &copy_in).job(Queue::Dma2, &copy_out))?.wait()?;
    let time = start.elapsed();

    let bytes = target.to_vec(0, target.len())?;
    let (pixels, counts) = bytes.split_at(pixels.len());
    let pixels = pixels.iter().map(|pixel| *pixel as i8).collect();
    let counts = counts.chunks_exact(4).map(|b| i32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    let rate = look.rate(device)?.filter(|rate| !rate.comes_round(time));
    let lanes = rate.map(|rate| lanes(device, rate, &stamps, &diaries)).transpose()?;
    Ok(Done { work: Work { pixels, counts }, time, lanes })
}

/// When the queues were busy; the first piece of work is that of the first one.
fn lanes(device: &Device, rate: Rate, stamps: &Stamps, diaries: &[Diary]) -> goya::Result<Vec<Lane>> {
    let times = stamps.read(device)?;
    let Some(&(_, first, _)) = diaries.first().and_then(|diary| diary.entries.first()) else {
        return Ok(Vec::new());
    };
    let lane = |diary: &Diary| Lane {
        name: diary.name.clone(),
        spans: diary.entries.iter().map(|entry| times.span(rate, first, *entry)).collect(),
    };
    Ok(diaries.iter().map(lane).collect())
}
