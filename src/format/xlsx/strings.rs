//! The texts that the cells of a workbook share: the one part that is held in memory, in one piece.

use quick_xml::events::Event;

use super::package::{MAX_STRINGS, Package};
use super::xml::Xml;
use crate::error::Result;

/// The shared texts of a workbook.
#[derive(Debug, Default)]
pub(super) struct Strings {
    text: String,
    /// Where each of them ends; the limit of the part keeps it far from overflowing.
    ends: Vec<u32>,
}

impl Strings {
    /// Reads the part at `path`. How many it claims to hold is not believed.
    ///
    /// # Errors
    /// A part that is damaged.
    pub(super) fn read(package: &mut Package, path: &str) -> Result<Strings> {
        let mut strings = Strings::default();
        let Some(mut xml) = package.part(path, MAX_STRINGS)? else { return Ok(strings) };
        let mut buffer = Vec::new();
        loop {
            match xml.next(&mut buffer)? {
                Event::Start(element) if element.local_name().as_ref() == "si" => {
                    read_runs(&mut xml, &mut buffer, &mut strings.text)?;
                    strings.ends.push(u32::try_from(strings.text.len()).unwrap_or(u32::MAX));
                }
                Event::Eof => break,
                _ => {}
            }
        }
        strings.text.shrink_to_fit();
        strings.ends.shrink_to_fit();
        Ok(strings)
    }

    /// One of the texts, counted from 0.
    pub(super) fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)? as usize;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        self.text.get(start..end)
    }
}

/// Appends the text of the element that has just begun: of its runs, whatever they look like. How it is read aloud is no
/// part of it.
///
/// # Errors
/// A part that is damaged.
pub(super) fn read_runs(xml: &mut Xml<'_>, buffer: &mut Vec<u8>, out: &mut String) -> Result<()> {
    let mut depth = 0;
    loop {
        let is_text = match xml.next(buffer)? {
            Event::Start(element) => match element.local_name().as_ref() {
                "t" => true,
                "rPh" => false,
                _ => {
                    depth += 1;
                    continue;
                }
            },
            Event::End(_) if depth == 0 => return Ok(()),
            Event::End(_) => {
                depth -= 1;
                continue;
            }
            Event::Eof => return Err(xml.cut_off()),
            _ => continue,
        };
        if is_text {
            xml.text(buffer, out)?;
        } else {
            xml.skip(buffer)?;
        }
    }
}
