// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};
use clap_complete::Shell;
use goya_man::values;

use crate::output::Format;

/// What stands over the options of all commands, or they would be between those of each.
const COMMON: &str = "Options of all commands";

/// Looks at Goya cards, watches them, and tries them out.
///
/// Works with the driver goya and with habanalabs. Exit codes: 0 all is well, 1 a command or a check has failed, 2 the
/// command line makes no sense, 3 there is no such card, 4 permission is missing, 5 somebody else has the card, 6 the card
/// is out of order or being reset, 130 a signal has ended it.
#[derive(Debug, Parser)]
#[command(
    version,
    name = "goyactl",
    after_help = "\
Examples:
  goyactl list
  goyactl selftest
  goyactl info --card 0000:01:00.0 --json
  goyactl kernel run add_f32 -t a=a.npy -t b=b.npy -t c=1024x16:c.npy
  sudo goyactl trace --time 2
  goyactl exporter --listen 127.0.0.1:9478"
)]
pub struct Options {
    /// The card: a number from 0, a node (accel0), or a place on the bus (0000:01:00.0) [default: the first one; of list, top, monitor, exporter and cdi all]
    #[arg(long, short, global = true, help_heading = COMMON, value_name = "CARD", env = "GOYA_CARD", value_hint = clap::ValueHint::Other)]
    pub card: Option<String>,
    /// How to answer
    #[arg(long, global = true, help_heading = COMMON, value_enum, default_value_t)]
    format: Format,
    /// The same as --format json
    #[arg(long, global = true, help_heading = COMMON, conflicts_with = "format")]
    json: bool,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

impl Options {
    /// How to answer.
    pub const fn format(&self) -> Format {
        if self.json { Format::Json } else { self.format }
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// All cards
    List,
    /// Everything that a card and its driver tell
    Info,
    /// Watch engines, memory, clocks, sensors and users
    Top(Watch),
    /// Events as they come, a line each
    Monitor(Monitor),
    /// Copy from the host to DRAM to SRAM and back, and compare
    Copy(Copy),
    /// Measure copies and submissions
    Bench(Bench),
    /// Run packets of a file on a queue
    Run(Run),
    /// Kernels of the tensor cores
    #[command(subcommand)]
    Kernel(Kernel),
    /// The text of packets, or of a tensor core's code
    Disasm(Disasm),
    /// Try all queues, copies and a kernel
    Selftest,
    /// Reset a card (root)
    Reset(Reset),
    /// Record what the driver does, for ui.perfetto.dev (root)
    Trace(Trace),
    /// What Prometheus reads
    Exporter(Exporter),
    /// Describe the cards for containers (CDI), as YAML, or as JSON
    Cdi,
    /// Have an emulated card go wrong, and see that it is noticed (root)
    Drill(Drill),
    /// What the answers of --json are, as JSON Schema
    Schema,
    /// Completions for a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
}

/// How long to watch.
#[derive(Debug, clap::Args)]
pub struct Watch {
    /// Seconds between looks
    #[arg(long, short = 'n', value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    pub interval: Duration,
    /// Look so many times, as text
    #[arg(long, value_name = "N")]
    pub count: Option<u64>,
    /// Look once, as text
    #[arg(long, conflicts_with = "count")]
    pub once: bool,
}

/// How to listen.
#[derive(Debug, clap::Args)]
pub struct Monitor {
    /// Open the card, as its user, and listen by the driver's notifier; else watch beside its user
    #[arg(long)]
    pub own: bool,
    /// End after so many events
    #[arg(long, value_name = "N")]
    pub count: Option<u64>,
    /// End after so many seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub time: Option<Duration>,
}

/// What to record.
#[derive(Debug, clap::Args)]
pub struct Trace {
    /// Where the trace goes
    #[arg(long, short, value_name = "FILE", default_value = "goya-trace.json")]
    pub output: PathBuf,
    /// Record for so many seconds, if there is no command
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds, conflicts_with_all = ["input", "command"])]
    pub time: Duration,
    /// KiB of the kernel's buffer for each processor
    #[arg(long, value_name = "KIB", default_value_t = 8192, value_parser = clap::value_parser!(u64).range(1..=0xFFFF_FFFF), conflicts_with = "input")]
    pub buffer: u64,
    /// Take a trace that the kernel has written ("trace" of tracefs, or trace-cmd report), and record nothing
    #[arg(long, value_name = "FILE", conflicts_with = "command")]
    pub input: Option<PathBuf>,
    /// The emulated card's own trace (goya-card --trace), to be shown beside
    #[arg(long, value_name = "FILE")]
    pub card_trace: Option<PathBuf>,
    /// Record while this runs
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// What to copy.
#[derive(Debug, clap::Args)]
pub struct Copy {
    /// Bytes, with K, M or G
    #[arg(long, short, default_value = "16M", value_parser = size)]
    pub size: u64,
    /// How often
    #[arg(long, short = 'n', default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub count: u32,
}

/// What to measure.
#[derive(Debug, clap::Args)]
pub struct Bench {
    /// Bytes of a copy, with K, M or G [default: 16M, or as much as this user may pin]
    #[arg(long, short, value_parser = size)]
    pub size: Option<u64>,
    /// How often each is measured
    #[arg(long, short = 'n', default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub count: u32,
    /// Submissions to measure
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    pub submissions: u32,
    /// Draw a chart
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
}

/// What to run.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example: eight bytes again and again in 4 KiB of SRAM, and back into a file.
fill.txt has this line, and may have comments (#):
  lin_dma source=0x1122334455667788 destination=0x7ff0008000 size=4096 \
direction=host_to_sram flags=fill

  goyactl run fill.txt --queue dma2 --get 0x7ff0008000:4096=out.bin

\"goyactl disasm FILE\" shows the text of packets that are bytes.")]
pub struct Run {
    /// Packets as text, or with --binary as bytes; - is standard input
    pub file: PathBuf,
    /// The queue: dma0 to dma4, mme, tpc0 to tpc7
    #[arg(long, short, default_value = "dma1", value_parser = queue)]
    pub queue: goya::Queue,
    /// The file has bytes, not text
    #[arg(long)]
    pub binary: bool,
    /// Before, put a file at an address of the card; - is standard input
    #[arg(long, value_name = "ADDRESS=FILE", value_parser = put)]
    pub put: Vec<(u64, PathBuf)>,
    /// Afterwards, fetch so many bytes from an address of the card into a file
    #[arg(long, value_name = "ADDRESS:SIZE=FILE", value_parser = get)]
    pub get: Vec<(u64, u64, PathBuf)>,
    /// Seconds that it may take
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub timeout: Duration,
}

