//! The container of a workbook. A part is found by its relationship, never by its name or position, and only parts that are
//! read are looked at. Nothing the directory of the container claims is believed: a file made to hurt ends in an error.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};

use zip::ZipArchive;

use super::error::{damaged, too_large};
use super::xml::{Xml, attribute};
use crate::error::{Error, Result};
use crate::message;
use crate::t;

/// Largest file that is opened, in bytes.
const MAX_CONTAINER: u64 = 256 << 20;
/// Most parts a workbook may have; every picture is one.
const MAX_PARTS: usize = 100_000;
/// Most bytes a part may inflate to; a full sheet of 20 columns has about one gibibyte.
pub(in crate::format) const MAX_SHEET: u64 = 4 << 30;
/// Most bytes of a part that is held in memory.
pub(in crate::format) const MAX_STRINGS: u64 = 512 << 20;
/// Most bytes of the parts that say what the workbook has: its sheets, looks and tables.
pub(in crate::format) const MAX_SMALL: u64 = 64 << 20;
/// A part may inflate to this many times its size …
const MAX_RATIO: u64 = 200;
/// … once it is larger than this.
const RATIO_FROM: u64 = 10 << 20;
/// Bytes of the list of content types that are looked at.
const MAX_TYPES: u64 = 1 << 20;

/// A part of a container, as another part refers to it.
#[derive(Debug, Clone)]
pub(in crate::format) struct Relationship {
    /// How the other part calls it.
    pub id: String,
    /// What it is to the other part: the last word of its type, `worksheet`, in the old and in the strict form.
    pub kind: String,
    /// Its path in the container.
    pub path: String,
}

/// An open container.
pub(in crate::format) struct Package {
    archive: ZipArchive<BufReader<File>>,
    /// Indices of the parts by their paths in lower case, in which they are compared.
    parts: HashMap<String, usize>,
    /// Bytes of the whole file.
    size: u64,
    /// How messages call the file.
    shown: String,
}

impl Package {
    /// Opens a container.
    ///
    /// # Errors
    /// A broken or encrypted container, and everything that exceeds a limit.
    pub(in crate::format) fn open(file: File, shown: &str) -> Result<Package> {
        let unreadable = |error: std::io::Error| Error::usage(message!("format.unreadable", file = shown, why = error));
        let size = file.metadata().map_err(unreadable)?.len();
        if size > MAX_CONTAINER {
            return Err(too_large(shown));
        }
        let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| damaged(shown, &error))?;
        if archive.len() > MAX_PARTS {
            return Err(damaged(shown, &t!("xlsx.too_many_parts", parts = archive.len())));
        }
        let mut parts = HashMap::new();
        for index in 0..archive.len() {
            let part = archive.by_index_raw(index).map_err(|error| damaged(shown, &error))?;
            if part.encrypted() {
                return Err(
                    Error::usage(message!("xlsx.encrypted", file = shown)).hint(message!("xlsx.encrypted_hint"))
                );
            }
            // A part whose name is no text is none that another part could refer to.
            if let Ok(name) = part.name() {
                parts.insert(path_of("", &name), index);
            }
        }
        Ok(Package { archive, parts, size, shown: shown.to_owned() })
    }

    /// The beginning of a small part as text; empty when there is no such part.
    ///
    /// # Errors
    /// A part that is damaged.
    pub(in crate::format) fn beginning(&mut self, name: &str) -> Result<String> {
        let mut bytes = Vec::new();
        if let Ok(part) = self.archive.by_name(name) {
            part.take(MAX_TYPES).read_to_end(&mut bytes).map_err(|error| damaged(&self.shown, &error))?;
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// How messages call the file.
    pub(in crate::format) fn shown(&self) -> &str {
        &self.shown
    }

    /// Whether it has a part, whose path is given in lower case.
    fn has(&self, path: &str) -> bool {
        self.parts.contains_key(path)
    }

    /// The XML of a part of at most `most` bytes; none when there is no such part.
    ///
    /// # Errors
    /// A part that is damaged or not UTF-8.
    pub(in crate::format) fn part(&mut self, path: &str, most: u64) -> Result<Option<Xml<'_>>> {
        let Some(index) = self.parts.get(path).copied() else { return Ok(None) };
        let part = self.archive.by_index(index).map_err(|error| damaged(&self.shown, &error))?;
        let ratio = part.compressed_size().min(self.size).saturating_mul(MAX_RATIO).max(RATIO_FROM);
        Xml::open(part, path, &self.shown, ratio.min(most)).map(Some)
    }

    /// What a part refers to; `""` is the container itself. Nothing beyond the container is followed.
    ///
    /// # Errors
    /// A list that is damaged.
    pub(in crate::format) fn relationships(&mut self, of: &str) -> Result<Vec<Relationship>> {
        let (folder, name) = of.rsplit_once('/').unwrap_or(("", of));
        let mut relationships = Vec::new();
        let Some(mut xml) = self.part(&path_of(folder, &format!("_rels/{name}.rels")), MAX_SMALL)? else {
            return Ok(relationships);
        };
        let mut buffer = Vec::new();
        while let Some(element) = xml.next_start(&mut buffer)? {
            if element.local_name().as_ref() != "Relationship"
                || attribute(&element, "TargetMode") == Some("External".into())
            {
                continue;
            }
            let text = |name: &str| attribute(&element, name).unwrap_or_default().into_owned();
            let kind = text("Type").rsplit('/').next().unwrap_or_default().to_owned();
            relationships.push(Relationship { id: text("Id"), kind, path: path_of(folder, &text("Target")) });
        }
        Ok(relationships)
    }
}

