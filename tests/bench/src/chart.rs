// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The report as a picture: how many times better each row is than upstream's, a bar each, with its spread.

use std::error::Error;
use std::path::Path;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::report::{Advantage, Drivers};

/// Pixels: a row's height, the whole width, and the room for titles.
const ROW: u32 = 20;
const WIDTH: u32 = 1000;
const TITLES: u32 = 330;
const MARGIN: u32 = 60;
/// What is outside is cut off.
const RANGE: std::ops::Range<f64> = 0.1..200.0;

/// Draws the rows that both drivers have into `file`.
pub fn draw(drivers: &Drivers, file: &Path) -> Result<(), String> {
    let rows = drivers.advantages();
    if rows.is_empty() {
        return Err("there is nothing to draw".to_owned());
    }
    try_draw(&rows, file).map_err(|e| format!("{}: {e}", file.display()))
}

fn try_draw(rows: &[Advantage], file: &Path) -> Result<(), Box<dyn Error>> {
    let height = rows.len() as u32 * ROW + 2 * MARGIN;
    let area = SVGBackend::new(file, (WIDTH, height)).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption("goya.ko: times better than habanalabs", ("sans-serif", 20))
        .margin(10)
        .x_label_area_size(30)
        .y_label_area_size(TITLES)
        .build_cartesian_2d(RANGE.log_scale(), 0.0..rows.len() as f64)?;
    chart.configure_mesh().disable_y_mesh().disable_y_axis().x_label_formatter(&|x| format!("{x}")).draw()?;
    let clamp = |x: f64| x.clamp(RANGE.start, RANGE.end);
    for (n, row) in rows.iter().enumerate() {
        let middle = rows.len() as f64 - n as f64 - 0.5;
        let colour = if row.ratio < 1.0 { RGBColor(200, 60, 50) } else { RGBColor(60, 130, 90) };
        let ratio = clamp(row.ratio);
        chart
            .draw_series([Rectangle::new([(1.0, middle - 0.35), (ratio, middle + 0.35)], colour.filled())])?;
        let [low, high] = row.spread.map(clamp);
        chart.draw_series([PathElement::new([(low, middle), (high, middle)], BLACK)])?;
        let (_, y) = chart.backend_coord(&(1.0, middle));
        let style = ("sans-serif", 13).into_font().color(&BLACK).pos(Pos::new(HPos::Right, VPos::Center));
        area.draw(&Text::new(row.title.clone(), (TITLES as i32, y), style.clone()))?;
        let (x, _) = chart.backend_coord(&(high.max(ratio).max(1.0), middle));
        let style = style.pos(Pos::new(HPos::Left, VPos::Center));
        area.draw(&Text::new(format!("{:.2}", row.ratio), (x + 5, y), style))?;
    }
    area.present()?;
    Ok(())
}
