//! As much of HTTP/1.1 as a benchmark needs: the same request again and again on one connection.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::Duration,
};

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

    pub fn connect(&self) -> Result<Connection<'_>> {
        let stream = TcpStream::connect(&self.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Connection {
            request: self,
            stream: BufReader::new(stream),
        })
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

/// A connection that is kept.
pub struct Connection<'a> {
    request: &'a Request,
    stream: BufReader<TcpStream>,
}

impl Connection<'_> {
    /// Sends the request.
    pub fn send(&mut self) -> Result<()> {
        Ok(self.stream.get_mut().write_all(&self.request.bytes)?)
    }

    /// The body of the next answer, which must be a success of stated length.
    pub fn receive(&mut self) -> Result<Vec<u8>> {
        let status = self.line()?;
        let mut length = None;
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = Some(value.trim().parse::<usize>()?);
            }
        }
        let mut body = vec![0; length.ok_or("an answer without a length")?];
        self.stream.read_exact(&mut body)?;
        if status.split(' ').nth(1) == Some("200") {
            return Ok(body);
        }
        Err(format!("{status}: {}", String::from_utf8_lossy(&body)).into())
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }
}