/// The path a target means when a part in `folder` refers to it, in the form in which paths are compared.
fn path_of(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    let is_absolute = target.starts_with('/');
    let mut names: Vec<&str> = if is_absolute { Vec::new() } else { folder.split('/').collect() };
    for name in target.split('/') {
        match name {
            ".." => drop(names.pop()),
            "." => {}
            name => names.push(name),
        }
    }
    names.retain(|name| !name.is_empty());
    names.join("/").to_ascii_lowercase()
}

/// Every office document is a ZIP file; the list of content types tells which one it is.
///
/// # Errors
/// Another kind of document, named for what it is.
pub(super) fn refuse_other_documents(package: &mut Package) -> Result<()> {
    let types = package.beginning("[Content_Types].xml")?;
    let is_workbook = [
        "spreadsheetml.sheet.main+xml",
        "sheet.macroEnabled.main+xml",
        "spreadsheetml.template.main+xml",
        "template.macroEnabled.main+xml",
    ];
    if is_workbook.iter().any(|kind| types.contains(kind)) {
        return Ok(());
    }
    let mut hint = message!("xlsx.other_document_hint");
    let kind = if types.contains("wordprocessingml") {
        t!("xlsx.kind_document")
    } else if types.contains("presentationml") {
        t!("xlsx.kind_slides")
    } else if types.contains("sheet.binary.macroEnabled") {
        t!("xlsx.kind_binary")
    } else if package.has("mimetype") {
        t!("xlsx.kind_open_document")
    } else if package.has("index/document.iwa") || package.has("index.zip") {
        hint = message!("xlsx.numbers_hint");
        t!("xlsx.kind_numbers")
    } else {
        hint = message!("xlsx.archive_hint");
        t!("xlsx.kind_archive")
    };
    Err(Error::usage(message!("xlsx.other_document", file = package.shown(), kind = kind)).hint(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_path_from_the_part_that_names_it() {
        for (folder, target, path) in [
            ("xl", "worksheets/Sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl", "/xl/sheet.bin", "xl/sheet.bin"),
            ("xl/worksheets", "../tables/table1.xml", "xl/tables/table1.xml"),
            ("", "xl\\workbook.xml", "xl/workbook.xml"),
            ("xl", "../../../a", "a"),
        ] {
            assert_eq!(path_of(folder, target), path);
        }
    }
}
