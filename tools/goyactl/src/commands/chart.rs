// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Bar charts as SVG.

use std::fmt::Write;

use super::bench::Row;

const WIDTH: f64 = 640.0;
const LINE: f64 = 26.0;
const LEFT: f64 = 130.0;
const RIGHT: f64 = 120.0;

/// The thin line is cut off at so many times the median: one that took a thousand times as long hides nothing.
const CUT: f64 = 2.0;

/// A bar for each row; rows of one unit have one scale. The thin line goes from the smallest to the largest.
pub fn svg(rows: &[Row]) -> String {
    let height = LINE * (rows.len() as f64 + 2.0);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" \
         font-size=\"13\">\n<title>goyactl bench</title>\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    for (number, row) in rows.iter().enumerate() {
        let far = |row: &Row| row.max.min(CUT * row.median);
        let most = rows.iter().filter(|other| other.unit == row.unit).map(far).fold(0.0, f64::max);
        let scale = |value: f64| (WIDTH - LEFT - RIGHT) * value / most.max(f64::MIN_POSITIVE);
        let top = LINE * (number as f64 + 0.5);
        let middle = top + LINE / 2.0;
        // Texts stand on their line, a little below the middle.
        let base = middle + 4.5;
        let (bar, low, high) = (scale(row.median), LEFT + scale(row.min), LEFT + scale(far(row)));
        let _ = writeln!(
            text,
            "<text x=\"{:.1}\" y=\"{base:.1}\" text-anchor=\"end\">{}</text>\n\
             <rect x=\"{LEFT}\" y=\"{:.1}\" width=\"{bar:.1}\" height=\"{:.1}\" fill=\"#4c78a8\"/>\n\
             <path d=\"M{low:.1} {middle:.1}H{high:.1}\" stroke=\"black\"/>\n\
             <text x=\"{:.1}\" y=\"{base:.1}\">{} {}</text>",
            LEFT - 8.0,
            row.name.replace('_', " "),
            top + 4.0,
            LINE - 8.0,
            high.max(LEFT + bar) + 8.0,
            number_of(row.median),
            row.unit.replace("us", "µs"),
        );
    }
    let _ = writeln!(
        text,
        "<text x=\"{LEFT}\" y=\"{:.1}\" font-size=\"11\" fill=\"#555\">bar: median; line: smallest to largest, {CUT} times the \
         median at most</text>",
        height - LINE / 2.0
    );
    text + "</svg>\n"
}

fn number_of(value: f64) -> String {
    if value < 100.0 { format!("{value:.2}") } else { format!("{value:.0}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_share_a_scale_with_their_unit() {
        let row = |name: &str, unit, median| Row {
            name: name.into(),
            unit,
            median,
            min: median,
            max: median,
            count: 1,
        };
        let text = svg(&[row("a_b", "GB/s", 2.0), row("c", "GB/s", 1.0), row("d", "us", 50.0)]);
        let widths: Vec<_> =
            text.lines().filter_map(|line| line.split(" width=\"").nth(1)?.split('"').next()).collect();
        assert_eq!(widths, ["100%", "390.0", "195.0", "390.0"]);
        assert!(
            text.contains(">a b</text>") && text.contains(">2.00 GB/s</text>") && text.contains("50.00 µs")
        );
        assert!(text.starts_with("<svg ") && text.ends_with("</svg>\n"));
        // One that took long does not make the others invisible.
        let text = svg(&[Row { max: 5000.0, ..row("d", "us", 50.0) }]);
        assert!(text.contains("width=\"195.0\"") && text.contains("H520.0"), "{text}");
    }
}
