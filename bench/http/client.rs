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

/// A connection that is kept.
pub struct Connection<'a> {
    request: &'a Request,
    stream: BufReader<TcpStream>,
}

impl Connection<'_> {
    /// Sends the request and returns the body of the answer, which must be a success of stated length.
    pub fn exchange(&mut self) -> Result<Vec<u8>> {
        self.stream.get_mut().write_all(&self.request.bytes)?;
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
