//! As much of HTTP/1.1 as a benchmark needs: the same request again and again on kept connections.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::Result;

/// A request, ready to be sent.
pub struct Request {
    address: String,
    bytes: Vec<u8>,
}

impl Request {
    pub fn graphql(address: &str, token: &str, body: &serde_json::Value) -> Self {
        let body = body.to_string();
        let text = format!(
            "POST /graphql HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nAccept: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        Request {
            address: address.to_owned(),
            bytes: text.into_bytes(),
        }
    }

    /// Sends it on several connections at once, on each again as soon as it is answered, until the time is over. Returns how
    /// long each answer took. One thread serves all connections, so that the server has the others.
    pub fn again_and_again(&self, connections: usize, time: Duration) -> Result<Vec<Duration>> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()?;
        let until = Instant::now() + time;
        runtime.block_on(async {
            let mut loads = tokio::task::JoinSet::new();
            for _ in 0..connections {
                loads.spawn(load(self.address.clone(), self.bytes.clone(), until));
            }
            let mut all = Vec::new();
            for times in loads.join_all().await {
                all.extend(times?);
            }
            Ok(all)
        })
    }
}

/// How long each answer of one connection took.
async fn load(
    address: String,
    request: Vec<u8>,
    until: Instant,
) -> std::result::Result<Vec<Duration>, String> {
    let text = |error: std::io::Error| error.to_string();
    let mut stream = tokio::net::TcpStream::connect(&address)
        .await
        .map_err(text)?;
    stream.set_nodelay(true).map_err(text)?;
    let mut times = Vec::new();
    let mut answer = Vec::with_capacity(1 << 16);
    loop {
        let sent = Instant::now();
        if sent >= until {
            return Ok(times);
        }
        stream.write_all(&request).await.map_err(text)?;
        answer.clear();
        while !is_whole(&answer)? {
            if stream.read_buf(&mut answer).await.map_err(text)? == 0 {
                return Err("the server closed a connection".to_owned());
            }
        }
        times.push(sent.elapsed());
    }
}

/// Whether an answer has come to its end. It must be a success of stated length.
fn is_whole(answer: &[u8]) -> std::result::Result<bool, String> {
    const LENGTH: &[u8] = b"\r\ncontent-length: ";
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(false);
    };
    let head = &answer[..end];
    if !head.starts_with(b"HTTP/1.1 200") {
        return Err(String::from_utf8_lossy(answer).into_owned());
    }
    let start = head
        .windows(LENGTH.len())
        .position(|part| part.eq_ignore_ascii_case(LENGTH))
        .ok_or("an answer without a length")?;
    let digits = head[start + LENGTH.len()..]
        .split(|byte| *byte == b'\r')
        .next();
    let length: usize = std::str::from_utf8(digits.unwrap_or_default())
        .ok()
        .and_then(|digits| digits.parse().ok())
        .ok_or("a length that is no number")?;
    Ok(answer.len() == end + 4 + length)
}

/// A connection that is kept for the next question, of a caller who waits for each answer.
#[derive(Default)]
pub struct Kept(Option<TcpStream>);

impl Kept {
    /// Asks and returns the body, whatever its status. A connection that failed is opened anew by the next question. `body`
    /// is JSON to be posted; without one it is a GET.
    pub fn ask(
        &mut self,
        address: &str,
        token: &str,
        path: &str,
        body: Option<&str>,
    ) -> Result<String> {
        let method = if body.is_some() { "POST" } else { "GET" };
        let body = body.unwrap_or_default();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        // A server may close a connection that was idle, which shows when the next question finds nobody.
        if let Some(stream) = self.0.take()
            && let Some(answer) = self.exchange(stream, request.as_bytes())?
        {
            return Ok(answer);
        }
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        let answer = self.exchange(stream, request.as_bytes())?;
        answer.ok_or_else(|| "the server closed a connection".into())
    }

    /// Asks over a connection; `None` when it was closed before a byte came.
    fn exchange(&mut self, mut stream: TcpStream, request: &[u8]) -> Result<Option<String>> {
        stream.write_all(request)?;
        let mut answer = Vec::with_capacity(1 << 14);
        let mut piece = [0; 1 << 14];
        let start = loop {
            let read = stream.read(&mut piece)?;
            match (read, answer.is_empty()) {
                (0, true) => return Ok(None),
                (0, false) => return Err("the server broke an answer off".into()),
                (read, _) => answer.extend_from_slice(&piece[..read]),
            }
            if let Some(start) = end_of_head(&answer)
                && is_complete(&answer, start)?
            {
                break start;
            }
        };
        self.0 = Some(stream);
        Ok(Some(String::from_utf8_lossy(&answer[start..]).into_owned()))
    }
}

/// Where the body of an answer begins.
fn end_of_head(answer: &[u8]) -> Option<usize> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some(end + 4)
}

/// Whether the body that begins at `start` is all there: by its length, or by the last chunk.
fn is_complete(answer: &[u8], start: usize) -> Result<bool> {
    let head = String::from_utf8_lossy(&answer[..start]).to_ascii_lowercase();
    let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name));
    match field("content-length: ") {
        Some(length) => Ok(answer.len() == start + length.parse::<usize>()?),
        None => Ok(answer.ends_with(b"\r\n0\r\n\r\n")),
    }
}

/// Asks once in HTTP/1.0 and returns the whole body, which ends with the connection and must be a success. `body` is JSON to
/// be posted; without one it is a GET.
pub fn once(address: &str, token: &str, path: &str, body: Option<&[u8]>) -> Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(600)))?;
    let method = if body.is_some() { "POST" } else { "GET" };
    let mut head = format!(
        "{method} {path} HTTP/1.0\r\nHost: {address}\r\nAuthorization: ApiToken {token}\r\n"
    );
    if let Some(body) = body {
        head.push_str(&format!(
            "Content-Type: application/json\r\nContent-Length: {}\r\n",
            body.len()
        ));
    }
    stream.write_all(head.as_bytes())?;
    stream.write_all(b"\r\n")?;
    stream.write_all(body.unwrap_or_default())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let body = answer.split_off(end.ok_or("an answer without a body")? + 4);
    let status = String::from_utf8_lossy(&answer);
    let status = status.lines().next().unwrap_or_default();
    match status.split(' ').nth(1) {
        Some("200" | "409") => Ok(body),
        _ => Err(format!("{status}: {}", String::from_utf8_lossy(&body)).into()),
    }
}
