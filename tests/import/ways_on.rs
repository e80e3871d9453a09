//! What is said of a file that is not what it should be leads on: it names what was read, and no hint leads in a circle.

use crate::harness::*;

/// A sheet of these rows of texts.
fn rows(rows: &[&[&str]]) -> String {
    rows.iter().map(|row| sheet_row("", row)).collect()
}

#[test]
fn a_mapping_that_lacks_the_same_columns_is_not_proposed() {
    const WITHOUT_COMPANY: &str = "Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Lead Status,Marketing contact status,Create Date,Last Activity Date,Original Source,Original Source Drill-Down 1,Original Source Drill-Down 2,Lifecycle Stage,Country/Region,City,Associated Note IDs";
    let blanks = ",".repeat(WITHOUT_COMPANY.matches(',').count());
    let work = Work::with("mine.csv", format!("{WITHOUT_COMPANY}\n1{blanks}\n"));
    let ran = work.bw8("check customers mine.csv");
    ran.exits(2)
        .says("looks like a HubSpot contact export")
        .says("[constants]")
        .says("with that mapping the same is missing, too");
    // The company that stands there is the contact's, by its name.
    let with_company = WITHOUT_COMPANY.replace("Lead Status", "Associated Company");
    work.write(
        "company.csv",
        format!("{with_company}\n1,三,张,a@example.com,13100000001,,示例公司00001有限公司{}\n", ",".repeat(10)),
    );
    let ran = work.bw8("check customers company.csv --mapping hubspot-contacts");
    ran.exits(0).says("Associated Company → Company name (companyId.companyName)");
}

#[test]
fn the_sheet_that_was_read_is_named_with_what_else_there_is() {
    let work = Work::new();
    let hidden = Sheets::default()
        .sheet("公司", &rows(&[&["公司名称", "地址"], &["示例甲", "甲路"]]))
        .hidden()
        .sheet("说明页", &rows(&[&["说明"], &["请填写"]]));
    work.write("hidden.xlsx", hidden.bytes());
    work.bw8("check companies hidden.xlsx --lang zh")
        .exits(2)
        .says("读取的是工作表“说明页”")
        .says("隐藏的工作表：公司");
    let others = Sheets::default()
        .sheet("一", &rows(&[&["x", "y"], &["1", "2"]]))
        .sheet("二", &rows(&[&["标题", "描述"], &["1", "2"]]));
    work.write("others.xlsx", others.bytes());
    work.bw8("check companies others.xlsx --lang zh").exits(2).says("“二”").says("其他有内容的工作表：一");
}

#[test]
fn json_lines_have_members_and_no_header_row() {
    let work = Work::with("mine.jsonl", "{\"address\":\"甲路\"}\n");
    work.bw8("check companies mine.jsonl --lang zh").exits(2).says("文件中现有：address").never_says("第 0 行");
    work.bw8("inspect mine.jsonl --lang zh").exits(0).says("数据 1 行").never_says("第 0 行");
}

#[test]
fn an_option_that_means_nothing_for_a_file_is_told() {
    let work = Work::with("mine.csv", "公司名称,地址\n示例甲,甲\n");
    work.bw8("check companies mine.csv --header-row 9 --lang zh")
        .exits(2)
        .says("第 9 行")
        .never_says("第一行必须是列名");
    work.bw8("check companies mine.csv --sheet x --lang zh").exits(2).says("不是工作簿");
    work.write("mine.xlsx", Sheets::of(&rows(&[&["公司名称", "地址"], &["示例甲", "甲"]])).bytes());
    work.bw8("check companies mine.xlsx --header-row 9 --lang zh").exits(2).says("第 9 行");
    let ran = work.bw8("check companies mine.csv --accept-warnings=nosuch");
    ran.exits(2).says("'nosuch'").says("null_word").says("totals_row_by_words");
    work.bw8("import companies mine.csv --sandbox --accept-warnings=null_word,nosuch").exits(2).says("'nosuch'");
    work.bw8("check companies mine.csv --accept-warnings=null_word,rows_gone").exits(0);
    work.write("map.toml", "[templates]\nserveNote = \"{# x #}\"\n");
    work.bw8("check companies mine.csv --mapping map.toml").exits(2).says("map.toml, line 2").says("comment");
}

