// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Chrome's trace event format, which Perfetto reads: a process for each card, and in it a track for each queue.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value, json};

use super::card::Line;
use super::events::Event;

/// Tracks beside those of queues, in the order in which they are shown, and their numbers.
const TRACKS: [(&str, u32); 5] =
    [("resets", 1), ("events", 2), ("firmware messages", 3), ("memory", 4), ("submissions", 5)];
/// Queues, from this number on.
const QUEUES: [&str; 15] = [
    "dma0", "dma1", "dma2", "dma3", "dma4", "cpu", "mme", "tpc0", "tpc1", "tpc2", "tpc3", "tpc4", "tpc5",
    "tpc6", "tpc7",
];
const FIRST_QUEUE: u32 = 10;
/// The process of the card's own trace.
const OWN: u32 = 1000;

/// The number of a track.
fn track(name: &str) -> u32 {
    let queue = QUEUES.iter().position(|queue| *queue == name).map(|n| FIRST_QUEUE + n as u32);
    queue.or_else(|| TRACKS.iter().find(|(track, _)| *track == name).map(|(_, n)| *n)).unwrap_or(9)
}

/// What has begun: when, on which track, and what is known of it.
struct Begun {
    us: f64,
    track: String,
    args: Map<String, Value>,
}

/// The trace under way.
#[derive(Default)]
struct Writer {
    out: Vec<Value>,
    /// Processes by their cards.
    cards: BTreeMap<String, u32>,
    /// What has begun on a track, by an own key, and when.
    begun: HashMap<(u32, String), Begun>,
    last: f64,
}

fn arguments(event: &Event) -> Map<String, Value> {
    let value = |text: &String| text.parse::<u64>().map_or_else(|_| text.clone().into(), Into::into);
    event.fields.iter().map(|(name, text)| (name.clone(), value(text))).collect()
}

impl Writer {
    fn process(&mut self, card: &str) -> u32 {
        let next = self.cards.len() as u32 + 1;
        *self.cards.entry(card.to_owned()).or_insert(next)
    }

    /// Something that lasts.
    fn slice(&mut self, place: (u32, u32), name: &str, (from, to): (f64, f64), args: Map<String, Value>) {
        let (pid, tid) = place;
        self.out.push(json!({
            "ph": "X", "pid": pid, "tid": tid, "name": name, "ts": from, "dur": (to - from).max(0.0), "args": args,
        }));
    }

    /// Something that happens.
    fn instant(&mut self, place: (u32, u32), name: &str, us: f64, args: Map<String, Value>) {
        let (pid, tid) = place;
        self.out
            .push(json!({"ph": "i", "s": "t", "pid": pid, "tid": tid, "name": name, "ts": us, "args": args}));
    }

    fn begin(&mut self, pid: u32, key: String, us: f64, track: &str, args: Map<String, Value>) {
        self.begun.insert((pid, key), Begun { us, track: track.to_owned(), args });
    }

    /// The end of what has begun; nothing if that was before the trace.
    fn end(&mut self, pid: u32, key: &str, us: f64, name: &str, more: Map<String, Value>) {
        if let Some(mut begun) = self.begun.remove(&(pid, key.to_owned())) {
            begun.args.extend(more);
            self.slice((pid, track(&begun.track)), name, (begun.us, us), begun.args);
        }
    }

    fn event(&mut self, event: &Event) {
        let pid = self.process(&event.card);
        self.last = self.last.max(event.us);
        let (us, args) = (event.us, arguments(event));
        let field = |name: &str| event.field(name).unwrap_or("?").to_owned();
        let submission = format!("{}.{}", field("ctx"), field("seq"));
        let job = format!("{submission}.{}", field("job"));
        match event.name.as_str() {
            "goya_job_start" => self.begin(pid, job, us, &field("queue"), args),
            "goya_job_complete" => self.end(pid, &job, us, &submission, args),
            // Submissions overlap: each is a line of its own.
            "goya_cs_submit" | "goya_cs_complete" => {
                let phase = if event.name.ends_with("submit") { "b" } else { "e" };
                self.out.push(json!({
                    "ph": phase, "cat": "submission", "id": submission, "name": submission, "pid": pid,
                    "tid": track("submissions"), "ts": us, "args": args,
                }));
            }
            "goya_reset_start" => self.begin(pid, "reset".into(), us, "resets", args),
            "goya_reset_done" => self.end(pid, "reset", us, &format!("{} reset", field("kind")), args),
            "goya_event" => {
                self.instant((pid, track("events")), &format!("event {}", field("event")), us, args)
            }
            "goya_fw_message" => {
                let lasted = field("ns").parse::<f64>().unwrap_or(0.0) / 1e3;
                let name = format!("message {}", field("opcode"));
                self.slice((pid, track("firmware messages")), &name, (us - lasted, us), args);
            }
            other => {
                let name = other.trim_start_matches("goya_mmu_").trim_start_matches("goya_");
                self.instant((pid, track("memory")), name, us, args);
            }
        }
    }

    /// What has not ended lasts until the end.
    fn finish(&mut self) {
        for ((pid, key), mut begun) in std::mem::take(&mut self.begun) {
            begun.args.insert("unfinished".into(), true.into());
            let name = if begun.track == "resets" { "reset" } else { key.as_str() };
            self.slice((pid, track(&begun.track)), name, (begun.us, self.last), begun.args);
        }
    }

