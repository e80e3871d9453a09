//! Answers that are not quite what they should be, as programs in PHP give them: read where that loses nothing but what is
//! broken, asked again where it may help, and never taken for whole when they are not.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::harness::*;

const NOTICE: &str = "<br />\n<b>Notice</b>:  Undefined index: x[1] in <b>/var/www/a.php</b> on line <b>12</b><br />\n";

/// Three customers, the second of whom is called `name` as it stands in JSON.
fn list(name: &str) -> String {
    let third = customer(3);
    format!(
        r#"{{"users":[{},{{"cId":"2","name":"{name}","mobile":"13000000002","state":"1"}},{third}],"count":3}}"#,
        customer(1)
    )
}

fn gbk(text: &str) -> Vec<u8> {
    encoding_rs::GBK.encode(text).0.into_owned()
}

/// Exports the customers of a service that answers their list with this body.
fn export(body: impl Into<Vec<u8>>) -> (Work, Ran) {
    let body = body.into();
    let service = Service::start_with_bytes(move |request| match request.path.as_str() {
        "/users.json" => (200, body.clone()),
        _ => (404, unknown().1.into_bytes()),
    });
    let work = Work::at(&service.base_url());
    let ran = work.export("customers -o out.csv --columns cId,name");
    (work, ran)
}

/// The second customer's name in the file, after an export that is whole.
#[track_caller]
fn second_name(work: &Work, ran: &Ran) -> String {
    let json = ran.exits(0).json();
    assert_eq!(json["records"], 3, "{ran}");
    work.rows("out.csv")[2][1].clone()
}

#[track_caller]
fn manifest(work: &Work) -> Value {
    serde_json::from_str(&work.read("out.csv.manifest.json")).unwrap()
}

#[test]
fn a_broken_character_costs_itself_and_is_named() {
    let bodies: [(Vec<u8>, &str); 5] = [
        (list(r"客户\ud83d").into_bytes(), "客户\u{fffd}"),
        (list(r"\udc00客户").into_bytes(), "\u{fffd}客户"),
        (list(r"客户\ud83d\ud83d\ude00").into_bytes(), "客户\u{fffd}😀"),
        (
            list("客户@")
                .bytes()
                .flat_map(|byte| if byte == b'@' { b"\xe6\x88".to_vec() } else { vec![byte] })
                .collect(),
            "客户\u{fffd}",
        ),
        (
            list("@")
                .bytes()
                .flat_map(|byte| if byte == b'@' { b"\xf0\x9f\x98".to_vec() } else { vec![byte] })
                .collect(),
            "\u{fffd}",
        ),
    ];
    for (body, expected) in bodies {
        let (work, ran) = export(body);
        assert_eq!(second_name(&work, &ran), expected);
        assert_eq!(ran.json()["mended"]["records"]["cells"], 1, "{ran}");
        assert!(ran.json()["warnings"].to_string().contains("in the records 2;"), "{ran}");
        let mended = &manifest(&work)["mended"];
        assert!(mended["answers"]["lost_characters"].as_u64() >= Some(1), "{mended}");
        assert_eq!(mended["records"]["named"], serde_json::json!([{"id": "2", "member": "name"}]), "{mended}");
    }
}

#[test]
fn broken_characters_in_names_of_members_and_nested_values_are_named_too() {
    let body = list("示例").replace(
        r#""mobile":"13000000002""#,
        r#""odd\ud800":1,"custom_fields":[{"key":"field_1","value":"\udfff"},{"key":"field_2","value":"示例"}]"#,
    );
    let (work, ran) = export(body);
    assert_eq!(second_name(&work, &ran), "示例");
    let named = &manifest(&work)["mended"]["records"]["named"];
    let expected =
        [("2", "field_1"), ("2", "odd\u{fffd}")].map(|(id, member)| serde_json::json!({"id": id, "member": member}));
    assert_eq!(named, &Value::from(expected.to_vec()));
}

