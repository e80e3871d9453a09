//! Templates: what the command writes is what stands in `templates/`, and the reader knows the example row.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use bw8::entity::{AccountMode, Catalog, Entity};
use bw8::format::{self, CellKind, Input, Row, Sheet};
use bw8::language::Language;
use bw8::template::{self, TemplateOptions};
use bw8::terminal::quoted;

use crate::harness::{Work, all_sheets};

fn importable() -> impl Iterator<Item = &'static Entity> {
    Catalog::embedded().entities().iter().filter(|entity| entity.is_importable())
}

/// What a workbook is made of, whatever the compression.
fn parts(workbook: &[u8]) -> BTreeMap<String, String> {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(workbook)).unwrap();
    (0..archive.len())
        .map(|index| {
            let mut part = archive.by_index(index).unwrap();
            let mut text = String::new();
            part.read_to_string(&mut text).unwrap();
            (part.name().unwrap().into_owned(), text)
        })
        .collect()
}

fn open(path: &Path) -> (Sheet, Vec<Row>) {
    let input = Input { path: path.to_owned(), shown: "the file".into(), ..Input::default() };
    let mut reader = format::open(&input).unwrap();
    let (mut rows, mut row) = (Vec::new(), Row::default());
    while reader.read(&mut row).unwrap() {
        rows.push(row.clone());
    }
    (reader.sheet().clone(), rows)
}

/// The number of the row that is known as the template's example.
fn example(rows: &[Row]) -> Option<u64> {
    rows.iter().find(|row| row.remarks.iter().any(|remark| remark.problem.code == "example")).map(|row| row.number)
}

#[test]
fn the_committed_templates_are_the_generated_ones() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    for entity in importable() {
        let generated = template::workbook(Catalog::embedded(), entity, &TemplateOptions::default())
            .unwrap()
            .save_to_buffer()
            .unwrap();
        let path = folder.join(format!("{}.xlsx", entity.name));
        if std::env::var_os("BW8_UPDATE").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, &generated).unwrap();
        }
        let committed = std::fs::read(&path).unwrap_or_default();
        assert!(!committed.is_empty(), "{} is missing: BW8_UPDATE=1 cargo test template", path.display());
        assert!(parts(&committed) == parts(&generated), "{} is not what the catalog makes", path.display());
    }
}

#[test]
fn the_command_writes_a_template_once() {
    let work = Work::new();
    for entity in importable() {
        assert_eq!(work.bw8(["template", &entity.name]).exits(0).stdout(), "");
        let (sheet, rows) = open(&work.path(format!("{}-template.xlsx", entity.name)));
        assert_eq!((sheet.name.as_deref(), sheet.others.len()), (Some(&*entity.zh), 0), "{}", entity.name);
        assert_eq!((rows.len(), example(&rows)), (1, Some(2)), "{}", entity.name);
        for title in &sheet.header {
            let label = title.trim_end_matches('*');
            assert!(entity.fields.iter().any(|field| field.zh == label && !field.read_only), "{title}");
        }
    }
    work.bw8("template customers").exits(2).says("customers-template.xlsx").says("-o");
    work.bw8("template 联系人 -o 新.xlsx").exits(0);
    assert!(work.path("新.xlsx").exists());
    work.bw8("template agents").exits(2);
    work.bw8("template 客户").exits(2);
}

/// Writes the parts of the customers' template with one of them changed or left out.
fn changed(folder: &Path, change: impl Fn(&str, String) -> Option<String>) -> (Sheet, Vec<Row>) {
    use std::io::Write;
    let entity = Catalog::embedded().get("customers").unwrap();
    let template =
        template::workbook(Catalog::embedded(), entity, &TemplateOptions::default()).unwrap().save_to_buffer().unwrap();
    let path = folder.join("changed.xlsx");
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    for (name, text) in parts(&template) {
        if let Some(text) = change(&name, text) {
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
    }
    zip.finish().unwrap();
    open(&path)
}

#[test]
fn the_example_row_is_known_by_either_mark_until_it_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    let with = |change: &dyn Fn(&str, String) -> Option<String>| changed(folder.path(), change).1;
    let with = |change: &dyn Fn(&str, String) -> Option<String>| example(&with(change));
    let without_properties = |name: &str, text: String| (name != "docProps/custom.xml").then_some(text);
    let without_sheet = |name: &str, text: String| {
        let empty = "<worksheet><sheetData/></worksheet>".to_owned();
        Some(if name == "xl/worksheets/sheet3.xml" { empty } else { text })
    };
    assert_eq!(with(&|_, text| Some(text)), Some(2));
    assert_eq!(with(&without_properties), Some(2));
    assert_eq!(with(&without_sheet), Some(2));
    assert_eq!(with(&|name, text| without_properties(name, text).and_then(|text| without_sheet(name, text))), None);
    // The cells' texts are shared with the hidden sheet, so the edit goes to the cell: it becomes a number.
    let edited = |name: &str, text: String| {
        let cell = text.find("<c r=\"B2\"").filter(|_| name == "xl/worksheets/sheet1.xml");
        let Some(start) = cell else { return Some(text) };
        let end = start + text[start..].find("</c>").unwrap();
        Some(text.replace(&text[start..end], "<c r=\"B2\"><v>13000000001</v>"))
    };
    let (_, rows) = changed(folder.path(), edited);
    assert_eq!(example(&rows), None);
    assert_eq!((rows[0].cell(1).text, rows[0].cell(1).kind), ("13000000001", CellKind::Number));
}