    fn name(&mut self, pid: u32, tid: Option<u32>, name: &str) {
        let what = if tid.is_some() { "thread_name" } else { "process_name" };
        let tid = tid.unwrap_or(0);
        self.out.push(json!({"ph": "M", "pid": pid, "tid": tid, "name": what, "args": {"name": name}}));
        if tid != 0 {
            let order = json!({"sort_index": tid});
            self.out.push(json!({
                "ph": "M", "pid": pid, "tid": tid, "name": "thread_sort_index", "args": order,
            }));
        }
    }

    /// The card's own trace: a track for each part, queue or whatever it is about.
    fn own(&mut self, lines: &[Line]) {
        let mut tracks = BTreeMap::new();
        for line in lines {
            let next = tracks.len() as u32 + 1;
            let on = if line.part == "reg" { "registers" } else { line.who.as_str() };
            let tid = *tracks.entry(on.to_owned()).or_insert(next);
            let name = if line.what.is_empty() { &line.part } else { &line.what };
            let args = [("part", &line.part), ("who", &line.who)];
            let args = args.map(|(name, value)| (name.to_owned(), Value::from(value.as_str())));
            self.instant((OWN, tid), name, line.us, args.into_iter().collect());
        }
        if !lines.is_empty() {
            self.name(OWN, None, "the card's own trace");
        }
        for (name, tid) in tracks {
            self.name(OWN, Some(tid), &name);
        }
    }
}

/// The whole trace.
pub fn trace(events: &[Event], own: &[Line]) -> Value {
    let mut writer = Writer::default();
    events.iter().for_each(|event| writer.event(event));
    writer.finish();
    for (card, pid) in writer.cards.clone() {
        writer.name(pid, None, &format!("goya {card}"));
        let tracks = TRACKS.iter().map(|(name, _)| *name).chain(QUEUES);
        tracks.for_each(|name| writer.name(pid, Some(track(name)), name));
    }
    writer.own(own);
    json!({"displayTimeUnit": "ns", "traceEvents": writer.out})
}

#[cfg(test)]
mod tests {
    use super::super::events::parse;
    use super::*;

    fn made(text: &str) -> Vec<Value> {
        trace(&parse(text), &[])["traceEvents"].as_array().cloned().unwrap_or_default()
    }

    fn of<'a>(made: &'a [Value], phase: &str) -> Vec<&'a Value> {
        made.iter().filter(|event| event["ph"] == phase).collect()
    }

    #[test]
    fn jobs_are_slices_on_their_queues() {
        let made = made(
            "a-1 [0] . 1.000000: goya_cs_submit: c: ctx: 1, seq: 4, external: 2, internal: 0\n\
             a-1 [0] . 1.000001: goya_job_start: c: ctx: 1, seq: 4, job: 1, queue: dma1\n\
             a-1 [0] . 1.000002: goya_job_start: c: ctx: 1, seq: 4, job: 2, queue: tpc7\n\
             a-1 [0] . 1.000011: goya_job_complete: c: ctx: 1, seq: 4, job: 1, queue: dma1\n\
             a-1 [0] . 1.000012: goya_cs_complete: c: ctx: 1, seq: 4, error: 0\n\
             a-1 [0] . 1.000020: goya_job_complete: c: ctx: 1, seq: 3, job: 9, queue: dma1\n",
        );
        let slices = of(&made, "X");
        assert_eq!(slices.len(), 2);
        assert_eq!((&slices[0]["tid"], &slices[0]["name"]), (&json!(track("dma1")), &json!("1.4")));
        assert!((slices[0]["dur"].as_f64().unwrap() - 10.0).abs() < 1e-3);
        // One that has not ended lasts until the end.
        assert_eq!((&slices[1]["tid"], &slices[1]["args"]["unfinished"]), (&json!(24), &json!(true)));
        assert_eq!((of(&made, "b").len(), of(&made, "e").len()), (1, 1));
        let names: Vec<_> = of(&made, "M").iter().map(|m| m["args"]["name"].clone()).collect();
        assert!(names.contains(&json!("goya c")) && names.contains(&json!("dma1")));
    }

    #[test]
    fn events_and_resets() {
        let made = made(
            "a-1 [0] . 1.0: goya_event: c: event: 36\n\
             a-1 [0] . 2.0: goya_reset_start: c: hard, error: 0\n\
             a-1 [0] . 3.0: goya_fw_message: c: opcode: 32, argument: 0x0, result: 0x1, error: 0, ns: 500000\n\
             a-1 [0] . 4.0: goya_reset_done: c: hard, error: 0\n\
             a-1 [0] . 5.0: goya_mmu_map: c: ctx: 1, vaddr: 0x1000, paddr: 0x0, size: 0x1000, psize: 0x1000\n",
        );
        let instants = of(&made, "i");
        assert_eq!((&instants[0]["name"], &instants[1]["name"]), (&json!("event 36"), &json!("map")));
        let slices = of(&made, "X");
        assert_eq!(
            slices.iter().map(|s| s["name"].as_str().unwrap()).collect::<Vec<_>>(),
            ["message 32", "hard reset"]
        );
        assert_eq!((&slices[0]["dur"], &slices[1]["dur"]), (&json!(500.0), &json!(2e6)));
    }
}
