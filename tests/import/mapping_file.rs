//! What a mapping file says of columns and rows: nothing of a file is lost without a word.

use crate::harness::*;

const FILE: &str = "姓名,手机,公司编号,会员等级,状态\n\
    示例甲,13100000001,20001,金,正常\n示例乙,13100000002,20001,银,作废\n";

#[test]
fn columns_that_nothing_takes_are_counted_and_stop_a_strict_import() {
    let (work, server) = (Work::with("mine.csv", FILE), Server::start(""));
    work.on(&server, "import customers mine.csv --dry-run")
        .exits(0)
        .says("2 columns are not imported")
        .says("D 会员等级");
    work.bw8("check customers mine.csv --strict").exits(2).says("2 columns are not imported");
    work.on(&server, "import customers mine.csv --strict --lang zh").exits(2).says("有 2 列未识别").says("drop");
    assert_eq!(server.requests_to("customers.create"), 0);
    work.write("map.toml", "drop = [4, '状态']\n");
    work.on(&server, "import customers mine.csv --strict --mapping map.toml").exits(0).never_says("not imported");
    assert_eq!(work.summary()["columns_not_imported"], serde_json::json!([]));
    let work = Work::with("mine.csv", FILE);
    work.on(&server, "import customers mine.csv --fresh").exits_with_one_of(&[0, 3, 5]);
    assert_eq!(work.summary()["columns_not_imported"], serde_json::json!(["D 会员等级", "E 状态"]));
}

#[test]
fn a_column_is_left_out_by_a_number_that_exists() {
    let work = Work::with("mine.csv", FILE);
    work.write("map.toml", "drop = [9]\n");
    work.bw8("check customers mine.csv --mapping map.toml").exits(2).says("#9");
    work.write("map.toml", "drop = [true]\n");
    work.bw8("check customers mine.csv --mapping map.toml")
        .exits(2)
        .says("map.toml, line 1")
        .says("numbers of columns");
}

#[test]
fn rows_are_skipped_by_a_condition_and_counted() {
    let (work, server) = (Work::with("mine.csv", FILE), Server::start(""));
    work.write("map.toml", "drop = ['会员等级']\n[skip]\n'状态' = ['作废', '测试']\n");
    work.on(&server, "import customers mine.csv --mapping map.toml").exits(0).says("left out by [skip]");
    assert_rows(&work.summary(), "created 1, skipped 1");
    assert_eq!(work.results().column("status"), ["created", "skipped"]);
    work.write("map.toml", "[skip]\n'状况' = ['作废']\n");
    work.bw8("check customers mine.csv --mapping map.toml").exits(2).says("状况");
}

#[test]
fn a_mapping_for_another_header_names_what_came_and_went() {
    let work = Work::with("mine.csv", FILE);
    work.write("map.toml", "header = ['姓名', '手机', '公司编号', '会员等级', '状态']\n");
    work.bw8("check customers mine.csv --mapping map.toml").exits(0);
    work.write("map.toml", "header = ['姓名', '手机', '公司编号', '备注', '状态']\n");
    work.bw8("check customers mine.csv --mapping map.toml").exits(2).says("会员等级").says("missing ones: 备注");
    work.bw8("check customers mine.csv --mapping map.toml --lang zh").exits(2).says("缺少的列：备注");
}

#[test]
fn several_numbers_of_a_cell_go_where_the_mapping_says_and_none_is_lost() {
    let file = "姓名,联系方式,公司编号\n示例甲,13100000001/010-00000001,20001\n示例乙,13100000002,20001\n\
        示例丙,13100000003、010-00000003、010-00000004,20001\n";
    let (work, server) = (Work::with("mine.csv", file), Server::start(""));
    work.write(
        "map.toml",
        "[templates]\nmobile = '{{ 联系方式 | part(1) }}'\nfixnumber = '{{ 联系方式 | part(2) }}'\n",
    );
    work.on(&server, "import customers mine.csv --mapping map.toml --concurrency 1").exits(3).says("has 3 parts");
    assert_eq!(work.results().column("status"), ["created", "created", "refused"]);
    assert_eq!(work.results().column("code"), ["", "", "parts_left_over"]);
    let records = server.records("customers");
    let [.., first, second] = records.as_slice() else { panic!("no records") };
    assert_eq!((&first["mobile"], &first["fixnumber"]), (&"13100000001".into(), &"010-00000001".into()));
    assert_eq!(
        (second["mobile"].as_str(), second.get("fixnumber").and_then(|v| v.as_str())),
        (Some("13100000002"), None)
    );
}

