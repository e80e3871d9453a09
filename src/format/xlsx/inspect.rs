//! Looks a workbook over before the parser sees it, so that a file made to hurt ends in an error: a container, a part or
//! a text node too large to hold, a part that inflates without end, a count the parser would reserve memory for, a
//! container that is another kind of document. Every part is inflated once and nothing its directory claims is believed.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};

use rust_i18n::t;
use zip::ZipArchive;

use super::error::damaged;
use crate::error::{Error, Result};
use crate::message;

/// Largest file that is opened, in bytes.
const MAX_CONTAINER: u64 = 256 << 20;
/// Most parts a workbook may have.
const MAX_PARTS: usize = 1_000;
/// Most bytes all parts together may inflate to; a full sheet of 20 columns has about one gibibyte.
const MAX_INFLATED: u64 = 4 << 30;
/// Most bytes of the shared strings, the one part that is held in memory.
const MAX_STRINGS: u64 = 512 << 20;
/// Most bytes from one tag to the next. A cell holds at most 32,767 characters.
const MAX_TEXT: u64 = 1 << 20;
/// A part may inflate to this many times its size …
const MAX_RATIO: u64 = 200;
/// … once it is larger than this.
const RATIO_FROM: u64 = 10 << 20;
/// Least bytes one shared string takes: `<si><t/></si>`, or `<si/>` with its neighbour's share.
const MIN_STRING: u64 = 5;

/// Refuses a file that is not a sound workbook. `shown` is how messages call it.
///
/// # Errors
/// A broken or encrypted container, another kind of document, and everything that exceeds a limit.
pub(super) fn inspect(file: File, shown: &str) -> Result<()> {
    let unreadable = |error: std::io::Error| Error::usage(message!("format.unreadable", file = shown, why = error));
    if file.metadata().map_err(unreadable)?.len() > MAX_CONTAINER {
        return Err(too_large(shown));
    }
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| damaged(shown, &error))?;
    if archive.len() > MAX_PARTS {
        return Err(damaged(shown, &t!("xlsx.too_many_parts", parts = archive.len())));
    }
    for index in 0..archive.len() {
        if archive.by_index_raw(index).map_err(|error| damaged(shown, &error))?.encrypted() {
            return Err(Error::usage(message!("xlsx.encrypted", file = shown)).hint(message!("xlsx.encrypted_hint")));
        }
    }
    refuse_other_documents(&mut archive, shown)?;
    let mut left = MAX_INFLATED;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|error| damaged(shown, &error))?;
        let name = part.name().map_err(|error| damaged(shown, &error))?.to_ascii_lowercase();
        let ratio = part.compressed_size().saturating_mul(MAX_RATIO).max(RATIO_FROM);
        let of_part = if name.ends_with("sharedstrings.xml") { MAX_STRINGS } else { MAX_INFLATED };
        let limit = ratio.min(of_part).min(left);
        let mut part = BufReader::new(part.take(limit + 1));
        let head = part.fill_buf().map_err(|error| damaged(shown, &error))?;
        if !is_xml(&name, head) {
            continue;
        }
        if head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF") || head.iter().take(4).any(|b| *b == 0) {
            return Err(damaged(shown, &t!("xlsx.not_utf8", part = name)));
        }
        let size = scan(part, &name, shown)?;
        if size > limit {
            return Err(too_large(shown));
        }
        left -= size;
    }
    Ok(())
}

fn too_large(shown: &str) -> Error {
    Error::usage(message!("xlsx.too_large", file = shown)).hint(message!("xlsx.too_large_hint"))
}

/// Every office document is a ZIP file; the list of content types tells which one it is.
fn refuse_other_documents<R: Read + std::io::Seek>(archive: &mut ZipArchive<R>, shown: &str) -> Result<()> {
    let mut types = String::new();
    if let Ok(part) = archive.by_name("[Content_Types].xml") {
        part.take(MAX_TEXT).read_to_string(&mut types).map_err(|error| damaged(shown, &error))?;
    }
    let is_workbook =
        ["spreadsheetml.sheet.main+xml", "sheet.macroEnabled.main+xml", "spreadsheetml.template.main+xml"]
            .iter()
            .any(|kind| types.contains(kind));
    if is_workbook {
        return Ok(());
    }
    let kind = if types.contains("wordprocessingml") {
        t!("xlsx.kind_document")
    } else if types.contains("presentationml") {
        t!("xlsx.kind_slides")
    } else if types.contains("sheet.binary.macroEnabled") {
        t!("xlsx.kind_binary")
    } else if archive.by_name("mimetype").is_ok() {
        t!("xlsx.kind_open_document")
    } else {
        t!("xlsx.kind_archive")
    };
    Err(Error::usage(message!("xlsx.other_document", file = shown, kind = kind))
        .hint(message!("xlsx.other_document_hint")))
}

/// Pictures and the like are never parsed; whatever begins as XML could be, whatever its name.
fn is_xml(name: &str, head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    name.ends_with(".xml") || name.ends_with(".rels") || head.trim_ascii_start().first() == Some(&b'<')
}

/// Reads a part to its end, tag by tag, and tells its size.
fn scan(mut part: impl BufRead, name: &str, shown: &str) -> Result<u64> {
    let mut piece = Vec::new();
    let mut size = 0u64;
    let mut claimed = 0u64;
    // Bytes of the comment or CDATA section the scan is in, which may hold any number of tags.
    let mut hidden = 0u64;
    loop {
        piece.clear();
        // From behind one `<` up to and with the next.
        let read = (&mut part).take(MAX_TEXT + 1).read_until(b'<', &mut piece).map_err(|e| damaged(shown, &e))? as u64;
        if read == 0 {
            break;
        }
        size += read;
        if hidden > 0 || piece.starts_with(b"!--") || piece.starts_with(b"![CDATA[") {
            let closed = [b"-->", b"]]>"].iter().any(|end| piece.windows(3).any(|bytes| bytes == *end));
            hidden = if closed { 0 } else { hidden + read };
        } else if piece.starts_with(b"!") {
            return Err(damaged(shown, &t!("xlsx.declaration", part = name)));
        }
        if read > MAX_TEXT || hidden > MAX_TEXT {
            return Err(damaged(shown, &t!("xlsx.long_text", part = name)));
        }
        let tag = piece.split(|byte| byte.is_ascii_whitespace() || *byte == b'>').next().unwrap_or_default();
        if tag == b"sst" || tag.ends_with(b":sst") {
            claimed = claimed.max(claimed_strings(&piece));
        }
    }
    // The parser reserves memory for as many strings as the part claims to have.
    if claimed > size / MIN_STRING {
        return Err(damaged(shown, &t!("xlsx.false_count", part = name, count = claimed)));
    }
    Ok(size)
}

/// How many strings a part says it has; the total of their uses, which may be much larger, stands in another attribute.
fn claimed_strings(tag: &[u8]) -> u64 {
    const NAME: &[u8] = b"uniqueCount";
    let Some(at) = tag.windows(NAME.len()).position(|bytes| bytes == NAME) else {
        return 0;
    };
    let digits = tag[at + NAME.len()..]
        .iter()
        .skip_while(|byte| !byte.is_ascii_digit())
        .take_while(|byte| byte.is_ascii_digit())
        .map(|digit| u64::from(digit - b'0'));
    digits.fold(0, |number: u64, digit| number.saturating_mul(10).saturating_add(digit))
}
