//! One telephone number is one, however a person writes it: in a file after another, in the account, in a question about it.

use crate::harness::*;

/// The number and the extension of one landline, as people write them.
const ONE: [&str; 6] = [
    "010-88880000-801",
    "(010)88880000转801",
    "+86 10 88880000 分机801",
    "0086-10-88880000-801",
    "86-10-8888 0000 ext. 801",
    "０１０－８８８８００００转８０１",
];

fn row(number: &str, note: &str) -> String {
    format!("姓名,固定电话,公司编号,备注\n示例前台,{number},20001,{note}\n")
}

#[test]
fn a_landline_that_was_sent_is_known_in_another_spelling() {
    let (work, server) = (Work::with("first.csv", row(ONE[0], "一")), Server::start(""));
    let stored = server.stored("customers");
    work.on(&server, "import customers first.csv").exits(0);
    for (at, number) in ONE.iter().enumerate().skip(1) {
        work.write("next.csv", row(number, &at.to_string()));
        work.on(&server, "import customers next.csv").exits(3).says("a row with the same was imported before");
        assert_eq!(work.results().column("code"), ["key_sent_before"], "{number}");
    }
    for number in ONE {
        work.run(work.command(["runs", "find", number])).exits(0).says("created");
    }
    // Two rows of one file, too.
    work.write("twice.csv", row("021-88880000", "一") + "示例前台,+86 21 88880000,20001,二\n");
    work.on(&server, "import customers twice.csv").exits(3);
    assert_eq!(work.results().column("code"), ["", "duplicate"]);
    assert_eq!(server.stored("customers"), stored + 2);
}

#[test]
fn another_landline_is_another_one() {
    let (work, server) = (Work::with("first.csv", row(ONE[0], "")), Server::start(""));
    work.on(&server, "import customers first.csv").exits(0);
    let numbers = [
        "010-88880000",
        "010-88880000-802",
        "021-88880000-801",
        "88880000-801",
        "+1 650 253 0000",
        "+852 2123 4567",
        "86100000",
        "400-000-0000",
    ];
    let rows = numbers.map(|number| format!("示例前台,{number},20001,\n")).concat();
    work.write("others.csv", format!("姓名,固定电话,公司编号,备注\n{rows}"));
    work.on(&server, "import customers others.csv").exits(0);
    assert_rows(&work.summary(), "created 8");
}

#[test]
fn a_record_of_the_account_is_found_by_its_landline_in_another_spelling() {
    for number in ONE {
        let (work, server) = (Work::with("mine.csv", row(ONE[0], "新")), Server::start(""));
        let theirs = format!(r#"{{"user":{{"name":"示例前台","mobile":"","fixnumber":"{number}"}}}}"#);
        server.change("users/50001", &theirs);
        work.on(&server, "import customers mine.csv").exits(3);
        assert_eq!(work.results().column("code"), ["exists_in_account"], "{number}");
        work.on(&server, "import customers mine.csv --mode skip-existing").exits(0);
        assert_rows(&work.summary(), "skipped 1");
        work.on(&server, "import customers mine.csv --mode upsert").exits(0);
        assert_rows(&work.summary(), "updated 1");
        assert_eq!(work.results().column("id"), ["50001"], "{number}");
    }
}

/// Whoever wants it written otherwise says so.
#[test]
fn a_landline_that_is_only_written_otherwise_changes_no_record() {
    let server = Server::start("");
    server.change("users/50001", &format!(r#"{{"user":{{"fixnumber":"{}"}}}}"#, ONE[0]));
    let stored = || {
        let records = server.records("customers");
        records.iter().find(|record| record["cId"] == "50001").map(|record| record["fixnumber"].clone()).unwrap()
    };
    let work = Work::new();
    for number in &ONE[1..] {
        work.write("mine.csv", format!("联系人编号,固定电话\n50001,{number}\n"));
        work.on(&server, "import customers mine.csv --mode update --dry-run").exits(0).says("leave 1 unchanged");
        work.on(&server, "import customers mine.csv --mode update").exits(0);
        assert_rows(&work.summary(), "unchanged 1");
        work.on(&server, "import customers mine.csv --mode update --overwrite 固定电话=if-blank --run kept").exits(0);
        assert_rows(&work.summary_of("kept"), "unchanged 1");
        std::fs::remove_dir_all(work.path("kept")).unwrap();
        assert_eq!(stored(), ONE[0]);
    }
    work.on(&server, "import customers mine.csv --mode update --overwrite 固定电话=always --run always").exits(0);
    assert_rows(&work.summary_of("always"), "updated 1");
    assert_ne!(stored(), ONE[0]);
    // Another number is another one, whatever was sent to the record.
    work.write("mine.csv", "联系人编号,固定电话\n50001,010-88880000-802\n");
    work.on(&server, "import customers mine.csv --mode update --run other").exits(0);
    assert_rows(&work.summary_of("other"), "updated 1");
}

#[test]
fn a_number_that_a_record_has_beside_others_is_not_made_anew() {
    let several = [
        "13100000001,13100000002",
        "13100000002 / 13100000001",
        "13100000001、13100000002",
        "+8613100000001 13100000002",
    ];
    for mobile in several {
        let server = Server::start("");
        let stored = server.stored("customers");
        server.change("users/50001", &format!(r#"{{"user":{{"name":"示例前台","mobile":"{mobile}"}}}}"#));
        let work = Work::with("mine.csv", "姓名,手机,公司编号,备注\n示例前台,131 0000 0001,20001,新\n");
        work.on(&server, "import customers mine.csv").exits(3);
        assert_eq!(work.results().column("code"), ["exists_in_account"], "{mobile}");
        for mode in ["skip-existing", "upsert", "update"] {
            let ran = work.on(&server, format!("import customers mine.csv --mode {mode}"));
            ran.exits(3).says("one of several values that records of the account hold as their Mobile: 50001");
            assert_rows(&work.summary(), "held 1");
        }
        assert_eq!(server.stored("customers"), stored, "{mobile}");
        let is_as_it_was = |record: &serde_json::Map<String, serde_json::Value>| record["mobile"] == mobile;
        assert!(server.records("customers").iter().any(is_as_it_was), "{mobile}");
        // Whose it is there is no question of.
        let tickets = Work::with("tickets.csv", "标题,客户手机\n示例,13100000001\n");
        tickets.on(&server, "import tickets tickets.csv").exits(0);
        assert_rows(&tickets.summary(), "created 1");
    }
}

/// Where two records were made one, a file that knows one number of it takes the other one from nobody.
#[test]
fn a_number_that_a_record_has_beside_others_takes_none_of_them_away() {
    let server = Server::start("");
    let several = "13100000001,13100000002";
    server.change("users/50001", &format!(r#"{{"user":{{"mobile":"{several}"}}}}"#));
    let mobile = |id: &str| {
        let records = server.records("customers");
        records.iter().find(|record| record["cId"] == id).map(|record| record["mobile"].clone()).unwrap()
    };
    let work = Work::with("mine.csv", "联系人编号,手机,备注\n50001,131 0000 0001,新\n");
    work.on(&server, "import customers mine.csv --mode update").exits(0).says("the service keeps");
    assert_rows(&work.summary(), "updated 1");
    assert_eq!(mobile("50001"), several);
    // Another number is another number, and who wants it so has it so.
    work.write("other.csv", "联系人编号,手机\n50001,13100000099\n");
    work.on(&server, "import customers other.csv --mode update --dry-run").exits(0).says("update 1");
    work.on(&server, "import customers mine.csv --mode update --overwrite 手机=always --fresh").exits(0);
    assert_eq!(mobile("50001"), "13100000001");
}
