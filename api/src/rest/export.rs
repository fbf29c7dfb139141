//! All events of a list, in batches: each is read when the client has taken the one before, so that an export of any
//! length needs the memory of one batch and holds no connection while the client is slow.

use std::{io::Write, sync::Arc};

use actix_web::{http::StatusCode, web::Bytes};
use domain::{
    event::request::Endpoint,
    page::{Cursor, Page},
};
use futures_util::stream;
use storage::{Connection, events::Listing};

use super::{
    csv,
    encoder::Encoder,
    error::{Answer, Refusal},
    event_json::FullEvent,
    format::{Content, Format},
    load::{self, Reader},
    names::Names,
};
use crate::{caller::RequestContext, guard::What};

/// Rows of the first batch, and the fewest and most of any later one.
const FIRST_ROWS: u32 = 100;
const ROWS: (u32, u32) = (20, 1_000);

/// Bytes that a piece should have: a client that does not read it makes the server keep it.
const PIECE: usize = 1 << 20;

/// How events are shown.
#[derive(Debug)]
pub struct View {
    /// The door through which they are asked for.
    pub endpoint: Endpoint,
    /// In which form.
    pub format: Format,
    /// Whether CSV begins with the names of its columns.
    pub header: bool,
}

impl View {
    /// The name under which a list stands in JSON.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self.endpoint {
            Endpoint::SingleEvents => "singleEvents",
            Endpoint::TrackerEvents => "trackerEvents",
            Endpoint::Events | Endpoint::Typed => "events",
        }
    }
}

/// An export under way.
pub struct Export {
    reader: Reader,
    listing: Listing,
    view: View,
    names: Names,
    encoder: Encoder,
    after: Option<Cursor>,
    rows: u32,
    is_first: bool,
}

/// A piece of an export, and the rest of it; `None` after the last piece.
type Piece = (Bytes, Option<Box<Export>>);

/// Who reads, and what the audit log says of each piece.
type Log = (Arc<RequestContext>, What);

impl Export {
    /// An export that has not begun.
    ///
    /// # Errors
    /// When nothing can be packed.
    pub fn new(reader: Reader, listing: Listing, view: View, names: Names) -> Answer<Self> {
        let encoder = Encoder::new(view.format.packing, view.format.file()).map_err(broken)?;
        Ok(Export {
            reader,
            listing,
            view,
            names,
            encoder,
            after: None,
            rows: FIRST_ROWS,
            is_first: true,
        })
    }

    /// Answers with the events. What goes wrong before the first batch is a refusal; later the answer breaks off, so that
    /// no client takes a part for the whole.
    ///
    /// # Errors
    /// When the first batch cannot be read, or its metadata have no identifier.
    pub async fn respond(self, context: Arc<RequestContext>, read: What) -> Answer {
        let mut response = self.view.format.response();
        let log = Arc::new((context, read));
        let (first, rest) = Box::new(self).next(&log).await?;
        let Some(rest) = rest else {
            return Ok(response.body(first));
        };
        let pieces = stream::unfold(State::Ready(first, rest), move |state| {
            let log = Arc::clone(&log);
            async move { state.next(&log).await }
        });
        Ok(response.streaming(Box::pin(pieces)))
    }

    /// The next piece, once it is logged that it is handed out.
    async fn next(self: Box<Self>, (context, read): &Log) -> Answer<Piece> {
        let db = context.db();
        // The client decides how long the whole takes.
        db.begin_anew();
        let run = db.run("export events", move |conn| Ok(self.step(conn)));
        let (rows, piece) = run.await??;
        let rows = Some(rows);
        context
            .log_read(What {
                rows,
                ..read.clone()
            })
            .await?;
        Ok(piece)
    }

    /// Reads and writes one batch.
    fn step(mut self: Box<Self>, conn: &mut Connection) -> Answer<(usize, Piece)> {
        let page = Page::after(self.rows, self.after.take());
        let (rows, more) = storage::events::list(conn, &self.listing, &page)?;
        if more {
            let last = rows.last();
            self.after = last.map(|row| storage::events::cursor(&self.listing, row));
        }
        let events = load::complete(conn, &self.reader, self.listing.kind, rows, &mut self.names)?;
        self.names.check()?;
        self.write(&events, !more).map_err(broken)?;
        let piece = match more {
            true => {
                let piece = self.encoder.take();
                self.rows = next_rows(self.rows, piece.len());
                (piece.into(), Some(self))
            }
            false => (self.encoder.finish().map_err(broken)?.into(), None),
        };
        Ok((events.len(), piece))
    }

    fn write(&mut self, events: &[FullEvent], is_last: bool) -> std::io::Result<()> {
        let is_first = std::mem::replace(&mut self.is_first, false);
        match self.view.format.content {
            Content::Csv => {
                if is_first && self.view.header {
                    csv::write_header(&mut self.encoder)?;
                }
                for event in events {
                    csv::write_event(&mut self.encoder, event, &self.names)?;
                }
            }
            Content::Json => {
                if is_first {
                    write!(self.encoder, "{{\"{}\":[", self.view.key())?;
                }
                for (place, event) in events.iter().enumerate() {
                    if !is_first || place > 0 {
                        self.encoder.write_all(b",")?;
                    }
                    let shown = event.to_json(self.view.endpoint, &self.names, &self.reader.fields);
                    serde_json::to_writer(&mut self.encoder, &shown)?;
                }
                if is_last {
                    self.encoder.write_all(b"]}")?;
                }
            }
        }
        Ok(())
    }
}

/// Rows of the next batch, when so many made a piece of so many bytes.
fn next_rows(rows: u32, bytes: usize) -> u32 {
    let fitting = PIECE.saturating_mul(rows as usize) / bytes.max(1);
    u32::try_from(fitting).map_or(ROWS.1, |fitting| fitting.clamp(ROWS.0, ROWS.1))
}

/// Where a streamed answer stands.
enum State {
    /// A piece is ready, the rest is not read yet.
    Ready(Bytes, Box<Export>),
    /// The rest has to be read.
    Reading(Box<Export>),
    /// Everything was sent, or the answer broke off.
    Ended,
}

impl State {
    async fn next(self, log: &Log) -> Option<(Result<Bytes, Refusal>, State)> {
        match self {
            State::Ready(piece, rest) => Some((Ok(piece), State::Reading(rest))),
            State::Reading(export) => Some(match export.next(log).await {
                Ok((piece, Some(rest))) => (Ok(piece), State::Reading(rest)),
                Ok((piece, None)) => (Ok(piece), State::Ended),
                Err(refusal) => (Err(refusal), State::Ended),
            }),
            State::Ended => None,
        }
    }
}

fn broken(error: std::io::Error) -> Refusal {
    tracing::error!(error = %error, "an answer could not be written");
    Refusal::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "the answer could not be written",
    )
}

#[cfg(test)]
mod tests {
    use super::next_rows;

    #[test]
    fn batches_have_as_many_rows_as_make_a_megabyte() {
        assert_eq!(next_rows(100, 100_000), 1_000);
        assert_eq!(next_rows(100, 2 << 20), 50);
        assert_eq!(next_rows(50, 1 << 20), 50);
        assert_eq!(next_rows(100, 500 << 20), 20);
        assert_eq!(next_rows(1_000, 0), 1_000);
    }
}
