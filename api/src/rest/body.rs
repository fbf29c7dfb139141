//! Bodies of any size up to a limit, parsed while they arrive: what is held is what was parsed, not the text.

use std::io::{self, Read};

use actix_web::{
    http::StatusCode,
    web::{self, Bytes},
};
use futures_util::StreamExt;
use tokio::sync::mpsc::{Receiver, channel};

use super::error::{Answer, Refusal};

/// Largest body of an import, bytes.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimit(pub usize);

/// Chunks that wait for the parser.
const WAITING: usize = 8;

/// Hands a body to `parse` on a thread that may block.
///
/// # Errors
/// 413 when it is longer than `limit`, 400 when it breaks off or cannot be parsed.
pub async fn read<T: Send + 'static>(
    mut body: web::Payload,
    limit: BodyLimit,
    parse: impl FnOnce(Chunks) -> storage::Result<T> + Send + 'static,
) -> Answer<T> {
    let (sender, receiver) = channel::<Bytes>(WAITING);
    let chunks = Chunks {
        receiver,
        rest: Bytes::new(),
    };
    let parser = tokio::task::spawn_blocking(move || parse(chunks));
    let mut length = 0;
    while let Some(chunk) = body.next().await {
        let chunk =
            chunk.map_err(|_| Refusal::bad_request("the body could not be read to its end"))?;
        length += chunk.len();
        if length > limit.0 {
            let message = format!("the body is longer than {} bytes", limit.0);
            return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, message));
        }
        // The parser stops listening when it found a fault, which it tells below.
        if sender.send(chunk).await.is_err() {
            break;
        }
    }
    drop(sender);
    let parsed = parser.await;
    let failed = |_| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "the parser stopped");
    Ok(parsed.map_err(failed)??)
}

/// The body as a reader that blocks until more arrives.
pub struct Chunks {
    receiver: Receiver<Bytes>,
    rest: Bytes,
}

impl Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() {
            match self.receiver.blocking_recv() {
                None => return Ok(0),
                Some(chunk) => self.rest = chunk,
            }
        }
        let length = self.rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&self.rest.split_to(length));
        Ok(length)
    }
}
