// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! `goyactl exporter`: what Prometheus reads.

mod http;
mod metrics;

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use crate::chosen;
use crate::failure::{Failure, Result};
use crate::options::Exporter;
use crate::output::{Output, complain};
use http::{Answer, Route};

/// Readers that are answered at the same time: some that are slow keep nobody waiting.
const READERS: usize = 4;

/// Exports.
pub fn run(name: Option<&str>, how: &Exporter, output: &Output) -> Result {
    output.no_json("the form is Prometheus's; \"goyactl top --once --json\" has the like")?;
    match how.listen {
        None => {
            let cards = chosen::cards(name)?;
            output.text(metrics::of(&cards)?)
        }
        Some(address) => serve(name, address, how.count, output),
    }
}

fn serve(name: Option<&str>, address: SocketAddr, count: Option<u64>, output: &Output) -> Result {
    let listener = TcpListener::bind(address).map_err(|error| {
        Failure::from(error)
            .with(&format!("Nothing can listen at {address}: is it another's, or a port below 1024?"))
    })?;
    output.line(format_args!("listening at http://{}/metrics", listener.local_addr()?))?;
    let listener = Arc::new(listener);
    let (tell, answered) = mpsc::channel();
    for _ in 0..READERS {
        let (listener, name, tell) = (listener.clone(), name.map(str::to_owned), tell.clone());
        thread::spawn(move || {
            loop {
                match listener.accept() {
                    // One that breaks off harms nobody.
                    Ok((stream, _)) => {
                        if let Err(error) = answer(name.as_deref(), stream) {
                            complain(format_args!("a reader: {error}"));
                        }
                    }
                    // Of files there are too few for the moment.
                    Err(error) => {
                        complain(format_args!("no reader: {error}"));
                        thread::sleep(Duration::from_secs(1));
                    }
                }
                if tell.send(()).is_err() {
                    return;
                }
            }
        });
    }
    drop(tell);
    let count = count.and_then(|count| usize::try_from(count).ok()).unwrap_or(usize::MAX);
    answered.into_iter().take(count).for_each(drop);
    Ok(())
}

fn answer(name: Option<&str>, mut stream: TcpStream) -> std::io::Result<()> {
    let answer = match http::request(&mut stream, http::PATIENCE)? {
        route @ (Route::Metrics | Route::Head) => {
            // Cards may come and go; none is no failure of the exporter's.
            let cards = chosen::cards(name).unwrap_or_default();
            match metrics::of(&cards) {
                Ok(text) => Answer::metrics(text, route == Route::Head),
                Err(failure) => Answer::line("500 Internal Server Error", failure.text()),
            }
        }
        other => Answer::refusal(other),
    };
    http::answer(&mut stream, &answer)
}