#[test]
fn what_is_only_written_badly_is_read_without_a_loss() {
    let sound = list("示例客户");
    let marked = format!("\u{feff}\u{feff} \r\n{sound}");
    let noticed = format!("\u{feff}{NOTICE}{NOTICE}{sound}{NOTICE}");
    let bodies = [marked.into_bytes(), noticed.into_bytes(), gbk(&sound), format!("{sound}\0\n").into_bytes()];
    let marked_gbk = [b"\xef\xbb\xbf".to_vec(), gbk(&sound)].concat();
    let bodies = bodies.into_iter().chain([marked_gbk]);
    for body in bodies {
        let (work, ran) = export(body);
        assert_eq!(second_name(&work, &ran), "示例客户");
        assert_eq!(ran.json()["mended"]["records"]["cells"], 0, "{ran}");
    }
    for (name, expected) in
        [("示例\t客户\u{1}", "示例\t客户\u{1}"), (r"C:\data", r"C:\data"), ("示例\n客户", "示例\n客户")]
    {
        let (work, ran) = export(list(name));
        assert_eq!(second_name(&work, &ran), expected);
    }
}

#[test]
fn notices_and_another_encoding_are_said() {
    let (_, ran) = export(format!("{NOTICE}{}", list("示例")));
    ran.exits(0).says("had notices of the service's own program");
    let (_, ran) = export(gbk(&list("示例客户")));
    ran.exits(0).says("were in GBK");
}

