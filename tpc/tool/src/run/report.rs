// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! What is shown of a run, as text and as JSON.

use std::io::{self, Write};

use goya_chip::tpc::{Profile, Progress, Registers};
use goya_tpc_isa::dis;
use serde_json::{Map, Value, json};

use super::machine::{Machine, Running};
use super::options::RunOptions;
use super::tensor::{self, Tensor};
use super::{registers, values};

/// How far a core is.
pub fn state(running: &Running) -> String {
    let words = running.core.words;
    match (&running.progress, &running.fault) {
        (Progress::Running, _) => format!("not at its end after {words} words"),
        (Progress::Halted, _) => format!("halted after {words} words"),
        (Progress::Stopped(stop), None) => format!("stopped after {words} words: {stop}"),
        (Progress::Stopped(stop), Some(fault)) => format!("stopped after {words} words: {stop}: {fault}"),
    }
}

/// Runs all cores, and shows each word with what it changes.
pub fn trace(machine: &mut Machine, json: bool, out: &mut impl Write) -> io::Result<()> {
    let mut on = true;
    while on {
        on = false;
        for number in 0..machine.cores.len() {
            let Some(running) = machine.cores.get(number) else { continue };
            if running.progress != Progress::Running {
                continue;
            }
            let (word, count, before) =
                (running.core.word(), running.core.words, running.core.registers.clone());
            on |= machine.advance(number, 1);
            let (Some(running), text) = (
                machine.cores.get(number),
                machine.program.get(word as usize).map_or("behind the program".into(), dis::text),
            ) else {
                continue;
            };
            // A core that may not go on executes nothing.
            if running.core.words == count {
                continue;
            }
            let after = &running.core.registers;
            let changed = registers::differing(&before, after);
            if json {
                let changed: Map<_, _> = changed
                    .into_iter()
                    .map(|register| (register.to_string(), registers::text(after, register, None).into()))
                    .collect();
                writeln!(out, "{}", json!({"core": number, "word": word, "text": text, "changed": changed}))?;
            } else {
                writeln!(out, "{number} {word:6}: {text}")?;
                for register in changed {
                    writeln!(out, "    {register} = {}", registers::text(after, register, None))?;
                }
            }
        }
    }
    Ok(())
}

/// The end of a run as text.
pub fn text(
    options: &RunOptions,
    machine: &Machine,
    tensors: &[Tensor],
    out: &mut impl Write,
) -> io::Result<()> {
    for (number, running) in machine.cores.iter().enumerate() {
        writeln!(out, "core {number}: {}", state(running))?;
        if options.registers {
            let state = &running.core.registers;
            for register in registers::differing(&Registers::default(), state) {
                writeln!(out, "    {register} = {}", registers::text(state, register, None))?;
            }
        }
    }
    for (number, tensor) in tensors.iter().enumerate().filter(|(_, tensor)| tensor.is_printed()) {
        writeln!(out, "tensor {number}: {} {}", tensor.ty.suffix(), tensor::shape(&tensor.sizes))?;
        let elements: Vec<_> = tensor.elements().map(|bytes| values::text(tensor.ty, bytes)).collect();
        for row in elements.chunks((tensor.sizes[0] as usize).max(1)) {
            writeln!(out, "    {}", row.join(" "))?;
        }
    }
    Ok(())
}

/// The same as JSON. Elements of a tensor are in the order of memory.
pub fn json(options: &RunOptions, machine: &Machine, tensors: &[Tensor]) -> Value {
    let cores: Vec<_> = machine.cores.iter().map(|running| core(options, running)).collect();
    let printed = tensors.iter().enumerate().filter(|(_, tensor)| tensor.is_printed());
    let printed = printed.map(|(number, tensor)| {
        let elements: Vec<_> = tensor.elements().map(|bytes| values::json(tensor.ty, bytes)).collect();
        json!({"tensor": number, "type": tensor.ty.suffix(), "sizes": tensor.sizes, "elements": elements})
    });
    json!({"cores": cores, "tensors": printed.collect::<Vec<_>>()})
}

fn core(options: &RunOptions, running: &Running) -> Value {
    let Profile { loads, stores, stalls } = running.core.profile;
    let mut value = json!({"words": running.core.words, "loads": loads, "stores": stores, "stalls": stalls});
    let Some(fields) = value.as_object_mut() else { return value };
    let state = match &running.progress {
        Progress::Running => "running",
        Progress::Halted => "halted",
        Progress::Stopped(stop) => {
            fields.insert("word".into(), stop.word.into());
            fields.insert("cause".into(), stop.cause.to_string().into());
            fields.insert("reason".into(), running.fault.clone().or_else(|| stop.reason.clone()).into());
            "stopped"
        }
    };
    fields.insert("state".into(), state.into());
    if options.registers {
        let state = &running.core.registers;
        let registers: Map<_, _> = registers::differing(&Registers::default(), state)
            .into_iter()
            .map(|register| (register.to_string(), registers::text(state, register, None).into()))
            .collect();
        fields.insert("registers".into(), registers.into());
    }
    value
}
