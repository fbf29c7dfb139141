//! The bytes of an answer as they are produced: plain, gzip or a zip of one file, handed out piece by piece.

use std::{
    io::{Result, Write},
    sync::{Arc, Mutex, PoisonError},
};

use flate2::write::GzEncoder;
use zip::{
    ZipWriter,
    write::{SimpleFileOptions, StreamWriter},
};

/// How an answer is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// As it is.
    Plain,
    /// gzip.
    Gzip,
    /// A zip archive that holds one file.
    Zip,
}

/// Packs what is written to it. What is ready can be taken at any time, so that an answer of any length needs little
/// memory.
pub enum Encoder {
    /// As it is.
    Plain(Vec<u8>),
    /// gzip.
    Gzip(GzEncoder<Vec<u8>>),
    /// A zip archive, and what it has put out.
    Zip(Box<ZipWriter<StreamWriter<Output>>>, Output),
}

impl Encoder {
    /// An encoder; `file` is the name of the file within a zip.
    ///
    /// # Errors
    /// When the archive cannot be begun.
    pub fn new(packing: Packing, file: &str) -> Result<Self> {
        Ok(match packing {
            Packing::Plain => Encoder::Plain(Vec::new()),
            Packing::Gzip => {
                Encoder::Gzip(GzEncoder::new(Vec::new(), flate2::Compression::default()))
            }
            Packing::Zip => {
                let output = Output::default();
                let mut archive = ZipWriter::new_stream(output.clone());
                archive.start_file(file, SimpleFileOptions::default().large_file(true))?;
                Encoder::Zip(Box::new(archive), output)
            }
        })
    }

    /// Takes the bytes that are ready.
    pub fn take(&mut self) -> Vec<u8> {
        match self {
            Encoder::Plain(bytes) => std::mem::take(bytes),
            Encoder::Gzip(encoder) => std::mem::take(encoder.get_mut()),
            Encoder::Zip(_, output) => output.take(),
        }
    }

    /// Ends the answer and takes its last bytes.
    ///
    /// # Errors
    /// When the archive cannot be ended.
    pub fn finish(self) -> Result<Vec<u8>> {
        match self {
            Encoder::Plain(bytes) => Ok(bytes),
            Encoder::Gzip(encoder) => encoder.finish(),
            Encoder::Zip(archive, output) => {
                archive.finish()?;
                Ok(output.take())
            }
        }
    }
}

impl Write for Encoder {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        match self {
            Encoder::Plain(ready) => ready.write(bytes),
            Encoder::Gzip(encoder) => encoder.write(bytes),
            Encoder::Zip(archive, _) => archive.write(bytes),
        }
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

/// Bytes that an archive has put out: the archive keeps one handle, who sends them the other.
#[derive(Debug, Clone, Default)]
pub struct Output(Arc<Mutex<Vec<u8>>>);

impl Output {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let mut ready = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ready.write(bytes)
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, Read as _};

    fn packed(packing: Packing) -> Vec<u8> {
        let mut encoder = Encoder::new(packing, "events.csv").expect("an encoder");
        let mut bytes = Vec::new();
        for line in 0..20_000 {
            writeln!(encoder, "line {line}").expect("a line");
            bytes.extend(encoder.take());
        }
        bytes.extend(encoder.finish().expect("an end"));
        bytes
    }

    #[test]
    fn what_is_packed_in_pieces_is_whole() {
        let plain = String::from_utf8(packed(Packing::Plain)).expect("text");
        assert_eq!(plain.lines().count(), 20_000);
        let mut text = String::new();
        flate2::read::GzDecoder::new(packed(Packing::Gzip).as_slice())
            .read_to_string(&mut text)
            .expect("gzip");
        assert_eq!(text, plain);
        let mut archive = zip::ZipArchive::new(Cursor::new(packed(Packing::Zip))).expect("zip");
        let mut unpacked = String::new();
        archive
            .by_name("events.csv")
            .expect("the file")
            .read_to_string(&mut unpacked)
            .expect("its text");
        assert_eq!(unpacked, plain);
    }
}