#[test]
fn lists_have_every_form_that_php_gives_them() {
    let (one, two) = (customer(1), customer(2));
    for (body, ids) in [
        (r#"{"users":null,"count":0}"#.to_owned(), vec![]),
        (r#"{"users":"","count":"0"}"#.to_owned(), vec![]),
        (r#"{"users":{},"count":0}"#.to_owned(), vec![]),
        (format!(r#"{{"users":{one},"count":1}}"#), vec![1]),
        (format!(r#"{{"users":{{"0":{one},"1":{two}}},"count":2}}"#), vec![1, 2]),
        (format!(r#"{{"users":{{"1":{two},"0":{one}}},"count":2}}"#), vec![1, 2]),
    ] {
        let (work, ran) = export(body.clone());
        ran.exits(0);
        assert_eq!(work.ids("out.csv"), ids, "{body}");
    }
}

#[test]
fn numbers_keep_all_their_digits() {
    let body = list("示例").replace(r#""mobile":"13000000002""#, r#""mobile":18446744073709551617,"QQ":1.10"#);
    let service = Service::start(move |_| (200, body.clone()));
    let work = Work::at(&service.base_url());
    work.export("customers -o out.csv --columns cId,mobile,QQ").exits(0);
    assert_eq!(work.rows("out.csv")[2][1..], ["18446744073709551617", "1.10"]);
    work.export("customers -o out.jsonl").exits(0);
    let lines = work.read("out.jsonl");
    assert!(lines.contains("18446744073709551617") && lines.contains("1.10"), "{lines}");
}

#[test]
fn busy_pages_and_halves_are_asked_again() {
    let whole = list("示例");
    let half = whole[..whole.len() / 2].to_owned();
    for odd in [
        r#"{"errcode":"1","errmsg":"系统繁忙，请稍后再试"}"#.to_owned(),
        r#"{"code":500,"msg":"busy","data":null}"#.to_owned(),
        "<html><body>502 Bad Gateway</body></html>".to_owned(),
        String::new(),
        half.clone(),
        format!("{NOTICE}{half}"),
        format!("{}{{\"users\":[],\"count\":0}}", NOTICE.replace("Notice", "Warning")),
    ] {
        let asked = AtomicUsize::new(0);
        let (whole, first) = (whole.clone(), odd.clone());
        let service = Service::start(move |_| match asked.fetch_add(1, Ordering::Relaxed) {
            0 => (200, first.clone()),
            _ => (200, whole.clone()),
        });
        let work = Work::at(&service.base_url());
        let ran = work.export("customers -o out.csv --columns cId");
        ran.exits(0);
        assert_eq!(work.ids("out.csv"), [1, 2, 3], "{odd}");
        assert_eq!(ran.json()["retries"], 1, "{odd}: {ran}");
    }
}

#[test]
fn half_an_answer_is_never_a_list() {
    let whole = list("示例");
    let half = whole[..whole.len() - 20].to_owned();
    let service = Service::start(move |_| (200, half.clone()));
    let work = Work::at(&service.base_url());
    work.bw8("export customers -o out.csv --rate 0 --wait 1s").exits_with_one_of(&[1, 5]);
    assert!(!work.path("out.csv").exists());
}

#[test]
fn a_token_may_be_written_badly_too() {
    let in_gbk = gbk(r#"{"access_token":"0123456789abcdef","expires_in":3600,"scope":"示例客户"}"#);
    let tokens = [
        format!("\u{feff}{NOTICE}{{\"access_token\":\"0123456789abcdef\",\"expires_in\":\"3600\"}}").into_bytes(),
        in_gbk,
    ];
    for token in tokens {
        let service = Service::start_with_bytes(move |request| match request.path.contains("token") {
            true => (200, token.clone()),
            false => (200, list("示例").into_bytes()),
        });
        let work = Work::at(&service.base_url());
        let mut command = work.command("export customers -o out.csv --rate 0");
        command.envs([("BW8_CLIENT_ID", "id"), ("BW8_CLIENT_SECRET", "example-secret")]);
        work.run(command).exits(0);
        assert_eq!(work.rows("out.csv").len(), 4);
    }
}

#[test]
fn a_firewalls_page_is_told_as_what_it_is_and_not_as_a_missing_right() {
    let page = "<!DOCTYPE html><html><head><title>网站防火墙</title></head><body>您的请求已被拦截</body></html>";
    let service = Service::start(|_| (403, page.to_owned()));
    let work = Work::at(&service.base_url());
    let ran = work.bw8("export customers -o out.csv --wait 0");
    ran.exits(1).says("a page instead of data").says("您的请求已被拦截").says("a firewall, a proxy or a portal");
    ran.never_says("may not do that").never_says("administrator's account");
    let ran = work.bw8("export customers -o out.csv --wait 0 --lang zh");
    ran.exits(1).says("返回的是网页而不是数据").says("请联系网络管理员放行 127.0.0.1");
    // The service's own no stays one of missing rights.
    let service = Service::start(|_| (403, "{\"errcode\":\"403\",\"errmsg\":\"no permission\"}".to_owned()));
    Work::at(&service.base_url()).bw8("export customers -o out.csv --wait 0").exits(6).says("may not do that");
}

#[test]
fn a_service_that_is_slower_than_the_patience_for_one_answer_is_told_as_slow() {
    // It takes connections and answers nobody.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let work = Work::at(&format!("http://{}", silent.local_addr().unwrap()));
    let ran = work.bw8("export customers -o out.csv --wait 0 --timeout 1");
    ran.exits(1).says("--timeout").says("the service may only be slow");
    // A portal that wants a login answers everything with its page.
    let service = Service::start(|_| (200, "<html><title>登录门户</title>请先登录</html>".to_owned()));
    let ran = Work::at(&service.base_url()).bw8("export customers -o out.csv --wait 0 --lang zh");
    ran.exits(1).says("返回的是网页而不是数据：登录门户 请先登录").says("请联系网络管理员放行");
}

#[test]
fn numbers_that_are_none_are_left_empty_and_counted() {
    let body = list("客户").replace("\"13000000002\"", "NaN");
    let (work, ran) = export(body);
    assert_eq!(second_name(&work, &ran), "客户");
    ran.says("came as NaN or Infinity instead of a number").never_says("firewall");
    assert!(manifest(&work)["mended"]["answers"]["no_numbers"].as_u64().unwrap() >= 1);
    // What is no JSON for another reason is shown at its place.
    let broken = list("客户").replace("\"13000000002\"", "undefined");
    let service = Service::start(move |_| (200, broken.clone()));
    let ran = Work::at(&service.base_url()).bw8("export customers -o out.csv --wait 0");
    ran.exits(1).says("no valid JSON at").says("undefined").never_says("firewall");
}

/// A list of no name and no total may be that of a service that failed: that there are no records is not said without a word.
#[test]
fn an_answer_with_nothing_at_all_does_not_prove_that_there_is_nothing_without_a_word() {
    for (status, body) in [(200, "null"), (204, ""), (200, "[]"), (200, r#"{"data":[]}"#)] {
        let service = Service::start(move |request| match request.path.as_str() {
            "/users.json" => (status, body.to_owned()),
            _ => unknown(),
        });
        let work = Work::at(&service.base_url());
        for _ in 0..2 {
            let ran = work.export("customers -o out.csv --columns cId --incremental");
            ran.exits(0).says("that there are none is not proved");
            assert_eq!(work.ids("out.csv"), [0u64; 0], "{body}");
            assert!(manifest(&work)["warnings"].to_string().contains("not proved"), "{body}");
        }
    }
    for body in [r#"{"users":[],"count":0}"#, r#"{"users":null}"#, r#"{"users":[]}"#, r#"{"data":[],"next_page":null}"#]
    {
        let (_, ran) = export(body);
        ran.exits(0).never_says("not proved");
    }
}

/// A service that says no beside an empty list has not said that there is nothing.
#[test]
fn an_empty_list_beside_a_no_is_not_taken_for_empty() {
    for (body, said) in [
        (r#"{"code":401,"msg":"token expired","users":[],"count":0}"#, "401 token expired"),
        (r#"{"status":"-1","message":"no database","users":[],"count":0}"#, "-1 no database"),
        (r#"{"success":false,"message":"internal","users":null,"count":0}"#, "success: false internal"),
    ] {
        let service = Service::start(move |_| (200, body.to_owned()));
        let work = Work::at(&service.base_url());
        let ran = work.bw8("export customers -o out.csv --rate 0 --wait 1s");
        ran.exits_with_one_of(&[1, 5]);
        ran.says(said);
        assert!(!work.path("out.csv").exists(), "{body}");
    }
    for body in [
        r#"{"code":200,"msg":"ok","users":[],"count":0}"#,
        r#"{"code":1,"msg":"查询成功","users":[],"count":0}"#,
        r#"{"code":404,"msg":"暂无数据","users":[],"count":0}"#,
    ] {
        export(body).1.exits(0);
    }
}

/// A total with separators is one: a list that ends before it is not whole.
#[test]
fn a_total_is_read_however_it_is_written() {
    let three = [customer(1), customer(2), customer(3)].join(",");
    for (total, exit) in [("\"3.0\"", 0), ("3.0", 0), ("\"1,230\"", 5), ("1230.0", 5)] {
        let (work, ran) = export(format!(r#"{{"users":[{three}],"count":{total}}}"#));
        ran.exits(exit);
        assert_eq!(work.path("out.csv").exists(), exit == 0, "{total}");
    }
}

#[test]
fn what_is_packed_without_a_word_is_not_called_a_page() {
    for body in [&b"\x1f\x8b\x08\x00\x00\x00\x00\x00"[..], b"\x78\x9c\x01\x02\x03", b"{\x00\"\x00"] {
        let body = body.to_owned();
        let service = Service::start_with_bytes(move |_| (200, body.clone()));
        let work = Work::at(&service.base_url());
        let ran = work.bw8("export customers -o out.csv --rate 0 --wait 1s");
        ran.exits(1).never_says("a page instead of data");
    }
}

/// Of two lists of one name only one would be read.
#[test]
fn a_list_that_stands_twice_in_an_answer_is_no_answer() {
    let (one, two) = (customer(1), customer(2));
    let twice = format!(r#"{{"users":[{one}],"count":2,"users":[{two}]}}"#);
    for body in [twice.clone(), format!(r#"{{"code":0,"data":{twice}}}"#)] {
        let service = Service::start(move |_| (200, body.clone()));
        let work = Work::at(&service.base_url());
        let ran = work.bw8("export customers -o out.csv --rate 0 --wait 1s");
        ran.exits_with_one_of(&[1, 5]);
        ran.says("'users' twice");
        assert!(!work.path("out.csv").exists());
    }
    let same = format!(r#"{{"users":[{one}],"count":1,"users":[{one}]}}"#);
    let (work, ran) = export(same);
    ran.exits(0);
    assert_eq!(work.ids("out.csv"), [1]);
}
