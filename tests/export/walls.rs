//! Services that give only so many records and count no further, and lists whose length only looks as if they did.

use std::collections::BTreeMap;

use crate::harness::*;

/// What a service takes notice of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Honours {
    /// Of nothing but pages.
    Nothing,
    /// Of the order of creation and of the filters by date.
    OrderAndDates,
    /// Of the last day alone.
    EndAlone,
}

/// What stands beside a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beside {
    Count,
    CountAndNext,
    Nothing,
}

/// Customer `n`, the one of the smallest id first.
fn record(n: u64) -> String {
    let made = jiff::civil::date(2024, 1, 1).at(0, 0, 0, 0).saturating_add(jiff::Span::new().minutes(n as i64 * 600));
    let made = made.strftime("%Y-%m-%d %H:%M:%S");
    let mobile = 13_000_000_000 + n;
    format!(
        "{{\"cId\":\"{}\",\"name\":\"示例\",\"mobile\":\"{mobile}\",\"state\":\"1\",\"createDT\":\"{made}\",\"updateDT\":\"{made}\"}}",
        50_000 + n
    )
}

fn created_of(record: &str) -> &str {
    record.split("\"createDT\":\"").nth(1).unwrap().split('"').next().unwrap()
}

/// A service with so many customers that gives at most `most` of any list.
fn service(customers: u64, most: usize, honours: Honours, beside: Beside) -> Service {
    let all: BTreeMap<u64, String> = (1..=customers).map(|n| (50_000 + n, record(n))).collect();
    let mut made = 0;
    Service::start(move |request| {
        let own = request.path.strip_prefix("/users/").and_then(|rest| rest.strip_suffix(".json"));
        if let Some(id) = own.and_then(|id| id.parse::<u64>().ok()) {
            return match all.get(&id) {
                Some(record) => (200, format!("{{\"user\":{record}}}")),
                None => (200, "{\"user\":[]}".to_owned()),
            };
        }
        if request.method == "POST" {
            made += 1;
            return (201, format!("{{\"user\":{{\"cId\":\"{}\"}}}}", 90_000 + made));
        }
        if request.path != "/users.json" {
            return unknown();
        }
        let is_honoured = |name: &str| match honours {
            Honours::Nothing => false,
            Honours::OrderAndDates => true,
            Honours::EndAlone => name == "created_end",
        };
        let bound = |name: &str| request.query.get(name).filter(|_| is_honoured(name));
        let (from, to) = (bound("created_start"), bound("created_end"));
        let mut rows: Vec<&String> = all
            .values()
            .filter(|row| from.is_none_or(|from| created_of(row) >= from.as_str()))
            .filter(|row| to.is_none_or(|to| created_of(row) <= to.as_str()))
            .collect();
        if bound("created_order").is_some_and(|order| order == "desc") {
            rows.reverse();
        }
        rows.truncate(most);
        let size = request.number_of("per_page").clamp(1, 100);
        let start = (request.number_of("page").max(1) - 1) * size;
        let page: Vec<&str> = rows.iter().skip(start).take(size).map(|row| row.as_str()).collect();
        let next = if start + size < rows.len() { "\"https://www.example.com/next\"" } else { "null" };
        let beside = match beside {
            Beside::Count => format!(",\"count\":{}", rows.len()),
            Beside::CountAndNext => format!(",\"count\":\"{}\",\"next_page\":{next}", rows.len()),
            Beside::Nothing => String::new(),
        };
        (200, format!("{{\"users\":[{}]{beside}}}", page.join(",")))
    })
}

#[test]
fn a_list_that_is_exactly_so_many_pages_long_is_whole() {
    for (customers, honours, beside) in [
        (1000, Honours::Nothing, Beside::Count),
        (2000, Honours::Nothing, Beside::CountAndNext),
        (1000, Honours::Nothing, Beside::Nothing),
        (1000, Honours::OrderAndDates, Beside::Count),
        (300, Honours::OrderAndDates, Beside::Nothing),
    ] {
        let service = service(customers, usize::MAX, honours, beside);
        let work = Work::at(&service.base_url());
        let ran = work.export("customers -o out.csv --columns cId");
        let json = ran.exits(0).json();
        assert_eq!((&json["records"], &json["complete"]), (&customers.into(), &true.into()), "{honours:?} {beside:?}");
    }
}

#[test]
fn a_wall_that_nothing_gives_away_is_seen_from_the_other_end() {
    for (customers, most, beside) in [(1234, 500, Beside::Count), (734, 300, Beside::Nothing)] {
        let service = service(customers, most, Honours::OrderAndDates, beside);
        let work = Work::at(&service.base_url());
        let ran = work.export("customers -o out.csv --columns cId");
        // The filters by date lead around it.
        ran.exits(0);
        assert_eq!(work.ids("out.csv").len() as u64, customers, "{beside:?}");
    }
}

