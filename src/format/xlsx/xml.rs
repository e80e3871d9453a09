//! XML read event by event, within limits: what a part inflates to, and what one event takes.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};

use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use zip::read::ZipFile;

use super::error::{damaged, too_large};
use super::escapes::unescape;
use crate::error::{Error, Result};
use crate::t;

/// Most bytes an event takes. A cell holds at most 32,767 characters.
const MAX_EVENT: u64 = 1 << 20;
/// Most bytes the parts of one text take together.
const MAX_TEXT: usize = 1 << 20;
/// Bytes that are inflated at a time.
const CHUNK: usize = 32 << 10;

/// A part of a workbook, event by event.
pub(in crate::format) struct Xml<'a> {
    reader: Reader<BufReader<Limited<'a>>>,
    /// Its path, for messages.
    part: String,
    /// How messages call the file.
    shown: String,
}

/// What may be inflated, at all and for one event.
struct Limited<'a> {
    part: ZipFile<'a, BufReader<File>>,
    /// Bytes that are still allowed.
    left: u64,
    /// Bytes that are still allowed before the next event.
    left_of_event: u64,
}

impl Read for Limited<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.left == 0 || self.left_of_event == 0 {
            return Err(std::io::Error::other("limit"));
        }
        let read = self.part.read(buffer)?;
        self.left = self.left.saturating_sub(read as u64);
        self.left_of_event = self.left_of_event.saturating_sub(read as u64);
        Ok(read)
    }
}

impl<'a> Xml<'a> {
    /// Reads a part that may inflate to at most `most` bytes.
    pub(in crate::format) fn open(
        part: ZipFile<'a, BufReader<File>>,
        path: &str,
        shown: &str,
        most: u64,
    ) -> Result<Xml<'a>> {
        let limited = Limited { part, left: most, left_of_event: MAX_EVENT };
        let mut input = BufReader::with_capacity(CHUNK, limited);
        let head = input.fill_buf().map_err(|error| damaged(shown, &error))?;
        if head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF") || head.iter().take(4).any(|byte| *byte == 0)
        {
            return Err(damaged(shown, &t!("xlsx.not_utf8", part = path)));
        }
        let mut reader = Reader::from_reader(input);
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.check_end_names = false;
        // Rows may have been passed over as bytes.
        config.allow_unmatched_ends = true;
        Ok(Xml { reader, part: path.to_owned(), shown: shown.to_owned() })
    }

    /// The next event. `buffer` holds it and is used again.
    ///
    /// # Errors
    /// XML that is not well-formed, a declaration, and what exceeds a limit.
    pub(in crate::format) fn next<'b>(&mut self, buffer: &'b mut Vec<u8>) -> Result<Event<'b>> {
        buffer.clear();
        self.reader.get_mut().get_mut().left_of_event = MAX_EVENT;
        match self.reader.read_event_into(buffer) {
            Ok(Event::DocType(_)) => Err(self.damaged(&t!("xlsx.declaration", part = self.part))),
            Ok(event) => Ok(event),
            Err(error) => Err(broken(&mut self.reader, &self.part, &self.shown, &error)),
        }
    }

    /// The next element that begins; none at the end of the part.
    ///
    /// # Errors
    /// As of [`Self::next`].
    pub(in crate::format) fn next_start(&mut self, buffer: &mut Vec<u8>) -> Result<Option<BytesStart<'static>>> {
        loop {
            match self.next(buffer)? {
                Event::Start(element) => return Ok(Some(element.into_owned())),
                Event::Eof => return Ok(None),
                _ => {}
            }
        }
    }

    /// Appends the text up to the end of the element that has just begun, whatever its parts are, with the escapes that
    /// spreadsheet programs write undone.
    ///
    /// # Errors
    /// As of [`Self::next`].
    pub(in crate::format) fn text(&mut self, buffer: &mut Vec<u8>, out: &mut String) -> Result<()> {
        let start = out.len();
        let mut depth = 0;
        loop {
            match self.next(buffer)? {
                Event::Text(text) => out.push_str(&text.xml10_content()),
                Event::CData(text) => out.push_str(&text.xml10_content()),
                Event::GeneralRef(reference) => out.push_str(&resolved(&reference)),
                Event::Start(_) => depth += 1,
                Event::End(_) if depth == 0 => break,
                Event::End(_) => depth -= 1,
                Event::Eof => return Err(self.cut_off()),
                _ => {}
            }
            if out.len() - start > MAX_TEXT {
                return Err(self.damaged(&t!("xlsx.long_text", part = self.part)));
            }
        }
        unescape(out, start);
        Ok(())
    }

    /// Passes over everything up to the end of the element that has just begun.
    ///
    /// # Errors
    /// As of [`Self::next`].
    pub(in crate::format) fn skip(&mut self, buffer: &mut Vec<u8>) -> Result<()> {
        let mut depth = 0;
        loop {
            match self.next(buffer)? {
                Event::Start(_) => depth += 1,
                Event::End(_) if depth == 0 => return Ok(()),
                Event::End(_) => depth -= 1,
                Event::Eof => return Err(self.cut_off()),
                _ => {}
            }
        }
    }

    /// The bytes behind the event that was read last, for what is looked for without looking at events.
    pub(in crate::format) fn bytes(&mut self) -> &mut impl BufRead {
        let input = self.reader.get_mut();
        input.get_mut().left_of_event = u64::MAX;
        input
    }

    /// Why the bytes cannot be read.
    pub(in crate::format) fn unreadable(&self, error: &std::io::Error) -> Error {
        self.damaged(error)
    }

    /// The error for a part that ends too early.
    pub(in crate::format) fn cut_off(&self) -> Error {
        self.damaged(&t!("xlsx.cut_off", part = self.part))
    }

    /// The error for a workbook that cannot be read, and why.
    pub(in crate::format) fn damaged(&self, why: &dyn std::fmt::Display) -> Error {
        damaged(&self.shown, why)
    }
}