#[test]
fn a_list_too_long_for_a_cell_stands_on_the_hidden_sheet() {
    let mut entity = Catalog::embedded().get("tickets").unwrap().clone();
    let field = entity.fields.iter_mut().find(|field| field.name == "ticketStatus").unwrap();
    let choice = field.choices[0].clone();
    field
        .choices
        .extend((0..100).map(|number| bw8::entity::Choice { zh: format!("示例状态{number}"), ..choice.clone() }));
    let template = template::workbook(Catalog::embedded(), &entity, &TemplateOptions::default())
        .unwrap()
        .save_to_buffer()
        .unwrap();
    let parts = parts(&template);
    assert!(parts["xl/worksheets/sheet1.xml"].contains("'bw8'!$D$1:$D$105"));
    assert!(parts["xl/worksheets/sheet3.xml"].contains("r=\"D105\""));
}

/// The header of the template that the command writes with these arguments, and its first sheet as it is stored.
fn written(work: &Work, arguments: &str) -> (Vec<String>, String) {
    let path = work.path("written.xlsx");
    let _ = std::fs::remove_file(&path);
    work.bw8(format!("template -o written.xlsx {arguments}")).exits(0);
    let parts = parts(&std::fs::read(&path).unwrap());
    (open(&path).0.header, parts["xl/worksheets/sheet1.xml"].clone())
}

fn has(header: &[String], title: &str) -> bool {
    header.iter().any(|known| known == title)
}

#[test]
fn custom_fields_have_their_column_with_its_list() {
    let work = Work::new();
    let overlay = "[[customers.custom_fields]]\nkey = 'field_1'\nlabel = '客户等级'\nkind = 'choice'\n\
                   choices = ['甲级', '乙级']\nrequired = true\n\
                   [[customers.fields]]\nname = 'email'\nzh = '电子信箱'\n";
    work.write("api.toml", overlay);
    let (header, sheet) = written(&work, "customers");
    assert!(has(&header, "客户等级*") && has(&header, "电子信箱"), "{header:?}");
    assert!(sheet.contains("甲级,乙级"), "{sheet}");
    std::fs::rename(work.path("api.toml"), work.path("corrections.toml")).unwrap();
    assert!(!has(&written(&work, "customers").0, "客户等级*"));
    assert!(has(&written(&work, "customers --api corrections.toml").0, "客户等级*"));
}

#[test]
fn an_entity_that_only_the_corrections_know_has_a_template() {
    let work = Work::new();
    work.bw8("template sms").exits(2);
    let overlay = "[sms]\nzh = '短信'\nen = 'Text messages'\n[sms.endpoints.create]\nmethod = 'POST'\npath = '/sms.json'\n\
                   [[sms.fields]]\nname = 'content'\nzh = '短信内容'\nen = 'Content'\nkind = 'text'\nrequired = true\n";
    work.write("api.toml", overlay);
    assert_eq!(written(&work, "sms").0, ["短信内容*"]);
    assert_eq!(written(&work, "短信").0, ["短信内容*"]);
    // Without an example there is no row to say of that it is one.
    assert_eq!(open(&work.path("written.xlsx")).1.len(), 0);
    let parts = parts(&std::fs::read(work.path("written.xlsx")).unwrap());
    assert!(!parts.keys().any(|name| name.contains("comments")), "{:?}", parts.keys());
}

#[test]
fn a_template_follows_the_mode_of_the_account() {
    let work = Work::new();
    let business = written(&work, "customers").0;
    assert!(has(&business, "公司编号*") && !has(&business, "联系人分组编号"), "{business:?}");
    let consumer = written(&work, "customers --account-mode 2c").0;
    assert!(!has(&consumer, "公司编号*") && has(&consumer, "联系人分组编号"), "{consumer:?}");
    let configuration = "[account.default]\nmode = '2C'\n[account.firm]\nmode = '2B'\n";
    work.write("bw8.toml", configuration);
    assert_eq!(written(&work, "customers").0, consumer);
    assert_eq!(written(&work, "customers --account firm").0, business);
}

