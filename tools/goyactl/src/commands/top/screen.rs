// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The screen.

use std::collections::VecDeque;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Gauge, Paragraph, Sparkline};

use super::plain;
use super::sample::{Engine, Sample};
use crate::system::hwmon::{self, Sensor};

/// Samples whose load is kept: more than a wide screen shows.
const HISTORY: usize = 512;

/// What is shown.
#[derive(Debug)]
pub struct Screen {
    chosen: usize,
    samples: Vec<Sample>,
    /// Load of each card, the newest last.
    histories: Vec<VecDeque<u64>>,
    colours: bool,
}

impl Screen {
    /// A screen for so many cards.
    pub fn new(cards: usize) -> Self {
        let colours = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self { chosen: 0, samples: Vec::new(), histories: vec![VecDeque::new(); cards], colours }
    }

    /// Shows the next card.
    pub fn next(&mut self) {
        self.chosen = (self.chosen + 1) % self.histories.len().max(1);
    }

    /// Takes new samples, one a card.
    pub fn take(&mut self, samples: Vec<Sample>) {
        for (history, sample) in self.histories.iter_mut().zip(&samples) {
            history.push_back(sample.busy_percent.round() as u64);
            if history.len() > HISTORY {
                history.pop_front();
            }
        }
        self.samples = samples;
    }

    fn colour(&self, colour: Color) -> Style {
        if self.colours { Style::new().fg(colour) } else { Style::new() }
    }

    /// From green to red.
    fn load(&self, percent: f64) -> Style {
        self.colour(match percent {
            ..50.0 => Color::Green,
            50.0..85.0 => Color::Yellow,
            _ => Color::Red,
        })
    }

    /// Draws the card that is chosen.
    pub fn draw(&self, frame: &mut Frame<'_>) {
        let Some(sample) = self.samples.get(self.chosen) else { return };
        // What the others leave to the sensors.
        let room = frame.area().height.saturating_sub(1 + 9 + 5 + 2 + 3 + 1);
        let columns = columns(sample.sensors.len(), room.into());
        let lines = sample.sensors.len().div_ceil(columns) as u16;
        let rows = [
            Constraint::Length(1),
            Constraint::Length(9),
            Constraint::Length(5),
            Constraint::Length(lines.min(room) + 2),
            Constraint::Min(3),
            Constraint::Length(1),
        ];
        let [head, engines, numbers, sensors, bottom, keys] = Layout::vertical(rows).areas(frame.area());
        self.head(frame, head, sample);
        self.engines(frame, engines, &sample.engines);
        self.numbers(frame, numbers, sample);
        self.sensors(frame, sensors, &sample.sensors, columns);
        let [history, users] =
            Layout::horizontal([Constraint::Percentage(60), Constraint::Percentage(40)]).areas(bottom);
        self.history(frame, history);
        let lines: Vec<_> = plain::users(sample).into_iter().map(Line::from).collect();
        frame.render_widget(Paragraph::new(lines).block(Block::bordered().title(" Users ")), users);
        let more = if self.histories.len() > 1 { "   Tab next card" } else { "" };
        frame.render_widget(Paragraph::new(format!(" q leave{more}")), keys);
    }

    fn head(&self, frame: &mut Frame<'_>, area: Rect, sample: &Sample) {
        let bold = Style::new().add_modifier(Modifier::BOLD);
        let good = sample.status == "operational";
        let line = Line::from(vec![
            Span::styled(format!(" {}", sample.name.as_deref().unwrap_or("card")), bold),
            Span::raw(format!("  {}  {}  ", sample.node, sample.pci_address)),
            Span::styled(&sample.status, self.colour(if good { Color::Green } else { Color::Red })),
            Span::raw(match self.histories.len() {
                0 | 1 => String::new(),
                cards => format!("   card {} of {cards}", self.chosen + 1),
            }),
        ]);
        frame.render_widget(Paragraph::new(line), area);
    }