/// Kernels.
#[derive(Debug, Subcommand)]
pub enum Kernel {
    /// Those that come with the library
    List,
    /// Run one on files
    Run(KernelRun),
}

/// What to run on what.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples: a sum, of NumPy's files and of bare elements (\"goyactl kernel list\"
says what each kernel takes):
  goyactl kernel run add_f32 -t a=a.npy -t b=b.npy -t c=1024x16:c.npy
  goyactl kernel run add_f32 -t a=1024:a.bin -t b=1024:b.bin -t c=1024:c.bin")]
pub struct KernelRun {
    /// Its name
    pub name: String,
    /// A tensor: its sizes, and the file that is read, or written if it is an output
    ///
    /// The first size is that of the innermost dimension, which is NumPy's last. A file that ends in .npy is NumPy's; if it is
    /// read, it says the sizes itself. Any other has the elements' bytes.
    #[arg(long, short, value_name = "NAME=[SIZExSIZE...:]FILE", value_parser = tensor)]
    pub tensor: Vec<Tensor>,
    /// A scalar
    #[arg(long, short, value_name = "NAME=VALUE", value_parser = scalar, allow_hyphen_values = true)]
    pub scalar: Vec<(String, String)>,
    /// Bytes of an element, where the kernel takes any: 1, 2 or 4 [default: 4, or as a .npy file says]
    #[arg(long, value_name = "BYTES", value_parser = element)]
    pub element: Option<u32>,
    /// Cores to share the work, the first ones
    #[arg(long, default_value_t = goya::tpc::CORES, value_parser = clap::value_parser!(u32).range(1..=i64::from(goya::tpc::CORES)))]
    pub cores: u32,
    /// Seconds that it may take
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub timeout: Duration,
}

/// A tensor, and where its elements are, or go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    /// Which of the kernel's it is.
    pub name: String,
    /// Its sizes, unless its file says them.
    pub sizes: Option<goya::tpc::Index>,
    /// The file.
    pub file: PathBuf,
}

