//! Words that are no choices of their fields and stand in many rows: decided once for all rows that say them.

use crate::harness::*;

/// Tickets in this many rows of each of these states, in turns as long as there are any.
fn tickets_in(states: &[(&str, usize)]) -> String {
    let mut text = String::from("标题,描述,联系人编号,状态\n");
    for round in 0.. {
        let left: Vec<&str> = states.iter().filter(|(_, rows)| round < *rows).map(|(state, _)| *state).collect();
        if left.is_empty() {
            return text;
        }
        left.iter().for_each(|state| text += &format!("示例 {state} {round},说明,50001,{state}\n"));
    }
    text
}

fn answer(work: &Work, file: &str, answers: &[&str]) {
    let mut table = work.table(file);
    let title = if table.header().contains(&"处理") { "处理" } else { "answer" };
    for (row, answer) in answers.iter().enumerate() {
        table.set(row, title, answer);
    }
    work.write(file, workbook(&[("to decide", &table)]));
}

fn count(server: &Server, member: &str, value: &str) -> usize {
    server.records("tickets").iter().filter(|ticket| ticket[member] == value).count()
}

const STATES: [(&str, usize); 4] = [("等待三方", 12), ("挂起", 11), ("奇怪", 2), ("新建", 3)];

#[test]
fn a_word_of_many_rows_is_decided_once_and_a_rare_one_is_put_right_in_its_row() {
    // One of the rows that were decided about loses its answer: it is found again by all that was sent.
    let server = Server::faulty(&["500-after-store,on=POST tickets,nth=9"]);
    let work = Work::with("mine.csv", tickets_in(&STATES));
    let (solved, new) = (count(&server, "ticketStatus", "4"), count(&server, "ticketStatus", "1"));
    work.bw8("check tickets mine.csv").exits(3).says("is not one of");
    let foreseen = work.on(&server, "import tickets mine.csv --dry-run");
    foreseen.exits(3).says("23 rows wait for decisions: 2 texts").says("dry run: 3 tickets would be created");
    let import = "import tickets mine.csv --run run --no-canary --keep-going";
    work.on(&server, import).exits(5).says("23 rows wait for decisions: 2 texts");
    assert_rows(&work.summary_of("run"), "created 3, refused 2, pending 23");
    let asked = work.table("run/decisions.xlsx");
    assert_eq!(asked.column("in the file"), ["等待三方", "挂起"]);
    assert_eq!(asked.column("rows"), ["12", "11"]);
    assert!(asked.column("candidates in the account")[0].contains("solved (4)"), "{asked:?}");
    // Nobody has answered yet.
    work.on(&server, import).exits(5);
    answer(&work, "run/decisions.xlsx", &["solved", ""]);
    work.on(&server, import).exits(5).says("11 rows wait for decisions: 1 text");
    assert_rows(&work.summary_of("run"), "created 15, refused 2, pending 11");
    assert_eq!(count(&server, "ticketStatus", "4"), solved + 12);
    answer(&work, "run/decisions.xlsx", &["不导入"]);
    work.on(&server, import).exits(3);
    assert_rows(&work.summary_of("run"), "created 15, refused 13");
    assert_eq!(count(&server, "ticketStatus", "1"), new + 3);
    work.on(&server, import).exits(3).says("this was done before");
    assert_eq!(server.requests_to("tickets.create"), 15);
}

#[test]
fn an_answer_serves_the_next_file_and_one_that_is_no_choice_is_named_by_its_cell() {
    let server = Server::start("");
    let work = Work::with("mine.csv", tickets_in(&[("等待三方", 12)]));
    let import = "import tickets mine.csv --run run --lang zh";
    work.on(&server, import).exits(5).says("12 行等待决定：有 1 项");
    for (given, said) in [("没有这个", "工单状态 没有“没有这个”这个选项"), ("新的", "没有“新的”这个选项")]
    {
        answer(&work, "run/decisions.xlsx", &[given]);
        work.on(&server, import).exits(2).says("单元格 F2").says(said);
        assert_eq!(server.requests_to("tickets.create"), 0, "{given}");
    }
    // It is a choice here, whatever else the word stands for.
    answer(&work, "run/decisions.xlsx", &["新建"]);
    work.on(&server, import).exits(0);
    // Written in another width it is the same word.
    work.write("next.csv", tickets_in(&[("等待三方", 2), ("等待三方 ", 1)]).replace("示例", "下周"));
    let next = "import tickets next.csv --run next --decisions run/decisions.xlsx";
    work.on(&server, format!("{next} --dry-run")).exits(0);
    work.on(&server, next).exits(0);
    assert_rows(&work.summary_of("next"), "created 3");
}

#[test]
fn a_change_waits_for_its_words_too_and_a_blank_leaves_the_field_alone() {
    let server = Server::start("");
    let rows: String = (1..=12).map(|n| format!("{},甲,奇怪\n", 900_000 + n)).collect();
    let work = Work::with("mine.csv", format!("工单编号,标题,优先级\n{rows}"));
    let before: Vec<String> =
        server.records("tickets").iter().map(|ticket| ticket["priorityLevel"].to_string()).collect();
    let import = "import tickets mine.csv --mode update --run run";
    work.on(&server, import).exits(5).says("12 rows wait for decisions: 1 text");
    assert_eq!(server.requests_to("tickets.update"), 0);
    work.on(&server, format!("{import} --strict")).exits(2);
    answer(&work, "run/decisions.xlsx", &["留空"]);
    work.on(&server, import).exits(0);
    assert_rows(&work.summary_of("run"), "updated 12");
    let after: Vec<String> =
        server.records("tickets").iter().map(|ticket| ticket["priorityLevel"].to_string()).collect();
    assert_eq!(after, before);
    assert_eq!(count(&server, "subject", "甲"), 12);
}
