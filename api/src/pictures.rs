//! Smaller copies of pictures. What is sent may be made to harm: few bytes may stand for a picture of any size.

use std::io::Cursor;

use actix_web::web::Bytes;
use domain::file::{Dimension, Picture};
use image::{
    DynamicImage, ImageDecoder, ImageFormat, Limits,
    codecs::{
        jpeg::{JpegDecoder, JpegEncoder},
        png::{PngDecoder, PngEncoder},
    },
    metadata::Orientation,
};
use tokio::sync::Semaphore;

/// Pictures that are worked on at a time: each may take some hundred megabytes.
static WORKERS: Semaphore = Semaphore::const_new(2);

/// Most pixels of a picture that copies are made of.
const MOST_PIXELS: u64 = 40_000_000;
/// Memory for the pixels of a picture, bytes.
const MEMORY: u64 = 256 * 1024 * 1024;
/// Most scans of a JPEG, each of which is laid over the whole picture. Those that are made to be looked at have a dozen.
const MOST_SCANS: usize = 100;
/// Quality of the copies of a JPEG, of 100.
const QUALITY: u8 = 85;

/// Copies of a picture, largest first.
type Copies = Vec<(Dimension, Vec<u8>)>;

/// The copies of a picture that are less wide than it is; `None` when none can be made: it is no picture, it is broken or too
/// large. Then it is kept as it is, which costs no more than any other file.
pub async fn copies(content: Bytes, kind: Picture) -> Option<Copies> {
    let _permit = WORKERS.acquire().await.ok()?;
    let made = tokio::task::spawn_blocking(move || make(&content, kind)).await;
    // A decoder that stops with a panic stops its thread's work and nothing else.
    let copies = made.unwrap_or_else(|error| Err(error.to_string()));
    if let Err(reason) = &copies {
        tracing::info!(reason, "a picture is kept without smaller copies");
    }
    copies.ok()
}

/// Makes the copies, in the format that the picture is said to be of.
fn make(content: &[u8], kind: Picture) -> Result<Copies, String> {
    let (mut picture, orientation) = decode(content)?;
    let is_turned = matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    );
    let turned = |(width, height)| match is_turned {
        true => (height, width),
        false => (width, height),
    };
    let (width, height) = turned((picture.width(), picture.height()));
    let mut copies = Copies::new();
    for dimension in Dimension::COPIES {
        let Some(target) = dimension.width().filter(|target| *target < width) else {
            continue;
        };
        let scaled = u64::from(height) * u64::from(target) / u64::from(width);
        let scaled = u32::try_from(scaled).unwrap_or(u32::MAX).max(1);
        let (wide, high) = turned((target, scaled));
        // Each copy is made of the one before, which is smaller than the picture.
        picture = picture.thumbnail_exact(wide, high);
        let mut upright = picture.clone();
        upright.apply_orientation(orientation);
        copies.push((dimension, encode(&upright, kind)?));
    }
    Ok(copies)
}

/// Decodes a picture within limits, and says how it lies: cameras turn the picture by a note in it.
fn decode(content: &[u8]) -> Result<(DynamicImage, Orientation), String> {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MEMORY);
    match image::guess_format(content) {
        Ok(ImageFormat::Png) => {
            let decoder = PngDecoder::with_limits(Cursor::new(content), limits);
            decode_with(decoder.map_err(|error| error.to_string())?)
        }
        Ok(ImageFormat::Jpeg) => {
            let scans = content.windows(2).filter(|pair| *pair == [0xFF, 0xDA]);
            if scans.take(MOST_SCANS + 1).count() > MOST_SCANS {
                return Err(format!("it has more than {MOST_SCANS} scans"));
            }
            let decoder = JpegDecoder::new(Cursor::new(content));
            decode_with(decoder.map_err(|error| error.to_string())?)
        }
        _ => Err("it is neither PNG nor JPEG".to_owned()),
    }
}