/// What to take apart.
#[derive(Debug, clap::Args)]
pub struct Disasm {
    /// The bytes; - is standard input
    pub file: PathBuf,
    /// They are a tensor core's code, not packets
    #[arg(long)]
    pub tpc: bool,
}

/// How to reset.
#[derive(Debug, clap::Args)]
pub struct Reset {
    /// Softly: engines and queues only
    #[arg(long)]
    pub soft: bool,
    /// Even if somebody has the card, who loses it
    #[arg(long)]
    pub force: bool,
    /// Seconds that it may take
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    pub timeout: Duration,
}

/// How to export.
#[derive(Debug, clap::Args)]
pub struct Exporter {
    /// Answer HTTP at this address, such as 127.0.0.1:9478 [default: write to standard output, once]
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<std::net::SocketAddr>,
    /// End after so many answers
    #[arg(long, value_name = "N", requires = "listen")]
    pub count: Option<u64>,
}

/// How to disturb.
#[derive(Debug, clap::Args)]
pub struct Drill {
    /// The emulated card's control socket, or the guest's port to it
    #[arg(long, value_name = "PATH", env = "GOYA_CONTROL", default_value = "/dev/virtio-ports/goya.ctl0")]
    pub control: PathBuf,
}

/// Whether somebody who has made a mistake wants to be told of it as JSON.
pub fn wants_json(arguments: impl Iterator<Item = std::ffi::OsString>) -> bool {
    let arguments: Vec<_> = arguments.take_while(|argument| argument != "--").collect();
    let format = arguments.windows(2).any(|two| two[0] == "--format" && two[1] == "json");
    format || arguments.iter().any(|argument| argument == "--json" || argument == "--format=json")
}

/// A time that can be added to any other: a year at most.
fn seconds(text: &str) -> Result<Duration, String> {
    const RANGE: std::ops::RangeInclusive<Duration> =
        Duration::from_millis(50)..=Duration::from_secs(365 * 24 * 3600);
    let seconds = text.parse().ok().and_then(|s| Duration::try_from_secs_f64(s).ok());
    seconds.filter(|s| RANGE.contains(s)).ok_or_else(|| "seconds, from 0.05 to a year of them".to_owned())
}

fn size(text: &str) -> Result<u64, String> {
    values::size(text, 1).filter(|n| *n > 0).ok_or_else(|| "a size like 4096, 64K, 16M or 1G".to_owned())
}

fn queue(text: &str) -> Result<goya::Queue, String> {
    goya::Queue::from_name(text).ok_or_else(|| "dma0 to dma4, mme, tpc0 to tpc7".to_owned())
}

fn put(text: &str) -> Result<(u64, PathBuf), String> {
    let parts = text.split_once('=').and_then(|(at, file)| Some((values::number(at)?, file.into())));
    parts.ok_or_else(|| "an address and a file, with = between".to_owned())
}

fn get(text: &str) -> Result<(u64, u64, PathBuf), String> {
    let parts = text.split_once('=').and_then(|(place, file)| {
        let (at, len) = place.split_once(':')?;
        Some((values::number(at)?, size(len).ok().or_else(|| values::number(len))?, file.into()))
    });
    parts.ok_or_else(|| "an address, : and a size, = and a file".to_owned())
}

fn tensor(text: &str) -> Result<Tensor, String> {
    let parts = text.split_once('=').and_then(|(name, rest)| {
        let said = rest.split_once(':').and_then(|(first, file)| Some((sizes(first)?, file)));
        let (sizes, file) = said.map_or((None, rest), |(sizes, file)| (Some(sizes), file));
        let file = PathBuf::from(file);
        let told = sizes.is_some() || goya_npy::is_npy(&file);
        (told && !name.is_empty() && !file.as_os_str().is_empty()).then(|| Tensor {
            name: name.to_owned(),
            sizes,
            file,
        })
    });
    parts.ok_or_else(|| {
        "as a=1024x16:FILE, with one to five sizes, the innermost first, or a=FILE.npy".to_owned()
    })
}

/// Sizes of one to five dimensions.
fn sizes(text: &str) -> Option<goya::tpc::Index> {
    let mut all = [1; 5];
    let sizes: Vec<u32> = text.split('x').map(str::parse).collect::<Result<_, _>>().ok()?;
    all.get_mut(..sizes.len())?.copy_from_slice(&sizes);
    Some(all)
}