#[test]
fn codes_that_are_converted_are_shown() {
    let work = Work::with(
        "mine.csv",
        "标题,描述,联系人编号,优先级,工单状态,工单类型\n雨,无,50001,1,2,3\n雪,无,50001,低,处理中,故障\n",
    );
    let ran = work.bw8("check tickets mine.csv --lang zh");
    ran.exits(0).says("1 → 低").says("2 → 处理中").says("3 → 故障");
    // What a mapping says is shown as such, once.
    work.write("map.toml", "[constants]\nticketType = \"3\"\n[values.priorityLevel]\n\"低\" = \"1\"\n");
    work.write("plain.csv", "标题,描述,联系人编号,优先级\n雨,无,50001,低\n");
    work.bw8("check tickets plain.csv --mapping map.toml --lang zh")
        .exits(0)
        .never_says("3 → 故障")
        .never_says("1 → 低");
}

#[test]
fn what_a_cell_of_a_workbook_is_not_is_said_as_it_is() {
    let work = Work::new();
    let numbers = rows(&[
        &["姓名", "手机", "公司编号"],
        &["示例甲", "<c><v>138001380001234</v></c>", "20001"],
        &["示例乙", "<c><v>-13800138003</v></c>", "20001"],
    ]);
    work.write("numbers.xlsx", Sheets::of(&numbers).bytes());
    work.bw8("check customers numbers.xlsx").exits(3).says("is no mobile number").never_says("a leading 0 may be lost");
    let nothing = rows(&[&["公司名称", "备注"], &["示例甲", "<c s=\"1\"><v>5</v></c>"]]);
    work.write("nothing.xlsx", Sheets::of(&nothing).format(";;;").bytes());
    work.bw8("check companies nothing.xlsx --lang zh").exits(3).says("不显示内容").never_says("显示为 ?");
    let no_end = rows(&[
        &["公司名称", "服务开始日期", "服务结束日期"],
        &["示例甲", "<c s=\"1\"><v>46027</v></c>", "<c s=\"1\"><v>2958465</v></c>"],
    ]);
    work.write("no-end.xlsx", Sheets::of(&no_end).format("yyyy-mm-dd").bytes());
    work.bw8("check companies no-end.xlsx").exits(0);
    let day = rows(&[
        &["公司名称", "地址"],
        &["示例甲", "甲路"],
        &["示例乙", "<c s=\"1\"><v>46086</v></c>"],
        &["示例丙", "丙路"],
    ]);
    work.write("day.xlsx", Sheets::of(&day).format("yyyy-mm-dd").bytes());
    work.bw8("check companies day.xlsx").exits(3).says("date_cell_in_text");
    work.write("two.csv", "姓名,手机,电话,公司编号\n示例甲,13100000001,13100000002,20001\n");
    work.bw8("check customers two.csv --lang zh").exits(0).says("13100000002");
}

#[test]
fn settings_and_mappings_of_one_chinese_word_are_read_as_gbk() {
    let work = Work::with("mine.csv", "公司名称,地址\n示例甲,甲\n");
    for word in ["测试", "北京", "练习"] {
        let gbk = |text: String| encoding_rs::GB18030.encode(&text).0.into_owned();
        work.write("map.toml", gbk(format!("[constants]\nserveNote = \"{word}\"\n")));
        work.bw8("check companies mine.csv --mapping map.toml").exits(0);
        work.write(
            "bw8.toml",
            gbk(format!("[account.\"{word}\"]\nbase_url = \"https://a.example.com\"\nuser = \"a@example.com\"\n")),
        );
        work.bw8("check companies mine.csv").exits(0);
        std::fs::remove_file(work.path("bw8.toml")).unwrap();
    }
}
