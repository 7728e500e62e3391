// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! A sample as text, for logs and pipes.

use super::sample::Sample;
use crate::output::{BAD, DIM, GOOD, TITLE, bytes, paint};
use crate::system::{holders, hwmon};

/// A few lines about a card.
pub fn show(sample: &Sample) -> String {
    let style = if sample.status == "operational" { GOOD } else { BAD };
    let name = sample.name.as_deref().unwrap_or("card");
    let mut text = format!(
        "{}  {} {}  {}\n",
        paint(TITLE, name),
        sample.node,
        paint(DIM, &sample.pci_address),
        paint(style, &sample.status)
    );
    let busy = sample.engines.iter().filter(|engine| engine.busy_percent > 0.0);
    let busy: Vec<_> = busy.map(|engine| format!("{} {:.0}%", engine.name, engine.busy_percent)).collect();
    let mut line = |what: &str, value: String| text += &format!("  {what:<8} {value}\n");
    line("engines", if busy.is_empty() { "idle".to_owned() } else { busy.join("  ") });
    line("memory", memory(sample));
    line("clock", clock(sample));
    line("power", power(sample));
    line("sensors", sensors(sample));
    line("users", users(sample).join(", "));
    text
}

/// Used and whole memory.
pub fn memory(sample: &Sample) -> String {
    let both = sample.memory_used_bytes.zip(sample.memory_total_bytes);
    both.map_or_else(not_told, |(used, total)| format!("{} of {}", bytes(used), bytes(total)))
}

/// Clock, and why it is slow.
pub fn clock(sample: &Sample) -> String {
    let both = sample.clock_mhz.zip(sample.clock_max_mhz);
    let clock = both.map_or_else(not_told, |(now, most)| format!("{now} of {most} MHz"));
    let slow = if sample.slow_for.is_empty() {
        String::new()
    } else {
        format!(", slow for {}", sample.slow_for.join(" and "))
    };
    clock + &slow
}

/// Power, and the load that the driver sees in it.
pub fn power(sample: &Sample) -> String {
    let power = sample.power_mw.map_or_else(not_told, |mw| format!("{:.1} W", mw as f64 / 1e3));
    power + &sample.utilization_percent.map_or(String::new(), |load| format!(", load {load}%"))
}

fn sensors(sample: &Sample) -> String {
    let each = sample.sensors.iter().filter(|sensor| !sensor.is("power"));
    let each: Vec<_> = each
        .filter_map(|sensor| Some(format!("{} {}", sensor.name, hwmon::human(sensor.input?, sensor.unit))))
        .collect();
    if each.is_empty() { not_told() } else { each.join("  ") }
}

/// Who has the card.
pub fn users(sample: &Sample) -> Vec<String> {
    let users = sample.users.iter();
    let users: Vec<_> = users.map(|user| format!("{} (process {})", user.command, user.pid)).collect();
    match (users.is_empty(), sample.in_use) {
        (false, _) => users,
        (true, Some(true)) => vec![holders::HIDDEN.to_owned()],
        (true, _) => vec!["nobody".to_owned()],
    }
}

fn not_told() -> String {
    "not told".to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::sample::tests::example;
    use super::*;

    #[test]
    fn a_sample_as_text() {
        let text = anstream::adapter::strip_str(&show(&example())).to_string();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], "HL-100  /dev/accel/accel0 0000:01:00.0  operational");
        assert!(lines[1].starts_with("  engines  dma1 8%  ") && lines[1].ends_with("tpc7 100%"));
        assert_eq!(lines[2], "  memory   1 GiB of 4 GiB");
        assert_eq!(lines[3], "  clock    800 of 1600 MHz, slow for heat");
        assert_eq!(lines[4], "  power    25.0 W, load 12%");
        assert_eq!(lines[5], "  sensors  temp1 41.0 °C  fan1 2100 rpm");
        assert_eq!(lines[6], "  users    train (process 321)");
    }

    #[test]
    fn what_is_not_told_is_said_to_be() {
        let sample = Sample { memory_used_bytes: None, users: Vec::new(), sensors: Vec::new(), ..example() };
        let text = show(&sample);
        assert!(text.contains("memory   not told"));
        // Whom one does not see may be there.
        assert!(text.contains("users    somebody (root"), "{text}");
        for in_use in [Some(false), None] {
            assert!(show(&Sample { in_use, ..sample.clone() }).contains("users    nobody"));
        }
    }
}