#[test]
fn a_template_is_in_english_where_that_is_asked_for() {
    let work = Work::new();
    for entity in importable() {
        let name = format!("{} mine.xlsx", entity.name);
        work.bw8(["template", &entity.name, "--lang", "en", "-o", &name]).exits(0).says(&quoted(&name));
        let (sheet, rows) = open(&work.path(&name));
        assert_eq!((sheet.others.len(), rows.len(), example(&rows)), (0, 1, Some(2)), "{}", entity.name);
        for title in &sheet.header {
            let label = title.trim_end_matches('*');
            assert!(entity.fields.iter().any(|field| field.en == label), "{title}");
        }
        let parts = parts(&std::fs::read(work.path(&name)).unwrap());
        let command = format!("bw8 import {} {}", entity.name, quoted(&name)).replace('"', "&quot;");
        let texts = parts["xl/sharedStrings.xml"].replace("&#34;", "&quot;");
        assert!(texts.contains(&command) || texts.contains(&command.replace("&quot;", "\"")), "{command}");
        work.bw8(["check", &entity.name, &name]).exits(0).says("example row");
        // Saved as text, nothing tells but what the row says.
        let text = all_sheets(&work.path(&name)).remove(0).1;
        let days = [("46023", "2026-01-01"), ("46387", "2026-12-31")];
        let text = days
            .iter()
            .fold(String::from_utf8(text.to_csv()).unwrap(), |text, (number, day)| text.replace(number, day));
        work.write("saved.csv", text);
        work.bw8(["check", &entity.name, "saved.csv"]).exits(0).says("example row");
    }
}

#[test]
fn a_template_helps_whoever_fills_it_in() {
    let sheet = written(&Work::new(), "customers").1;
    for look in ["<autoFilter ref=\"A1:", "numberStoredAsText=\"1\"", "state=\"frozen\"", "paperSize=\"9\""] {
        assert!(sheet.contains(look), "{look} is missing");
    }
}

#[test]
fn a_template_goes_through_a_pipe() {
    let work = Work::new();
    let command = work.command("template customers -o -");
    let out = {
        let mut command = command;
        command.output().unwrap().stdout
    };
    assert_eq!(
        parts(&out),
        parts(&std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/customers.xlsx")).unwrap())
    );
    assert!(!work.path("-").exists());
}

#[test]
fn a_template_is_a_workbook_and_its_name_says_so() {
    let work = Work::new();
    for file in ["t.csv", "t.CSV", "t.xls", "t.txt"] {
        work.bw8(["template", "customers", "-o", file]).exits(2).says(file).says("t.xlsx");
        assert!(!work.path(file).exists());
    }
    work.bw8("template customers -o T.XLSX").exits(0);
}

#[test]
fn an_english_example_is_in_english_and_numbers_are_numbers() {
    let english = TemplateOptions { language: Some(Language::En), ..TemplateOptions::default() };
    for entity in importable() {
        let book = template::workbook(Catalog::embedded(), entity, &english).unwrap().save_to_buffer().unwrap();
        let work = Work::with("mine.xlsx", &book);
        let (_, rows) = open(&work.path("mine.xlsx"));
        assert_eq!(example(&rows), Some(2), "{}", entity.name);
        let texts: Vec<&str> = (0..rows[0].cells.len()).map(|column| rows[0].cell(column).text).collect();
        assert!(texts.concat().chars().all(|character| character < '\u{2e80}'), "{}: {texts:?}", entity.name);
        let explanation = &parts(&book)["xl/worksheets/sheet2.xml"];
        assert!(explanation.contains("paperSize=\"9\""), "{explanation}");
        // The longest text of a column is a number, and no text that a program marks.
        let most: Vec<usize> = entity.offered(AccountMode::default()).filter_map(|field| field.max).collect();
        for max in most {
            assert!(explanation.contains(&format!("<v>{max}</v>")), "{}: {max}", entity.name);
        }
    }
}

/// What only its code tells from another choice is taken, and not offered.
#[test]
fn choices_that_nobody_means_are_not_offered() {
    let tickets = importable().find(|entity| entity.name == "tickets").unwrap();
    let book = template::workbook(Catalog::embedded(), tickets, &TemplateOptions::default()).unwrap();
    let book = { book }.save_to_buffer().unwrap();
    let sheet = &parts(&book)["xl/worksheets/sheet1.xml"];
    assert!(sheet.contains("已关闭") && !sheet.contains("已关闭（6）"), "{sheet}");
    let work = Work::with("mine.csv", "标题,联系人编号,工单状态\n示例,50001,已关闭（6）\n示例二,50001,别的\n");
    let ran = work.bw8("check tickets mine.csv --lang zh");
    ran.exits(3).says("第 3 行：只能填写：").never_says("已关闭（6）");
}