#[test]
fn a_filter_of_one_end_alone_does_not_divide_a_list_for_ever() {
    for customers in [6000, 6123] {
        let service = service(customers, usize::MAX, Honours::EndAlone, Beside::Count);
        let work = Work::at(&service.base_url());
        let ran = work.export("customers -o out.csv --columns cId");
        // Where the total may be one that the service counts no further than, it is not said to be all.
        match ran.exits_with_one_of(if customers == 6000 { &[0, 5] } else { &[0] }) {
            0 => assert_eq!(work.ids("out.csv").len() as u64, customers),
            _ => drop(ran.says("--accept-incomplete")),
        }
        assert!(service.requests().len() < 1000, "{customers}: {}", service.requests().len());
    }
}

#[test]
fn spans_are_no_way_around_a_wall_where_dates_are_not_honoured() {
    let service = service(1500, 1000, Honours::Nothing, Beside::Count);
    let work = Work::at(&service.base_url());
    let ran = work.export("customers -o out.csv --columns cId");
    ran.exits(5).says("does not divide this list by date").says("--accept-incomplete").never_says("--period 2026-01");
}

#[test]
fn the_ids_that_follow_tell_of_a_list_that_is_cut_anywhere() {
    for (customers, most, exit) in [(197, 137, 5), (137, usize::MAX, 0), (1000, 610, 5)] {
        for beside in [Beside::Count, Beside::CountAndNext, Beside::Nothing] {
            let service = service(customers, most, Honours::Nothing, beside);
            let work = Work::at(&service.base_url());
            let ran = work.export("customers -o out.csv --columns cId");
            ran.exits(exit);
            // Those of a filter are not followed by others of it.
            if exit == 0 {
                work.export("customers -o part.csv --columns cId --until 2024-02-01").exits(0);
            }
        }
    }
}

#[test]
fn what_a_wall_withholds_is_not_taken_for_new() {
    let service = service(640, 500, Honours::OrderAndDates, Beside::Count);
    let work = Work::at(&service.base_url());
    work.write("mine.csv", "姓名,手机,公司编号\n示例甲,13000000630,20001\n示例乙,13000009999,20001\n");
    work.bw8("import customers mine.csv --mode skip-existing --no-canary").exits(0);
    let created = service.requests().iter().filter(|request| request.method == "POST").count();
    assert_eq!(created, 1);
}

#[test]
fn a_list_that_takes_no_notice_of_pages_is_whole_in_one_answer() {
    for (customers, is_size_honoured) in [(20, false), (150, false), (150, true)] {
        let service = Service::start(move |request| {
            let most = if is_size_honoured { request.number_of("per_page").min(100) } else { usize::MAX };
            let rows: Vec<String> = (1..=customers).take(most).map(record).collect();
            match request.path.as_str() {
                "/users.json" => (200, format!("{{\"users\":[{}]}}", rows.join(","))),
                _ => unknown(),
            }
        });
        let work = Work::at(&service.base_url());
        let ran = work.export("customers -o out.csv --columns cId");
        match is_size_honoured {
            // There may be others that no page brings.
            true => drop(ran.exits(5)),
            false => {
                ran.exits(0);
                assert_eq!(work.ids("out.csv").len() as u64, customers);
            }
        }
    }
}

#[test]
fn a_packed_answer_that_is_cut_or_spoilt_is_told_as_that() {
    for (is_cut, said) in [(true, "the answer broke off after"), (false, "cannot be unpacked")] {
        let service = Service::start_with(move |request| {
            let rows: Vec<String> =
                (1..=20).map(|id| format!("{{\"cId\":\"{id}\",\"name\":\"示例 {id}\",\"state\":\"1\"}}")).collect();
            let body = format!("{{\"users\":[{}],\"count\":20}}", rows.join(","));
            if request.path != "/users.json" {
                let (status, body) = unknown();
                return (status, Vec::new(), body.into_bytes());
            }
            let mut packed = Vec::new();
            let mut packer = flate2::read::GzEncoder::new(body.as_bytes(), flate2::Compression::default());
            std::io::Read::read_to_end(&mut packer, &mut packed).unwrap();
            match is_cut {
                true => packed.truncate(packed.len() - 12),
                false => packed[..10].fill(b'?'),
            }
            (200, vec![("Content-Encoding".to_owned(), "gzip".to_owned())], packed)
        });
        let work = Work::at(&service.base_url());
        work.export("customers -o out.csv --wait 0").exits(1).says(said).says("breaks its answers off");
        assert!(!work.path("out.csv").exists());
    }
}
