//! Few rows that between them fill all columns go first and are read back; some random ones may be read back at the end; what
//! does not come over is said before anybody agrees.

use crate::harness::*;

const HEADER: &str = "姓名,手机,公司编号,标签,备注\n";

#[test]
fn rows_that_fill_further_columns_go_first_and_are_compared() {
    let (work, server) = (Work::new(), Server::start("--variant unknown-tags=dropped"));
    let mut rows = String::from(HEADER);
    for number in 1..=8 {
        rows += &format!("示例,1310000000{number},20001,,\n");
    }
    // Only the last row has a tag, which the account drops.
    rows += "示例,13100000009,20001,没有设置的标签,示例\n";
    work.write("mine.csv", rows);
    work.on(&server, "import customers mine.csv").exits(5).says("Tags: sent \"没有设置的标签\"");
    assert_rows(&work.summary(), "created 2, pending 7");
}

#[test]
fn a_column_that_is_filled_late_is_compared_when_it_comes() {
    let (work, server) = (Work::new(), Server::start("--variant unknown-tags=dropped"));
    let rows = 3000;
    let mut text = String::from(HEADER);
    for number in 1..=rows {
        let tag = if number == 2500 { "没有设置的标签" } else { "" };
        text += &format!("示例,131{number:08},20001,{tag},\n");
    }
    work.write("mine.csv", text);
    let ran = work.on(&server, "import customers mine.csv --yes=3000");
    ran.exits(5).says("row 2501 was stored as record").says("the run stops here").says("not compared so far: Tags");
    let counts = work.summary()["rows"].clone();
    assert!(counts["pending"].as_u64().unwrap() > 0, "{counts}");
}

#[test]
fn a_sample_at_the_end_tells_what_the_service_changed() {
    let (work, server) = (Work::new(), Server::start("--variant unknown-tags=dropped"));
    let mut rows = String::from(HEADER);
    for number in 1..=6 {
        rows += &format!("示例,1310000000{number},20001,{},\n", if number > 3 { "没有设置的标签" } else { "vip" });
    }
    work.write("mine.csv", rows);
    let ran = work.on(&server, "import customers mine.csv --no-canary --sample 6");
    ran.exits(0).says("the service changed Tags in 3 of 6 records that were read back, such as row 5");
    let mut rows = String::from(HEADER);
    for number in 1..=6 {
        rows += &format!("示例,1320000000{number},20001,没有{number},\n");
    }
    work.write("rule.csv", rows);
    let ran = work.on(&server, "import customers rule.csv --no-canary --sample 4");
    ran.exits(0).says("a rule of the service sets Tags");
    work.write("good.csv", format!("{HEADER}示例,13300000001,20001,vip,\n"));
    work.on(&server, "import customers good.csv --no-canary --sample 4")
        .exits(0)
        .says("1 random records were read back");
}

#[test]
fn what_does_not_come_over_is_said_before_the_question() {
    let (work, server) = (Work::new(), Server::start(""));
    let rows = "示例,13100000001,20001,7002,2020-01-05,12\n示例,13100000002,20001,7003,2020-01-06,\n示例,13100000003,20001,,,\n";
    work.write("mine.csv", format!("姓名,手机,公司编号,负责客服编号,创建时间,积分\n{rows}"));
    let ran = work.on(&server, "import customers mine.csv --dry-run --lang zh --format json");
    ran.exits(0).says("D 负责客服编号：2 行有内容，不会导入，全部记录的").says("将是 demo@example.com");
    ran.says("E 创建时间：2 行有内容，不会导入，创建时间将是今天").says("F 积分：1 行有内容，不会导入，没有对应的字段");
    let left_out = &ran.json()["left_out"];
    assert_eq!((&left_out[0]["field"], &left_out[0]["rows"]), (&"supportId".into(), &2.into()));
    work.on(&server, "import customers mine.csv").exits(0).says("E 创建时间: 2 rows have something");
    // An update leaves them as they are.
    work.write("change.csv", "联系人编号,备注,创建时间\n50001,示例,2020-01-05\n");
    let ran = work.on(&server, "import customers change.csv --mode update");
    ran.exits(0).says("C 创建时间: 1 row has something, which does not come over: the service sets it itself");
}