    /// Two columns of bars.
    fn engines(&self, frame: &mut Frame<'_>, area: Rect, engines: &[Engine]) {
        let block = Block::bordered().title(" Engines ");
        let inner = block.inner(area);
        frame.render_widget(block, area);
        let columns = Layout::horizontal([Constraint::Fill(1); 2]).spacing(2).areas::<2>(inner);
        for (column, part) in columns.into_iter().zip(engines.chunks(7)) {
            let lines = part.iter().map(|engine| self.bar(engine, column.width)).collect::<Vec<_>>();
            frame.render_widget(Paragraph::new(lines), column);
        }
    }

    fn bar(&self, engine: &Engine, width: u16) -> Line<'_> {
        // Name and number take 12 of it.
        let room = usize::from(width.saturating_sub(12));
        let full = ((engine.busy_percent / 100.0 * room as f64).round() as usize).min(room);
        Line::from(vec![
            Span::raw(format!("{:<5} ", engine.name)),
            Span::styled("█".repeat(full), self.load(engine.busy_percent)),
            Span::styled("·".repeat(room - full), Style::new().add_modifier(Modifier::DIM)),
            Span::raw(format!(" {:>3.0}%", engine.busy_percent)),
        ])
    }

    fn numbers(&self, frame: &mut Frame<'_>, area: Rect, sample: &Sample) {
        let block = Block::bordered().title(" Card ");
        let [memory, clock, power] = Layout::vertical([Constraint::Length(1); 3]).areas(block.inner(area));
        frame.render_widget(block, area);
        let share = |now: Option<u64>, most: Option<u64>| match (now, most) {
            (Some(now), Some(most)) if most > 0 => (now as f64 / most as f64).clamp(0.0, 1.0),
            _ => 0.0,
        };
        let row = |frame: &mut Frame<'_>, area, title: &'static str, share: f64, label: String, style| {
            let [left, right] = Layout::horizontal([Constraint::Length(7), Constraint::Fill(1)]).areas(area);
            frame.render_widget(Paragraph::new(title), left);
            frame.render_widget(Gauge::default().ratio(share).label(label).gauge_style(style), right);
        };
        let used = share(sample.memory_used_bytes, sample.memory_total_bytes);
        row(frame, memory, "memory", used, plain::memory(sample), self.load(100.0 * used));
        let speed = share(sample.clock_mhz.map(u64::from), sample.clock_max_mhz.map(u64::from));
        row(frame, clock, "clock", speed, plain::clock(sample), self.colour(Color::Blue));
        let load = share(sample.utilization_percent.map(u64::from), Some(100));
        row(frame, power, "power", load, plain::power(sample), self.colour(Color::Magenta));
    }

    fn sensors(&self, frame: &mut Frame<'_>, area: Rect, sensors: &[Sensor], columns: usize) {
        let block = Block::bordered().title(" Sensors ");
        let inner = block.inner(area);
        frame.render_widget(block, area);
        let areas = Layout::horizontal(vec![Constraint::Fill(1); columns]).spacing(1).split(inner);
        for (column, part) in areas.iter().zip(sensors.chunks(sensors.len().div_ceil(columns).max(1))) {
            let lines =
                part.iter().map(|sensor| self.sensor(sensor, columns == COLUMNS[0])).collect::<Vec<_>>();
            frame.render_widget(Paragraph::new(lines), *column);
        }
    }

    /// Its name, what it measures, and what it should not: only where there is room for that.
    fn sensor(&self, sensor: &Sensor, limits: bool) -> Line<'_> {
        let value = sensor.input.map_or("-".to_owned(), |value| hwmon::human(value, sensor.unit));
        let limit = sensor.crit.or(sensor.max).filter(|limit| *limit > 0);
        let near = sensor.input.zip(limit).map_or(0.0, |(value, limit)| 100.0 * value as f64 / limit as f64);
        let shown = limit.filter(|_| limits);
        let of = shown.map_or(String::new(), |limit| format!(" of {}", hwmon::human(limit, sensor.unit)));
        let style = if sensor.is("temp") { self.load(near) } else { Style::new() };
        Line::from(vec![
            Span::raw(format!("{:<7}", sensor.name)),
            Span::styled(format!("{value:>11}"), style),
            Span::styled(of, Style::new().add_modifier(Modifier::DIM)),
        ])
    }

    fn history(&self, frame: &mut Frame<'_>, area: Rect) {
        let block = Block::bordered().title(" Busiest engine ");
        let room = usize::from(block.inner(area).width);
        let history = self.histories.get(self.chosen);
        let all = history.map_or_else(Vec::new, |history| history.iter().copied().collect::<Vec<_>>());
        let shown = all.get(all.len().saturating_sub(room)..).unwrap_or_default();
        let line = Sparkline::default().block(block).data(shown).max(100).style(self.colour(Color::Cyan));
        frame.render_widget(line, area);
    }
}

