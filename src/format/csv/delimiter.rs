//! What stands between the cells of a text file.

use csv::ByteRecord;

/// The delimiters that are looked for, commonest first.
const DELIMITERS: &[(u8, &str)] =
    &[(b',', "csv.comma"), (b'\t', "csv.tab"), (b';', "csv.semicolon"), (b'|', "csv.bar")];

/// The delimiter that splits the first lines into the most equal columns; a comma when nothing splits.
pub(super) fn detect_delimiter(head: &[u8]) -> (u8, &'static str) {
    let score = |delimiter: u8| {
        let mut parser =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(head);
        let mut record = ByteRecord::new();
        let mut widths = Vec::new();
        while widths.len() < 5 && matches!(parser.read_byte_record(&mut record), Ok(true)) {
            widths.push(record.len());
        }
        let first = widths.first().copied().unwrap_or(0);
        (first > 1).then(|| widths.iter().filter(|width| **width == first).count() * 1000 + first.min(999))
    };
    DELIMITERS
        .iter()
        .map(|(delimiter, name)| (score(*delimiter), (*delimiter, *name)))
        .rev()
        .max_by_key(|(score, _)| *score)
        .filter(|(score, _)| score.is_some())
        .map_or((DELIMITERS[0].0, DELIMITERS[0].1), |(_, delimiter)| delimiter)
}
