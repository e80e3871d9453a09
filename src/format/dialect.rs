//! How delimited text is written.

/// How delimited text is written.
#[derive(Debug, Clone, Copy)]
pub struct Dialect {
    /// An encoding that holds every character: UTF-8 or GB18030.
    pub encoding: &'static encoding_rs::Encoding,
    /// What stands between cells.
    pub delimiter: u8,
}

impl Default for Dialect {
    fn default() -> Self {
        Dialect { encoding: encoding_rs::UTF_8, delimiter: b',' }
    }
}