/// How many columns sensors are shown in: the fewest that have room for all.
const COLUMNS: [usize; 3] = [2, 3, 4];

fn columns(sensors: usize, lines: usize) -> usize {
    let enough = |columns: &usize| sensors.div_ceil(*columns) <= lines;
    COLUMNS.into_iter().find(enough).unwrap_or(COLUMNS[COLUMNS.len() - 1])
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::super::sample::tests::example;
    use super::*;

    fn lines(screen: &Screen, width: u16, height: u16) -> Vec<String> {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| screen.draw(frame)).unwrap();
        let buffer = terminal.backend().buffer().clone();
        let row = |y| (0..width).map(|x| buffer[(x, y)].symbol().to_owned()).collect::<String>();
        (0..height).map(row).collect()
    }

    #[test]
    fn all_is_on_the_screen() {
        let mut screen = Screen::new(2);
        for load in [0.0, 25.0, 50.0, 100.0] {
            screen.take(vec![Sample { busy_percent: load, ..example() }, example()]);
        }
        let lines = lines(&screen, 80, 24);
        let all = lines.join("\n");
        println!("{all}");
        assert!(lines[0].contains("HL-100") && lines[0].contains("card 1 of 2"));
        for text in [
            "tpc7",
            "100%",
            "1 GiB of 4 GiB",
            "800 of 1600 MHz",
            "41.0 °C of 100.0 °C",
            "train (process 321)",
        ] {
            assert!(all.contains(text), "{text} is missing");
        }
        // An engine that is idle has no bar, one that is busy no gap.
        let half = |name: &str| {
            lines.iter().find(|l| l.contains(name)).map(|l| l.chars().take(40).collect::<String>())
        };
        assert!(half("dma0").is_some_and(|bar| bar.contains("dma0  ·") && !bar.contains('█')));
        assert!(lines.iter().any(|l| l.contains('▆') && l.contains('█')));
    }

    #[test]
    fn small_screens_and_no_cards_do_no_harm() {
        let mut screen = Screen::new(1);
        lines(&screen, 80, 24);
        screen.take(vec![Sample {
            engines: Vec::new(),
            sensors: Vec::new(),
            memory_total_bytes: Some(0),
            ..example()
        }]);
        screen.next();
        for (width, height) in [(1, 1), (10, 5), (200, 60), (80, 3)] {
            lines(&screen, width, height);
        }
    }

    #[test]
    fn a_small_terminal_has_all_sensors() {
        let sensor = |n: usize| Sensor { name: format!("temp{n}"), ..example().sensors[0].clone() };
        let mut screen = Screen::new(1);
        screen.take(vec![Sample { sensors: (1..=11).map(sensor).collect(), ..example() }]);
        for (width, height) in [(80, 24), (100, 30)] {
            let all = lines(&screen, width, height).join("\n");
            println!("{all}");
            for n in 1..=11 {
                assert!(all.contains(&format!("temp{n} ")), "temp{n} is missing at {width}x{height}");
            }
            assert_eq!(all.matches("41.0 °C").count(), 11, "{width}x{height}");
            assert!(all.contains("q leave") && all.contains("train (process 321)"));
        }
    }

    #[test]
    fn history_has_an_end() {
        let mut screen = Screen::new(1);
        for _ in 0..HISTORY + 10 {
            screen.take(vec![example()]);
        }
        assert_eq!(screen.histories[0].len(), HISTORY);
    }
}
