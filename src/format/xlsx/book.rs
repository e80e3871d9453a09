//! What a workbook says of itself: its sheets, its texts, the looks of its cells, and how it counts days.

use super::looks::Looks;
use super::package::{MAX_SMALL, Package};
use super::strings::Strings;
use super::xml::{attribute, is_true, relationship_id};
use crate::error::Result;

/// Where a workbook lies when the container does not say.
const USUAL_PATH: &str = "xl/workbook.xml";

/// A sheet that holds cells.
#[derive(Debug, Clone)]
pub(super) struct SheetEntry {
    /// Its name.
    pub name: String,
    /// The path of its part.
    pub path: String,
    /// Whether a person sees it.
    pub is_visible: bool,
}

/// What a workbook says of itself.
#[derive(Debug)]
pub(super) struct Book {
    /// Its sheets, in the order of their tabs.
    pub sheets: Vec<SheetEntry>,
    /// The texts of its cells.
    pub strings: Strings,
    /// The looks of its cells.
    pub looks: Looks,
    /// Whether it asks to be calculated when it is opened: its formulas hold no results, or none that count.
    pub is_uncalculated: bool,
}

impl Book {
    /// Reads everything but the sheets.
    ///
    /// # Errors
    /// A part that is damaged, a workbook without sheets.
    pub(super) fn read(package: &mut Package) -> Result<Book> {
        let parts = package.relationships("")?;
        let path = parts.iter().find(|part| part.kind == "officeDocument").map_or(USUAL_PATH, |part| &part.path);
        let parts = package.relationships(path)?;
        let path_of = |kind: &str| parts.iter().find(|part| part.kind == kind).map(|part| part.path.clone());
        let (mut sheets, mut is_1904, mut is_uncalculated) = (Vec::new(), false, false);
        let shown = package.shown().to_owned();
        let missing = || super::error::damaged(&shown, &crate::t!("xlsx.no_sheets"));
        let mut xml = package.part(path, MAX_SMALL)?.ok_or_else(missing)?;
        let mut buffer = Vec::new();
        while let Some(element) = xml.next_start(&mut buffer)? {
            match element.local_name().as_ref() {
                // Extensions have elements of the same names.
                "workbookPr" => is_1904 |= is_true(attribute(&element, "date1904")),
                "calcPr" => {
                    is_uncalculated |= is_true(attribute(&element, "fullCalcOnLoad"))
                        || attribute(&element, "calcCompleted").is_some_and(|value| value == "0" || value == "false");
                }
                "sheet" => {
                    let id = relationship_id(&element).unwrap_or_default();
                    let part = parts.iter().find(|part| part.id == id && part.kind == "worksheet");
                    sheets.extend(part.map(|part| SheetEntry {
                        name: attribute(&element, "name").unwrap_or_default().into_owned(),
                        path: part.path.clone(),
                        is_visible: attribute(&element, "state").is_none_or(|state| state == "visible"),
                    }));
                }
                _ => {}
            }
        }
        drop(xml);
        if sheets.is_empty() {
            return Err(missing());
        }
        let looks = match path_of("styles") {
            Some(path) => Looks::read(package, &path, is_1904)?,
            None => Looks::plain(is_1904),
        };
        let strings = match path_of("sharedStrings") {
            Some(path) => Strings::read(package, &path)?,
            None => Strings::default(),
        };
        Ok(Book { sheets, strings, looks, is_uncalculated })
    }
}
