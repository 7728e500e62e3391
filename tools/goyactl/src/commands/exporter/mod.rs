// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! `goyactl exporter`: what Prometheus reads.

mod metrics;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use crate::chosen;
use crate::failure::{Failure, Result};
use crate::options::Exporter;
use crate::output::Output;

/// How long a reader may take, and how much it may say.
const PATIENCE: Duration = Duration::from_secs(5);
const REQUEST: u64 = 8192;

/// Exports.
pub fn run(name: Option<&str>, how: &Exporter, output: &Output) -> Result {
    if output.is_json() {
        return Err(Failure::usage(
            "the exporter has a form of its own: \"goyactl top --once --json\" has JSON",
        ));
    }
    match how.listen {
        None => output.text(metrics::of(&chosen::cards(name)?)),
        Some(address) => serve(name, address, how.count, output),
    }
}

fn serve(name: Option<&str>, address: SocketAddr, count: Option<u64>, output: &Output) -> Result {
    let listener = TcpListener::bind(address).map_err(|error| {
        Failure::from(error)
            .with(&format!("Nothing can listen at {address}: is it another's, or a port below 1024?"))
    })?;
    output.line(format_args!("listening at http://{}/metrics", listener.local_addr()?))?;
    let mut left = count;
    for stream in listener.incoming() {
        // Readers come one by one, and one that breaks off harms nobody.
        if let Err(error) = stream.and_then(|stream| answer(name, stream)) {
            anstream::eprintln!("goyactl: a reader: {error}");
        }
        left = left.map(|left| left.saturating_sub(1));
        if left == Some(0) {
            break;
        }
    }
    Ok(())
}

fn answer(name: Option<&str>, mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut first = String::new();
    let mut request = BufReader::new((&stream).take(REQUEST));
    request.read_line(&mut first)?;
    // All that it says has to be read, or closing tells it that something was lost.
    let mut line = String::new();
    while line != "\r\n" && line != "\n" {
        line.clear();
        if request.read_line(&mut line)? == 0 {
            break;
        }
    }
    let response = match route(&first) {
        Route::Metrics => {
            // Cards may come and go; none is no failure of the exporter's.
            let cards = chosen::cards(name).unwrap_or_default();
            response("200 OK", "text/plain; version=0.0.4; charset=utf-8", &metrics::of(&cards))
        }
        Route::Nowhere => response("404 Not Found", "text/plain", "see /metrics\n"),
        Route::Wrong => response("405 Method Not Allowed", "text/plain", "GET only\n"),
    };
    stream.write_all(response.as_bytes())
}

#[derive(Debug, PartialEq, Eq)]
enum Route {
    Metrics,
    Nowhere,
    Wrong,
}

/// What the first line of a request asks for.
fn route(line: &str) -> Route {
    let mut words = line.split_whitespace();
    match (words.next(), words.next().map(|target| target.split('?').next().unwrap_or(target))) {
        (Some("GET"), Some("/metrics" | "/")) => Route::Metrics,
        (Some("GET"), _) => Route::Nowhere,
        _ => Route::Wrong,
    }
}

fn response(status: &str, kind: &str, body: &str) -> String {
    let len = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len}\r\nConnection: close\r\n\r\n{body}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_understood() {
        assert_eq!(route("GET /metrics HTTP/1.1\r\n"), Route::Metrics);
        assert_eq!(route("GET /metrics?x=1 HTTP/1.0\r\n"), Route::Metrics);
        assert_eq!(route("GET /other HTTP/1.1\r\n"), Route::Nowhere);
        assert_eq!(route("POST /metrics HTTP/1.1\r\n"), Route::Wrong);
        assert_eq!(route(""), Route::Wrong);
    }

    #[test]
    fn answers_have_their_length() {
        let text = response("200 OK", "text/plain", "é\n");
        assert!(text.contains("Content-Length: 3\r\n") && text.ends_with("\r\n\r\né\n"));
    }
}
