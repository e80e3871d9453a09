//! Workbooks as spreadsheet programs write them, down to what they hide: a test says the XML that it is about.

use std::io::{Cursor, Write};

const TYPES: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml";
const RELATIONSHIPS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// A workbook in the making.
#[derive(Default)]
pub struct Sheets {
    /// Name, attributes, what stands before the rows, rows, what stands behind them.
    sheets: Vec<[String; 5]>,
    /// Number formats of the styles, from 1 on.
    formats: Vec<String>,
    book: String,
    tables: Vec<String>,
}

impl Sheets {
    /// One sheet with these rows, as XML.
    pub fn of(rows: &str) -> Sheets {
        Sheets::default().sheet("Sheet1", rows)
    }

    /// One more sheet.
    pub fn sheet(mut self, name: &str, rows: &str) -> Sheets {
        self.sheets.push([name.to_owned(), String::new(), String::new(), rows.to_owned(), String::new()]);
        self
    }

    /// Nobody sees the last sheet.
    pub fn hidden(mut self) -> Sheets {
        self.last()[1] = r#" state="hidden""#.to_owned();
        self
    }

    /// What stands before the rows of the last sheet.
    pub fn before(mut self, xml: &str) -> Sheets {
        self.last()[2] = xml.to_owned();
        self
    }

    /// What stands behind the rows of the last sheet.
    pub fn behind(mut self, xml: &str) -> Sheets {
        self.last()[4] = xml.to_owned();
        self
    }

    /// The number format of the next style; the first one is style 1.
    pub fn format(mut self, code: &str) -> Sheets {
        self.formats.push(code.replace('&', "&amp;").replace('"', "&quot;"));
        self
    }

    /// What the workbook says of itself behind its sheets.
    pub fn book(mut self, xml: &str) -> Sheets {
        self.book = xml.to_owned();
        self
    }

    /// A table in the first sheet.
    pub fn table(mut self, attributes: &str) -> Sheets {
        self.tables.push(format!("<table id=\"1\" name=\"t\" {attributes}/>"));
        self
    }

    fn last(&mut self) -> &mut [String; 5] {
        self.sheets.last_mut().unwrap()
    }

    /// The file.
    pub fn bytes(&self) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let mut put = |name: &str, xml: String| {
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(xml.as_bytes()).unwrap();
        };
        let list = |items: &[(String, &str, String)]| {
            let items = items.iter().map(|(id, kind, target)| {
                format!(r#"<Relationship Id="{id}" Type="{RELATIONSHIPS}/{kind}" Target="{target}"/>"#)
            });
            format!("<Relationships>{}</Relationships>", items.collect::<String>())
        };
        put(
            "[Content_Types].xml",
            format!(r#"<Types><Override PartName="/xl/workbook.xml" ContentType="{TYPES}"/></Types>"#),
        );
        put("_rels/.rels", list(&[("r".into(), "officeDocument", "xl/workbook.xml".into())]));
        let mut parts = vec![("styles".to_owned(), "styles", "styles.xml".to_owned())];
        let mut names = String::new();
        for (at, [name, attributes, before, rows, behind]) in self.sheets.iter().enumerate() {
            parts.push((format!("s{at}"), "worksheet", format!("sheet{at}.xml")));
            names += &format!(r#"<sheet name="{name}" sheetId="{at}" r:id="s{at}"{attributes}/>"#);
            put(
                &format!("xl/sheet{at}.xml"),
                format!("<worksheet>{before}<sheetData>{rows}</sheetData>{behind}</worksheet>"),
            );
        }
        put("xl/workbook.xml", format!("<workbook><sheets>{names}</sheets>{}</workbook>", self.book));
        put("xl/_rels/workbook.xml.rels", list(&parts));
        let tables: Vec<_> =
            (0..self.tables.len()).map(|at| (format!("t{at}"), "table", format!("table{at}.xml"))).collect();
        put("xl/_rels/sheet0.xml.rels", list(&tables));
        for (at, table) in self.tables.iter().enumerate() {
            put(&format!("xl/table{at}.xml"), table.clone());
        }
        let codes = self.formats.iter().zip(200..);
        let codes: String =
            codes.map(|(code, id)| format!(r#"<numFmt numFmtId="{id}" formatCode="{code}"/>"#)).collect();
        let styles: String = (200..).take(self.formats.len()).map(|id| format!(r#"<xf numFmtId="{id}"/>"#)).collect();
        put(
            "xl/styles.xml",
            format!(
                r#"<styleSheet><numFmts>{codes}</numFmts><cellStyleXfs><xf numFmtId="9"/></cellStyleXfs><cellXfs><xf numFmtId="0"/>{styles}</cellXfs></styleSheet>"#
            ),
        );
        zip.finish().unwrap().into_inner()
    }
}

/// A row of these cells: a text each, or the XML of a cell where it begins with `<`. Its attributes stand before.
pub fn sheet_row(attributes: &str, cells: &[&str]) -> String {
    let cell = |text: &&str| match text.strip_prefix('<') {
        Some(_) => (*text).to_owned(),
        None if text.is_empty() => "<c/>".to_owned(),
        None => format!(r#"<c t="inlineStr"><is><t>{text}</t></is></c>"#),
    };
    format!("<row {attributes}>{}</row>", cells.iter().map(cell).collect::<String>())
}
