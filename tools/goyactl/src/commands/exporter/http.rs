// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! As much of HTTP as a reader of metrics speaks: one request a connection.

use std::io::{ErrorKind, Read, Result, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// How long a reader may take for its request, and again for the answer, and how much it may say.
pub const PATIENCE: Duration = Duration::from_secs(5);
const REQUEST: usize = 8192;

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// The metrics.
    Metrics,
    /// How long the metrics are.
    Head,
    /// Something that is not there.
    Nowhere,
    /// Something that cannot be done.
    Wrong,
    /// This is no request.
    Garbage,
    /// It did not come in time.
    Late,
    /// It has no end.
    Large,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    status: &'static str,
    kind: &'static str,
    body: String,
    /// The length is told, and no more.
    head: bool,
}

impl Answer {
    /// Metrics.
    pub const fn metrics(body: String, head: bool) -> Self {
        Self { status: "200 OK", kind: "text/plain; version=0.0.4; charset=utf-8", body, head }
    }

    /// A line for people.
    pub fn line(status: &'static str, text: &str) -> Self {
        Self { status, kind: "text/plain; charset=utf-8", body: format!("{text}\n"), head: false }
    }

    /// What is said to a request that is not for metrics.
    pub fn refusal(route: Route) -> Self {
        match route {
            Route::Nowhere => Self::line("404 Not Found", "see /metrics"),
            Route::Wrong => Self::line("405 Method Not Allowed\r\nAllow: GET, HEAD", "GET only"),
            Route::Late => Self::line("408 Request Timeout", "too late"),
            Route::Large => Self::line("431 Request Header Fields Too Large", "too much"),
            Route::Metrics | Route::Head | Route::Garbage => Self::line("400 Bad Request", "no request"),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let Self { status, kind, body, head } = self;
        let len = body.len();
        let body = if *head { "" } else { body };
        format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len}\r\nConnection: close\r\n\r\n{body}"
        )
        .into_bytes()
    }
}

/// What the first line of a request asks for.
fn route(request: &[u8]) -> Route {
    let line = request.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let Ok(line) = std::str::from_utf8(line) else { return Route::Garbage };
    let words: Vec<_> = line.split_whitespace().collect();
    let [method, target, version] = words[..] else { return Route::Garbage };
    if !version.starts_with("HTTP/1.") {
        return Route::Garbage;
    }
    let target = target.split('?').next().unwrap_or(target);
    match (method, target) {
        ("GET", "/metrics" | "/") => Route::Metrics,
        ("HEAD", "/metrics" | "/") => Route::Head,
        ("GET" | "HEAD", _) => Route::Nowhere,
        _ => Route::Wrong,
    }
}

/// Whether all of a request's head is there: an empty line ends it.
fn is_whole(request: &[u8]) -> bool {
    request.windows(4).any(|end| end == b"\r\n\r\n") || request.windows(2).any(|end| end == b"\n\n")
}

/// Reads a request, however slowly it comes: it is the whole of it that has to be there in time.
pub fn request(stream: &mut TcpStream, patience: Duration) -> Result<Route> {
    let end = Instant::now() + patience;
    let mut request = Vec::new();
    let mut piece = [0; 1024];
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(Route::Late);
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut piece) {
            // It has said all that it wants to say.
            Ok(0) => return Ok(if request.is_empty() { Route::Garbage } else { route(&request) }),
            Ok(len) => request.extend(piece.iter().take(len)),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Ok(Route::Late);
            }
            Err(error) => return Err(error),
        }
        if is_whole(&request) {
            return Ok(route(&request));
        }
        if request.len() > REQUEST {
            return Ok(Route::Large);
        }
    }
}

/// Answers, and hears out for a moment what the reader says yet: closing before that would tell it that its answer is lost.
pub fn answer(stream: &mut TcpStream, answer: &Answer) -> Result<()> {
    const MOMENT: Duration = Duration::from_millis(200);
    let end = Instant::now() + PATIENCE;
    let bytes = answer.bytes();
    let mut rest = &bytes[..];
    while !rest.is_empty() {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        stream.set_write_timeout(Some(left))?;
        match stream.write(rest) {
            Ok(len) => rest = rest.get(len..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    // It may have gone with what it has.
    let _ = stream.shutdown(std::net::Shutdown::Write);
    stream.set_read_timeout(Some(MOMENT))?;
    let end = Instant::now() + MOMENT;
    let mut piece = [0; 1024];
    while Instant::now() < end && stream.read(&mut piece).is_ok_and(|len| len > 0) {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn requests_are_understood() {
        assert_eq!(route(b"GET /metrics HTTP/1.1\r\n\r\n"), Route::Metrics);
        assert_eq!(route(b"GET /metrics?x=1 HTTP/1.0\r\n"), Route::Metrics);
        assert_eq!(route(b"HEAD / HTTP/1.1\n\n"), Route::Head);
        assert_eq!(route(b"GET /other HTTP/1.1\r\n"), Route::Nowhere);
        assert_eq!(route(b"POST /metrics HTTP/1.1\r\n"), Route::Wrong);
        for garbage in [&b""[..], b"\xff\xfe / HTTP/1.1", b"GET /metrics", b"GET / SPDY/3", b"\0\0\0\n"] {
            assert_eq!(route(garbage), Route::Garbage, "{garbage:?}");
        }
    }

    #[test]
    fn answers_have_their_length() {
        let text = |answer: Answer| String::from_utf8(answer.bytes()).unwrap();
        let whole = text(Answer::metrics("é\n".into(), false));
        assert!(whole.contains("Content-Length: 3\r\n") && whole.ends_with("\r\n\r\né\n"), "{whole}");
        let head = text(Answer::metrics("é\n".into(), true));
        assert!(head.contains("Content-Length: 3\r\n") && head.ends_with("\r\n\r\n"), "{head}");
        assert!(text(Answer::refusal(Route::Wrong)).contains("\r\nAllow: GET, HEAD\r\n"));
    }

    /// What becomes of a request that is sent in these pieces.
    fn sent(pieces: &[&[u8]], close: bool) -> Route {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut reader = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut stream, _) = listener.accept().unwrap();
        for piece in pieces {
            reader.write_all(piece).unwrap();
        }
        if close {
            reader.shutdown(std::net::Shutdown::Write).unwrap();
        }
        request(&mut stream, Duration::from_millis(300)).unwrap()
    }

    #[test]
    fn requests_come_in_pieces_and_have_an_end() {
        assert_eq!(
            sent(&[b"GET /me", b"trics HTTP/1.1\r\n", b"Host: x\r\n\r", b"\n"], false),
            Route::Metrics
        );
        assert_eq!(sent(&[b"GET / HTTP/1.0\r\n"], true), Route::Metrics);
        assert_eq!(sent(&[], true), Route::Garbage);
        assert_eq!(sent(&[&[b'x'; 3 * REQUEST]], false), Route::Large);
        assert_eq!(sent(&[b"GET"], false), Route::Late);
    }
}