fn element(text: &str) -> Result<u32, String> {
    text.parse().ok().filter(|size| [1, 2, 4].contains(size)).ok_or_else(|| "1, 2 or 4".to_owned())
}

fn scalar(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    parts.ok_or_else(|| "a name and a value, with = between".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Options::command().debug_assert();
    }

    /// Nothing is better than the names of files.
    #[test]
    fn shells_propose_no_files_for_a_card() {
        let mut script = Vec::new();
        clap_complete::generate(Shell::Bash, &mut Options::command(), "goyactl", &mut script);
        let script = String::from_utf8(script).unwrap();
        let card = script.split("--card)").nth(1).and_then(|rest| rest.split(";;").next()).unwrap();
        assert!(!card.contains("compgen -f"), "{card}");
    }

    #[test]
    fn words_are_understood() {
        assert_eq!((size("64K"), size("3"), size("1G")), (Ok(65536), Ok(3), Ok(1 << 30)));
        assert!(["", "M", "0", "-1", "99999999999G", "1T"].iter().all(|text| size(text).is_err()));
        assert_eq!(queue("tpc7"), Ok(goya::Queue::Tpc7));
        assert!(["dma5", "tpc8", "tpc", "x", ""].iter().all(|text| queue(text).is_err()));
        assert_eq!(put("0x10=a=b"), Ok((16, "a=b".into())));
        assert_eq!(get("0x7ff0008000:64=x"), Ok((0x7F_F000_8000, 64, "x".into())));
        assert_eq!(get("16:0x40=x"), Ok((16, 64, "x".into())));
        assert!(put("x=y").is_err() && get("1=2").is_err());
        let given = |sizes, file: &str| Ok(Tensor { name: "a".into(), sizes, file: file.into() });
        assert_eq!(tensor("a=64x2:f.bin"), given(Some([64, 2, 1, 1, 1]), "f.bin"));
        assert_eq!(tensor("a=64:f.npy"), given(Some([64, 1, 1, 1, 1]), "f.npy"));
        assert_eq!(tensor("a=d:f.npy"), given(None, "d:f.npy"));
        let none = ["a=1x2x3x4x5x6:f", "a=:f", "a=1", "a=f.bin", "a=", "=f.npy", "a=64:", "a"];
        assert!(none.iter().all(|text| tensor(text).is_err()));
        assert!(element("2") == Ok(2) && element("3").is_err());
        assert!(seconds("0.5").is_ok() && seconds("3e7").is_ok());
        assert!(["0", "-1", "nan", "inf", "1e9", "1e18", ""].iter().all(|text| seconds(text).is_err()));
    }

    #[test]
    fn json_has_two_spellings() {
        let format = |args: &[&str]| {
            Options::try_parse_from([&["goyactl"][..], args].concat()).map(|options| options.format()).ok()
        };
        assert_eq!(format(&["list"]), Some(Format::Text));
        assert_eq!(format(&["list", "--json"]), Some(Format::Json));
        assert_eq!(format(&["--format", "csv", "info"]), Some(Format::Csv));
        assert_eq!(format(&["--format", "csv", "--json", "info"]), None);
    }

    /// What one option would have another be for nothing is refused.
    #[test]
    fn options_do_not_contradict_each_other() {
        let fits = |args: &[&str]| Options::try_parse_from([&["goyactl"][..], args].concat()).is_ok();
        for contradictory in [
            &["top", "--once", "--count", "2"][..],
            &["trace", "--input", "a", "--time", "3"],
            &["trace", "--input", "a", "--buffer", "3"],
            &["trace", "--input", "a", "true"],
            &["trace", "--time", "3", "true"],
            &["exporter", "--count", "3"],
        ] {
            assert!(!fits(contradictory), "{contradictory:?}");
        }
        assert!(fits(&["trace", "--buffer", "3", "true", "--time", "3"]) && fits(&["trace", "--input", "a"]));
    }

    #[test]
    fn mistakes_are_told_in_the_form_that_was_asked_for() {
        let json = |args: &[&str]| wants_json(args.iter().map(Into::into));
        assert!(json(&["frob", "--json"]) && json(&["--format", "json", "x"]) && json(&["--format=json"]));
        assert!(!json(&["frob"]) && !json(&["--format", "csv"]) && !json(&["run", "--", "--json"]));
    }
}
