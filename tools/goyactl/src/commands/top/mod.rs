// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! `goyactl top`: what cards do, as a screen, or as text and JSON where there is none.

mod plain;
mod sample;
mod screen;

use std::io::IsTerminal;
use std::thread;
use std::time::{Duration, Instant};

use goya::Card;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use crate::chosen;
use crate::failure::{Kind, Result};
use crate::options::Watch;
use crate::output::{Format, Output, Titles};
use crate::signals;
use sample::Meter;
pub use sample::Sample;
use screen::Screen;

/// How often is looked whether engines are busy: their share of the time comes from that.
const LOOK: Duration = Duration::from_millis(100);

/// Watches.
pub fn run(name: Option<&str>, watch: &Watch, output: &Output) -> Result {
    let cards = chosen::cards(name)?;
    cards.iter().try_for_each(chosen::permitted)?;
    let count = if watch.once { Some(1) } else { watch.count };
    let terminal = std::io::stdout().is_terminal() && std::io::stdin().is_terminal();
    if terminal && count.is_none() && output.is_text() {
        return full(&cards, watch.interval);
    }
    let mut meters: Vec<_> = cards.iter().map(Meter::new).collect();
    let mut titles = Titles::default();
    for round in 0.. {
        if count.is_some_and(|count| round >= count) {
            break;
        }
        for sample in sample(&mut meters, watch.interval, || false) {
            match output.format() {
                Format::Json => output.json_line("top", &sample)?,
                Format::Csv => output.csv_line(&mut titles, &Sample::titles(), &sample.cells())?,
                Format::Text => output.text(plain::show(&sample))?,
            }
        }
    }
    Ok(())
}

/// Looks at all cards for an interval, or until `stop` says so.
fn sample(meters: &mut [Meter], interval: Duration, mut stop: impl FnMut() -> bool) -> Vec<Sample> {
    let end = Instant::now() + interval;
    loop {
        meters.iter_mut().for_each(Meter::look);
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() || stop() {
            return meters.iter_mut().map(Meter::sample).collect();
        }
        thread::sleep(left.min(LOOK));
    }
}

/// What a key asks for.
enum Wish {
    Nothing,
    Next,
    Leave,
}

/// The keys that were pressed meanwhile.
fn wish() -> Result<Wish> {
    let mut wish = Wish::Nothing;
    while event::poll(Duration::ZERO)? {
        match event::read()? {
            Event::Key(key) if key.kind == KeyEventKind::Press => match key.code {
                KeyCode::Char('q') | KeyCode::Esc => return Ok(Wish::Leave),
                KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                    return Ok(Wish::Leave);
                }
                KeyCode::Tab | KeyCode::Right | KeyCode::Down => wish = Wish::Next,
                _ => {}
            },
            Event::Resize(..) => wish = Wish::Nothing,
            _ => {}
        }
    }
    Ok(wish)
}

fn full(cards: &[Card], interval: Duration) -> Result {
    // Whoever ends it by a signal gets the terminal back as it was.
    signals::watch()?;
    thread::spawn(leave_with_terminal);
    let mut terminal = ratatui::try_init()?;
    let result = watch(&mut terminal, cards, interval);
    ratatui::restore();
    result
}

/// Ends the program when its terminal is gone: there is nothing left to put in order, and crossterm would read the end of its input
/// again and again, whatever signal comes.
fn leave_with_terminal() {
    let stdin = std::io::stdin();
    // What is gone is told even to those who ask for nothing.
    let mut terminal = [PollFd::new(&stdin, PollFlags::empty())];
    while poll(&mut terminal, -1).is_err_and(|error| error == Errno::INTR) {}
    if terminal[0].revents().intersects(PollFlags::HUP | PollFlags::ERR) {
        std::process::exit(i32::from(Kind::Interrupted as u8));
    }
}

fn watch(terminal: &mut ratatui::DefaultTerminal, cards: &[Card], interval: Duration) -> Result {
    let mut meters: Vec<_> = cards.iter().map(Meter::new).collect();
    let mut screen = Screen::new(cards.len());
    // The first look is short, so that there is something to see.
    let mut time = LOOK * 2;
    loop {
        let mut said = Ok(Wish::Nothing);
        let samples = sample(&mut meters, time, || {
            said = wish();
            signals::came() || !matches!(said, Ok(Wish::Nothing))
        });
        time = interval;
        signals::check()?;
        match said? {
            Wish::Leave => return Ok(()),
            Wish::Next => screen.next(),
            Wish::Nothing => screen.take(samples),
        }
        terminal.draw(|frame| screen.draw(frame))?;
    }
}