fn decode_with(mut decoder: impl ImageDecoder) -> Result<(DynamicImage, Orientation), String> {
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS || decoder.total_bytes() > MEMORY {
        return Err(format!("{width} by {height} pixels are too many"));
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let picture = DynamicImage::from_decoder(decoder).map_err(|error| error.to_string())?;
    Ok((picture, orientation))
}

fn encode(picture: &DynamicImage, kind: Picture) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let written = match kind {
        Picture::Png => picture.write_with_encoder(PngEncoder::new(&mut bytes)),
        Picture::Jpeg => {
            let encoder = JpegEncoder::new_with_quality(&mut bytes, QUALITY);
            picture.to_rgb8().write_with_encoder(encoder)
        }
    };
    written.map_err(|error| error.to_string())?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use image::RgbImage;

    use super::*;

    fn picture(width: u32, height: u32, kind: Picture) -> Vec<u8> {
        encode(&RgbImage::new(width, height).into(), kind).expect("a picture")
    }

    fn sizes(copies: &Copies) -> Vec<(Dimension, u32, u32)> {
        let size = |(dimension, copy): &(Dimension, Vec<u8>)| {
            let (picture, _) = decode(copy).expect("a copy is a picture");
            (*dimension, picture.width(), picture.height())
        };
        copies.iter().map(size).collect()
    }

    #[test]
    fn copies_are_as_wide_as_their_size_says_and_never_wider_than_the_picture() {
        for kind in [Picture::Png, Picture::Jpeg] {
            let copies = make(&picture(1_200, 600, kind), kind).expect("copies");
            let expected = [
                (Dimension::Large, 1_024, 512),
                (Dimension::Medium, 512, 256),
                (Dimension::Small, 256, 128),
            ];
            assert_eq!(sizes(&copies), expected);
            let copies = make(&picture(300, 1, kind), kind).expect("copies");
            assert_eq!(sizes(&copies), [(Dimension::Small, 256, 1)]);
            let copies = make(&picture(16, 900, kind), kind).expect("copies");
            assert_eq!(copies, []);
        }
    }

    #[test]
    fn a_picture_that_a_camera_turned_stands_upright_in_its_copies() {
        let bytes = picture(600, 1_200, Picture::Jpeg);
        // The note `orientation = 6`, turned right, behind the first marker.
        let note = b"\xFF\xE1\x00\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        let bytes = [&bytes[..2], note, &bytes[2..]].concat();
        let copies = make(&bytes, Picture::Jpeg).expect("copies");
        let widths = [
            (Dimension::Large, 1_024, 512),
            (Dimension::Medium, 512, 256),
            (Dimension::Small, 256, 128),
        ];
        assert_eq!(sizes(&copies), widths);
    }

    #[test]
    fn what_would_take_too_much_is_not_decoded() {
        // 8,000 by 8,000 pixels that are one bit each: eight megabytes of zeros, packed into some kilobytes.
        let bomb = png(8_000, 8_000, &[0_u8; 1_001 * 8_000]);
        let refused = make(&bomb, Picture::Png).expect_err("too many pixels");
        assert!(refused.contains("8000 by 8000"), "{refused}");
        let fits = png(1_104, 1_104, &[0_u8; 139 * 1_104]);
        assert_eq!(make(&fits, Picture::Png).expect("copies").len(), 3);
        let mut scans = picture(300, 300, Picture::Jpeg);
        scans.extend([0xFF, 0xDA].repeat(MOST_SCANS + 1));
        let refused = make(&scans, Picture::Jpeg).expect_err("too many scans");
        assert!(refused.contains("scans"), "{refused}");
    }

    #[test]
    fn broken_pictures_and_other_files_have_no_copies() {
        let whole = picture(400, 400, Picture::Png);
        for broken in [
            &whole[..whole.len() / 2],
            b"%PDF-1.7",
            b"\x89PNG\r\n\x1a\n",
            b"",
        ] {
            make(broken, Picture::Png).expect_err("no picture");
        }
    }

    /// A PNG of one bit for each pixel.
    fn png(width: u32, height: u32, rows: &[u8]) -> Vec<u8> {
        use std::io::Write as _;
        let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(rows).expect("memory");
        let packed = packed.finish().expect("memory");
        let header = [
            &width.to_be_bytes()[..],
            &height.to_be_bytes(),
            &[1, 0, 0, 0, 0],
        ]
        .concat();
        let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
        for (name, data) in [
            (b"IHDR", &header),
            (b"IDAT", &packed),
            (b"IEND", &Vec::new()),
        ] {
            let length = u32::try_from(data.len()).expect("a short chunk");
            let chunk = [&name[..], data].concat();
            let mut sum = flate2::Crc::new();
            sum.update(&chunk);
            bytes.extend(length.to_be_bytes());
            bytes.extend(chunk);
            bytes.extend(sum.sum().to_be_bytes());
        }
        bytes
    }
}