#[test]
fn templates_say_the_truth() {
    let file = "姓名,手机,公司编号,说明\n示例甲,13100000001,20001,打印机坏了\n示例乙,13100000002,20001,\n";
    let (work, server) = (Work::with("mine.csv", file), Server::start(""));
    work.write("map.toml", "[templates]\nnote = '{{ 说明[:3] }}'\nposition = '来自旧系统'\nQQ = '{{ \"10001\" }}'\n");
    work.on(&server, "import customers mine.csv --mapping map.toml --concurrency 1").exits(0);
    let records = server.records("customers");
    let [.., first, second] = records.as_slice() else { panic!("no records") };
    assert_eq!((&first["note"], &first["position"]), (&"打印机".into(), &"来自旧系统".into()));
    assert_eq!((&second["QQ"], &second["position"]), (&"10001".into(), &"来自旧系统".into()));
    work.write("bad.toml", "[templates]\nnote = '{{ 说明 | nosuch }}'\n");
    work.bw8("check customers mine.csv --mapping bad.toml").exits_with_one_of(&[2, 3]);
}

#[test]
fn a_template_stands_under_templates_alone_and_its_default_is_for_blank_cells_too() {
    let work =
        Work::with("mine.csv", "姓名,手机,公司编号,说明\n示例甲,13100000001,20001,\n示例乙,13100000002,20001,有\n");
    work.write("map.toml", "[templates]\nnote = \"{{ 说明 | default('无') }}\"\n");
    work.bw8("import customers mine.csv --mapping map.toml --sandbox").exits(0);
    work.bw8("export customers -o all.csv --sandbox --no-mirror").exits(0);
    let notes = work.table("all.csv");
    let notes = notes.column("Note");
    assert!(notes.contains(&"无") && notes.contains(&"有"), "{notes:?}");
    for section in ["constants", "defaults"] {
        work.write("map.toml", format!("[{section}]\nnote = \"{{{{ '旧系统' }}}}\"\n"));
        let refused = work.bw8("check customers mine.csv --mapping map.toml");
        refused.exits(2).says("map.toml, line 2").says(section).says("[templates]");
    }
}

#[test]
fn two_columns_of_one_name_are_left_out_as_the_hint_says() {
    let work = Work::with("mine.csv", "姓名,手机,公司编号,备注,备注\n示例甲,13100000001,20001,一,二\n");
    work.bw8("check customers mine.csv").exits(2).says("drop = [5]");
    work.write("map.toml", "drop = [5]\n");
    work.bw8("check customers mine.csv --mapping map.toml").exits(0).says("D  备注");
    work.write("map.toml", "drop = ['备注']\n");
    work.bw8("check customers mine.csv --mapping map.toml --strict").exits(0).never_says("→ Note");
}

#[test]
fn words_that_the_mapping_replaces_are_shown_with_their_rows() {
    let rows: String =
        (1..=5).map(|n| format!("示例{n},1310000000{n},20001,{}\n", if n < 4 { "在岗" } else { "离开" })).collect();
    let (work, server) = (Work::with("mine.csv", format!("姓名,手机,公司编号,在职状态\n{rows}")), Server::start(""));
    work.write("map.toml", "[values.state]\n'在岗' = '在职'\n'离开' = '离职'\n'在职' = '在职'\n");
    let ran = work.bw8("check customers mine.csv --mapping map.toml --lang zh");
    ran.exits(0).says("D  在职状态，按列对应表改写：在岗 → 在职，3 行；离开 → 离职，2 行");
    let ran = work.bw8("check customers mine.csv --mapping map.toml --format json");
    ran.exits(0);
    let told = ran.json();
    assert_eq!(
        told["replaced"][1],
        serde_json::json!({"column": "D", "field": "state", "written": "离开", "becomes": "left", "rows": 2})
    );
    assert_eq!(told["replaced"].as_array().map(Vec::len), Some(2));
    let ran = work.on(&server, "import customers mine.csv --mapping map.toml --dry-run");
    ran.exits(0).says("D  State, words of the mapping: 在岗 → employed, 3 rows; 离开 → left, 2 rows");
    work.on(&server, "import customers mine.csv --mapping map.toml").exits(0).says("离开 → left, 2 rows");
    // A word that stays itself is none.
    work.write("same.toml", "[values.state]\n'在岗' = '在职'\n'离开' = '离职'\n");
    work.write("same.csv", "姓名,手机,公司编号,在职状态\n示例甲,13100000001,20001,在职\n");
    work.bw8("check customers same.csv --mapping same.toml").exits(0).never_says("words of the mapping");
}

#[test]
fn a_column_without_a_heading_that_holds_something_is_counted_and_an_empty_one_is_not() {
    let (work, server) =
        (Work::with("mine.csv", "姓名,,手机,,公司编号\n示例甲,重要,13100000001,,20001\n"), Server::start(""));
    let ran = work.bw8("check customers mine.csv --strict");
    ran.exits(2).says("1 column is not imported").says("B (no header)").never_says("D (no header)");
    work.on(&server, "import customers mine.csv --strict --lang zh").exits(2).says("B（没有表头）");
    assert_eq!(server.requests_to("customers.create"), 0);
    work.write("map.toml", "drop = [2]\n");
    work.bw8("check customers mine.csv --strict --mapping map.toml").exits(0);
}