/// Which limit was exceeded, if any, or what is broken.
fn broken(reader: &mut Reader<BufReader<Limited<'_>>>, part: &str, shown: &str, error: &quick_xml::Error) -> Error {
    let limited = reader.get_mut().get_ref();
    if limited.left == 0 {
        too_large(shown)
    } else if limited.left_of_event == 0 {
        damaged(shown, &t!("xlsx.long_text", part = part))
    } else {
        damaged(shown, &format!("{part}: {error}"))
    }
}

/// The text that a reference stands for; a reference that no workbook has stands for itself.
pub(in crate::format) fn resolved(reference: &BytesRef<'_>) -> String {
    if let Ok(Some(c)) = reference.resolve_char_ref() {
        return c.to_string();
    }
    match resolve_xml_entity(reference) {
        Some(text) => text.to_owned(),
        None => format!("&{};", &**reference),
    }
}

/// An attribute of an element, by its whole name.
pub(in crate::format) fn attribute<'a>(element: &'a BytesStart<'_>, name: &str) -> Option<Cow<'a, str>> {
    let mut attributes = element.attributes();
    let found = attributes.with_checks(false).flatten().find(|attribute| attribute.key.as_ref() == name)?;
    found.normalized_value(XmlVersion::Implicit1_0).ok().map(|value| Cow::Owned(value.into_owned()))
}

/// The relationship an element names: `r:id`, whatever the prefix is.
pub(in crate::format) fn relationship_id(element: &BytesStart<'_>) -> Option<String> {
    let mut attributes = element.attributes();
    let is_id = |key: &str| key.rsplit_once(':').is_some_and(|(_, name)| name == "id");
    let found = attributes.with_checks(false).flatten().find(|attribute| is_id(attribute.key.as_ref()))?;
    found.normalized_value(XmlVersion::Implicit1_0).ok().map(Cow::into_owned)
}

/// Whether an attribute says yes.
pub(in crate::format) fn is_true(value: Option<Cow<'_, str>>) -> bool {
    value.is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("true"))
}
