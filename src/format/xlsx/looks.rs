//! How cells show their numbers: the number format of each style.

use std::collections::HashMap;

use super::number_format::NumberFormat;
use super::package::{MAX_SMALL, Package};
use super::xml::attribute;
use crate::error::Result;

/// Most styles a workbook may have.
const MAX_STYLES: usize = 1 << 16;

/// The number formats of a workbook's styles.
#[derive(Debug)]
pub(super) struct Looks {
    formats: Vec<NumberFormat>,
    /// The index of the format of each style.
    styles: Vec<u32>,
    /// Whether days are counted from 1904.
    pub is_1904: bool,
}

impl Looks {
    /// All cells show their numbers as they are.
    pub(super) fn plain(is_1904: bool) -> Looks {
        Looks { formats: vec![NumberFormat::general()], styles: Vec::new(), is_1904 }
    }

    /// Reads the part at `path`.
    ///
    /// # Errors
    /// A part that is damaged.
    pub(super) fn read(package: &mut Package, path: &str, is_1904: bool) -> Result<Looks> {
        let mut looks = Looks::plain(is_1904);
        let Some(mut xml) = package.part(path, MAX_SMALL)? else { return Ok(looks) };
        let mut buffer = Vec::new();
        let mut codes: HashMap<u32, String> = HashMap::new();
        let mut formats: HashMap<u32, u32> = HashMap::new();
        // Formats of named styles stand in a list of the same form; a cell's style is counted in this one.
        let mut is_of_cells = false;
        while let Some(element) = xml.next_start(&mut buffer)? {
            let number = |name: &str| attribute(&element, name).and_then(|value| value.trim().parse::<u32>().ok());
            match element.local_name().as_ref() {
                "numFmt" => {
                    if let (Some(id), Some(code)) = (number("numFmtId"), attribute(&element, "formatCode")) {
                        codes.entry(id).or_insert_with(|| code.into_owned());
                    }
                }
                "cellXfs" => is_of_cells = true,
                "cellStyleXfs" | "cellStyles" | "dxfs" | "tableStyles" | "colors" | "extLst" => is_of_cells = false,
                "xf" if is_of_cells && looks.styles.len() < MAX_STYLES => {
                    let id = number("numFmtId").unwrap_or(0);
                    let next = u32::try_from(looks.formats.len()).unwrap_or(0);
                    let index = *formats.entry(id).or_insert(next);
                    if index == next {
                        let code = codes.get(&id).map(String::as_str).or_else(|| NumberFormat::built_in(id));
                        looks.formats.push(code.map_or_else(NumberFormat::general, NumberFormat::of_code));
                    }
                    looks.styles.push(index);
                }
                _ => {}
            }
        }
        Ok(looks)
    }

    /// The number format of a style.
    pub(super) fn format(&self, style: usize) -> &NumberFormat {
        let index = self.styles.get(style).map_or(0, |index| *index as usize);
        &self.formats[index]
    }
}
