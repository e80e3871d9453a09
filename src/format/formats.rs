//! The table of formats: the one place that says which there are. Reading, writing, extensions, messages and tests walk
//! it.

use super::csv::CSV;
use super::file_format::FileFormat;
use super::jsonl::JSONL;
use super::xlsx::XLSX;

/// All formats.
pub static FORMATS: &[&FileFormat] = &[&XLSX, &CSV, &JSONL];

/// The format of this name.
pub fn named(name: &str) -> Option<&'static FileFormat> {
    FORMATS.iter().copied().find(|format| format.name == name)
}

/// The format that a file with this extension, in any case, is written in.
pub fn of_extension(extension: &str) -> Option<&'static FileFormat> {
    let is_meant = |format: &&FileFormat| format.extensions.iter().any(|known| known.eq_ignore_ascii_case(extension));
    FORMATS.iter().copied().find(is_meant)
}

/// The formats that rows can be read from.
pub fn readable() -> impl Iterator<Item = &'static FileFormat> {
    FORMATS.iter().copied().filter(|format| format.is_readable())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_extensions_mean_one_format_each() {
        let names: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
        let of_format = |format: &&FileFormat| {
            format.readable_extensions().chain(format.related_extensions.iter().copied()).collect::<Vec<_>>()
        };
        let extensions: Vec<&str> = FORMATS.iter().flat_map(of_format).collect();
        for texts in [names, extensions] {
            for text in &texts {
                assert_eq!(texts.iter().filter(|other| *other == text).count(), 1, "{text}");
                assert_eq!(*text, text.to_ascii_lowercase());
            }
        }
    }

    #[test]
    fn a_format_is_found_by_its_name_and_by_what_it_is_written_as() {
        for format in FORMATS {
            assert_eq!(named(format.name), Some(*format));
            for extension in format.extensions {
                assert_eq!(of_extension(&extension.to_ascii_uppercase()), Some(*format));
            }
            for extension in format.read_extensions {
                assert_eq!(of_extension(extension), None, "{extension} would be written as something else");
            }
        }
        assert_eq!(of_extension("pdf"), None);
    }

    #[test]
    fn formats_without_a_signature_are_plain_text() {
        let texts: Vec<&str> =
            readable().filter(|format| format.signatures.is_empty()).map(|format| format.name).collect();
        assert_eq!(texts, ["csv", "jsonl"]);
    }
}
