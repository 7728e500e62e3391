// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! An image goes through the card, and comes back changed.

mod card;
mod chart;
mod clock;
mod work;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use goya::Device;
use goya::tpc::CORES;
use goya_picture::{Picture, Way, columns};
use goya_tests::Result;
use goya_tests::nodes::Nodes;
use work::Size;

use crate::options::Options;
use crate::{Colours, timeline};

/// Where an image may be, if the user names none: what the guest's runner puts there, and what Debian has.
const PLACES: [&str; 2] = ["/usr/share/goya/demo-image", "/usr/share/pixmaps/debian-logo.png"];
/// The runner's port; not there where nobody wants the picture.
const PORT: &str = "/dev/virtio-ports/goya.picture";
/// Pixels that an image has at most: more are too many for what ordinary users may lock.
const MOST: usize = 1 << 20;

/// The image to take, if there is one.
fn find(options: &Options) -> Option<PathBuf> {
    let known = || PLACES.map(PathBuf::from).into_iter().find(|place| place.exists());
    options.image.clone().or_else(known)
}

/// The size that an image is taken in: its own, unless it has too many pixels.
fn limited(width: usize, height: usize) -> [usize; 2] {
    let by = (width as f64 * height as f64 / MOST as f64).sqrt().max(1.0);
    // One that is all but a line keeps a row, or a column, and so is not yet small enough.
    [width, height].map(|size| ((size as f64 / by) as usize).clamp(1, MOST))
}

/// Does it, and says whether all was right.
pub fn show(options: &Options, colours: &Colours) -> Result<bool> {
    println!("\n{}", colours.paint("1", "An image through the card"));
    let Some(path) = find(options) else {
        println!("  skipped    no image is at hand: goya-demo --image FILE, a PNG or a GIF");
        return Ok(true);
    };
    let named = |error: String| format!("{}: {error}", path.display());
    let file = fs::read(&path).map_err(|error| named(error.to_string()))?;
    let mut before = Picture::from_file(&file).map_err(named)?;
    let [width, height] = limited(before.width(), before.height());
    if (width, height) != (before.width(), before.height()) {
        before = before.scaled(width, height);
    }
    let size = Size { width: before.width(), height: before.height() };
    let bands = work::bands(size.height, CORES as usize);
    println!("  image      {}, {} x {} pixels", path.display(), size.width, size.height);
    let pixels = chart::planes(&before);
    let node = Nodes::chosen().compute();
    let device = Device::open_node(Path::new(&node), goya::PATIENCE).map_err(|error| error.to_string())?;
    let done = card::run(&device, &pixels, size, &bands).map_err(|error| error.to_string())?;
    let expected = work::on_host(&pixels, size, &bands);
    let right = done.work == expected;
    println!("  card       {}", done.work.digest());
    println!("  host       {}", expected.digest());
    println!("  compared   {} (SHA-256)", colours.verdict(right));
    println!("  time       {} us, one submission of {} jobs", done.time.as_micros(), 2 + bands.len());
    queues(done.lanes.as_deref(), colours);
    give(&chart::draw(&before, &done.work, size), options, colours)?;
    Ok(right)
}

/// The time line.
fn queues(lanes: Option<&[timeline::Lane]>, colours: &Colours) {
    println!("\n{}", colours.paint("1", "The queues, by the card's own clock"));
    let Some(lanes) = lanes else {
        println!("  unknown    the card's clock stands still, or it took too long for a word of it");
        return;
    };
    let columns = columns();
    print!("{}", timeline::draw(lanes, columns, colours));
    let mut line = String::from(" ");
    for (mark, what) in card::MARKS {
        let next = format!(" {mark} {what} ");
        if line.len() + next.len() > columns.max(30) {
            println!("{}", line.trim_end());
            line = String::from(" ");
        }
        line.push_str(&next);
    }
    println!("{}", line.trim_end());
}

/// Hands the picture to whoever wants it.
fn give(picture: &Picture, options: &Options, colours: &Colours) -> Result {
    let png = picture.to_png()?;
    if let Some(output) = &options.output {
        fs::write(output, &png).map_err(|error| format!("{}: {error}", output.display()))?;
    }
    if Path::new(PORT).exists() {
        let port = fs::File::options().write(true).open(PORT);
        return port.and_then(|mut port| port.write_all(&png)).map_err(|error| format!("{PORT}: {error}"));
    }
    let way =
        if colours.0 || std::env::var_os("GOYA_PICTURE").is_some() { Way::of_output() } else { Way::None };
    let shown = way.show(picture, columns());
    print!("\n{shown}");
    match &options.output {
        Some(output) => println!("The picture is in {}", output.display()),
        None if shown.is_empty() => println!("The picture is kept by --output FILE.png"),
        None => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_has_not_too_many_pixels() {
        assert_eq!(limited(4000, 1000), [2048, 512]);
        assert_eq!(limited(1 << 20, 1), [1 << 20, 1]);
        assert_eq!(limited(7, 9), [7, 9]);
        assert_eq!(limited(10 << 20, 1), [1 << 20, 1]);
    }

    #[test]
    fn the_users_image_comes_first() {
        let options = Options { image: Some("mine.png".into()), output: None };
        assert_eq!(find(&options), Some("mine.png".into()));
    }
}
