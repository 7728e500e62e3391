// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What was busy when, in lines of characters.

use crate::Colours;

/// A time at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The letter of what was done.
    pub mark: char,
    /// From when on, in nanoseconds.
    pub start: u64,
    pub end: u64,
}

/// A line: something that works, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    pub name: String,
    pub spans: Vec<Span>,
}

/// The narrowest line and the widest.
const WIDTH: std::ops::RangeInclusive<usize> = 16..=100;
/// Columns of a line that are no bar.
const BESIDE: usize = 21;

/// Lines of at most so many columns, and above them the first and the last time.
pub fn draw(lanes: &[Lane], columns: usize, colours: &Colours) -> String {
    let spans = || lanes.iter().flat_map(|lane| &lane.spans);
    let width = columns.saturating_sub(BESIDE).clamp(*WIDTH.start(), *WIDTH.end());
    let start = spans().map(|span| span.start).min().unwrap_or(0);
    let end = spans().map(|span| span.end).max().unwrap_or(0).max(start + 1);
    let total = format!("{} us", microseconds(end - start));
    let left = width.saturating_sub(total.len());
    let mut text = format!("  {:<7}0{}{total}{:>9} us\n", "", " ".repeat(left.saturating_sub(1)), "busy");
    let known: Vec<_> = spans().fold(Vec::new(), |mut known, span| {
        if !known.contains(&span.mark) {
            known.push(span.mark);
        }
        known
    });
    for lane in lanes {
        let marks = marks(&lane.spans, start, end, width);
        let busy: u64 = lane.spans.iter().map(|span| span.end.saturating_sub(span.start)).sum();
        let (name, bar) = (&lane.name, bar(&marks, &known, colours));
        text.push_str(&format!("  {name:<7}{bar}{:>9} us\n", microseconds(busy)));
    }
    text
}

fn microseconds(nanoseconds: u64) -> u64 {
    nanoseconds.saturating_add(500) / 1000
}

/// What each column shows: what took most of its time, or nothing if nothing was done then.
fn marks(spans: &[Span], start: u64, end: u64, width: usize) -> Vec<char> {
    let edge = |n: usize| start + (u128::from(end - start) * n as u128 / width as u128) as u64;
    let column = |n: usize| {
        let (from, to) = (edge(n), edge(n + 1).max(edge(n) + 1));
        let within = |span: &Span| span.end.min(to).saturating_sub(span.start.max(from));
        let longest = spans.iter().filter(|span| within(span) > 0).max_by_key(|span| within(span));
        longest.map_or('.', |span| span.mark)
    };
    (0..width).map(column).collect()
}

/// The columns as they are printed; the letters that are `known` have colours, six by turns.
fn bar(marks: &[char], known: &[char], colours: &Colours) -> String {
    let equal = marks.chunk_by(|a, b| a == b);
    let paint = |marks: &[char]| {
        let text: String = marks.iter().collect();
        let number = known.iter().position(|mark| *mark == marks[0]);
        number.map_or(text.clone(), |number| colours.paint(&format!("3{}", 1 + number % 6), &text))
    };
    equal.map(paint).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(mark: char, start: u64, end: u64) -> Span {
        Span { mark, start, end }
    }

    #[test]
    fn columns_show_what_took_most_of_them() {
        let spans = [span('a', 100, 126), span('b', 126, 150), span('c', 199, 200)];
        assert_eq!(String::from_iter(marks(&spans, 100, 200, 10)), "aaabb....c");
        assert_eq!(String::from_iter(marks(&spans, 100, 200, 2)), "ac");
        assert_eq!(String::from_iter(marks(&[], 0, 1, 5)), ".....");
    }

    #[test]
    fn lines_are_as_long_as_the_terminal_is_wide_at_most() {
        let lane = |name: &str, spans: &[Span]| Lane { name: name.into(), spans: spans.to_vec() };
        let lanes = [
            lane("dma1", &[span('i', 5000, 6000), span('i', 7000, 8000)]),
            lane("tpc0", &[span('f', 8000, 4_005_000)]),
        ];
        for columns in [40, 80, 200] {
            let text = draw(&lanes, columns, &Colours(false));
            let lengths: Vec<_> = text.lines().map(str::len).collect();
            assert_eq!(lengths, [columns.min(121); 3], "{text}");
        }
        let text = draw(&lanes, 41, &Colours(false));
        let expected = [
            "         0            4000 us     busy us",
            "  dma1   i...................        2 us",
            "  tpc0   ffffffffffffffffffff     3997 us",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
        assert!(draw(&lanes, 41, &Colours(true)).contains("\x1b[32mffff"));
    }
}
