//! Words of a "no" that stand beside whatever else an answer says. None of them alone is the no of the service, which has its
//! own shapes; beside a record that says "done" they make the answer contradict itself.

use serde_json::{Map, Value};

use super::envelope::{as_text, is_nothing};

/// Members of an answer that such words stand in, and those of the service's own shapes: they are needed of it. In order, as
/// each name in an answer is looked for among them.
pub(super) const MEMBERS: [&str; 37] = [
    "code",
    "errCode",
    "err_code",
    "err_no",
    "errcode",
    "errmsg",
    "errno",
    "error",
    "errorCode",
    "errorMsg",
    "error_code",
    "error_description",
    "error_msg",
    "errors",
    "failed",
    "failure",
    "head",
    "header",
    "isSuccess",
    "is_success",
    "message",
    "meta",
    "msg",
    "ok",
    "result",
    "resultCode",
    "result_code",
    "ret",
    "retCode",
    "ret_code",
    "retcode",
    "returnCode",
    "return_code",
    "state",
    "status",
    "succeeded",
    "success",
];
/// What false says of.
const DONE: [&str; 5] = ["success", "succeeded", "ok", "isSuccess", "is_success"];
/// Codes that are nothing where there is no error.
const ERROR_CODES: [&str; 7] = ["errcode", "error_code", "errorCode", "err_code", "errCode", "errno", "err_no"];
/// What failed, where anything did.
const FAILURES: [&str; 2] = ["failed", "failure"];
/// Codes that tell how it went, whichever way.
const CODES: [&str; 12] = [
    "code",
    "ret",
    "retcode",
    "ret_code",
    "retCode",
    "resultCode",
    "result_code",
    "returnCode",
    "return_code",
    "result",
    "state",
    "status",
];
/// Words beside a code.
const WORDS: [&str; 6] = ["message", "msg", "errmsg", "error_msg", "errorMsg", "error_description"];
/// Members around what an answer says of itself.
const ENVELOPES: [&str; 6] = ["meta", "head", "header", "result", "status", "state"];

/// Whether an answer says no, at the top or one level below, beside the record that it holds. A record may have fields of any
/// name: in it, and in others beside it, only what no field is called counts.
pub(super) fn says_no(document: &Value, record: Option<&Value>, is_of_records: impl Fn(&str) -> bool) -> bool {
    let Some(members) = document.as_object() else { return false };
    let is_record = |value: &Value| record.is_some_and(|record| std::ptr::eq(record, value));
    let below = |(name, value): (&String, &Value)| match value.as_object() {
        Some(inner) if is_record(value) || is_of_records(name) => has_error(inner),
        Some(inner) => {
            let is_envelope = ENVELOPES.contains(&name.as_str());
            has_error(inner) || is_undone(inner) || (is_envelope || has_words(inner)) && has_bad_code(inner)
        }
        None => false,
    };
    has_error(members)
        || is_undone(members)
        || has_bad_code(members)
        || members.iter().any(below)
        || record.and_then(Value::as_object).is_some_and(has_error)
}

/// Whether something stands where only an error does.
fn has_error(members: &Map<String, Value>) -> bool {
    members.iter().any(|(name, value)| match name.as_str() {
        "errors" => !is_nothing(value),
        name => ERROR_CODES.contains(&name) && !is_nothing(value) && !is_yes(&as_text(value)),
    })
}

fn is_undone(members: &Map<String, Value>) -> bool {
    let is_false = |value: &Value| matches!(as_text(value).trim(), "false" | "False" | "0");
    members.iter().any(|(name, value)| match name.as_str() {
        name if DONE.contains(&name) => is_false(value),
        name => FAILURES.contains(&name) && !is_nothing(value),
    })
}

fn has_words(members: &Map<String, Value>) -> bool {
    members.iter().any(|(name, words)| WORDS.contains(&name.as_str()) && !is_nothing(words))
}

fn has_bad_code(members: &Map<String, Value>) -> bool {
    let words = || members.iter().filter(|(name, _)| WORDS.contains(&name.as_str())).map(|(_, words)| as_text(words));
    members.iter().filter(|(name, _)| CODES.contains(&name.as_str())).any(|(name, code)| match code {
        Value::Bool(is_done) => !is_done,
        Value::String(_) | Value::Number(_) => match as_text(code).trim().parse::<f64>() {
            Ok(code) if code < 0.0 => true,
            // What was made may be told there.
            Ok(_) if name == "result" => false,
            Ok(code) if (400.0..600.0).contains(&code) => true,
            // Whoever counts success from 1 or 10000 has words for it; without any it may be anything.
            Ok(code) if code >= 600.0 && !is_round(code) => {
                words().any(|words| !words.is_empty()) && !words().any(|words| is_yes(&words))
            }
            Ok(_) => false,
            Err(_) => is_failure(&as_text(code)),
        },
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    })
}

/// 1000, 20000: a one or a two and zeros, as success is often numbered.
fn is_round(code: f64) -> bool {
    let text = code.to_string();
    matches!(text.chars().next(), Some('1' | '2')) && text.chars().skip(1).all(|digit| digit == '0')
}

fn is_yes(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    let is_denied = ["unsuccess", "not success", "不成功", "未成功", "没有成功"].iter().any(|no| text.contains(no));
    text == "ok" || text.ends_with(" ok") || !is_denied && (text.contains("success") || text.contains("成功"))
}

fn is_failure(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    let is_no_error = text.starts_with("no") && text.ends_with("error");
    let is_error =
        text == "err" || text == "ng" || text == "false" || text.starts_with("fail") || text.ends_with("error");
    !is_no_error && (is_error || ["失败", "错误", "异常"].iter().any(|no| text.contains(no)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn no(mut answer: Value) -> bool {
        let record = json!({"cId": "50001", "status": "2", "state": "500", "code": "E-404", "message": "别人说错误"});
        let members = answer.as_object_mut().unwrap();
        members.entry("user").or_insert(record);
        says_no(&answer, answer.get("user"), |name| name == "user")
    }

    #[test]
    fn the_members_are_in_order() {
        assert!(MEMBERS.is_sorted());
        let all = [&ERROR_CODES[..], &FAILURES, &DONE, &CODES, &WORDS, &ENVELOPES].concat();
        assert!(all.iter().all(|name| MEMBERS.contains(name)));
    }

    #[test]
    fn a_plain_no_is_seen_at_the_top_and_one_level_below() {
        for answer in [
            json!({"success": false}),
            json!({"success": "false"}),
            json!({"success": 0}),
            json!({"ok": false}),
            json!({"code": 500, "message": "系统错误"}),
            json!({"code": "500"}),
            json!({"code": -1}),
            json!({"code": 10023, "msg": "手机号已存在"}),
            json!({"code": "SystemError"}),
            json!({"status": "fail"}),
            json!({"status": false}),
            json!({"status": 500}),
            json!({"result": "fail", "reason": "x"}),
            json!({"result": false}),
            json!({"ret": -3}),
            json!({"errors": [{"code": 1}]}),
            json!({"errors": {"mobile": ["bad"]}}),
            json!({"errors": "bad"}),
            json!({"error_code": "100103"}),
            json!({"errorCode": 7}),
            json!({"failed": [3]}),
            json!({"failed": true}),
            json!({"result": {"success": false}}),
            json!({"meta": {"code": 500}}),
            json!({"info": {"code": 500, "message": "系统错误"}}),
            json!({"response": {"errcode": "7"}}),
            json!({"user": {"cId": "50001", "errors": ["bad"]}}),
            json!({"user": {"cId": "50001", "errcode": "7"}}),
        ] {
            assert!(no(answer.clone()), "{answer}");
        }
    }

    #[test]
    fn what_says_yes_or_nothing_is_no_no() {
        for answer in [
            json!({}),
            json!({"success": true}),
            json!({"success": "true", "ok": 1}),
            json!({"code": 0, "message": "错误码为 0"}),
            json!({"code": "0"}),
            json!({"code": 200, "msg": "操作成功"}),
            json!({"code": 201}),
            json!({"code": 1, "msg": "添加完成"}),
            json!({"code": 20000, "message": "完成"}),
            json!({"code": 10000, "msg": "Success"}),
            json!({"code": 4711, "msg": "操作成功"}),
            json!({"code": 4711}),
            json!({"code": "ok"}),
            json!({"code": "00000"}),
            json!({"code": "no_error"}),
            json!({"code": "KH-404"}),
            json!({"code": null, "status": null}),
            json!({"status": "success", "state": 1}),
            json!({"result": 50001}),
            json!({"result": {"affected": 1}}),
            json!({"errors": [], "error_code": 0}),
            json!({"errors": null, "errcode": ""}),
            json!({"errors": {}, "errno": "0", "failed": 0}),
            json!({"errors": "none", "failure": []}),
            json!({"error_code": "ok"}),
            json!({"company": {"code": "500", "state": "404", "status": "fail"}}),
            json!({"meta": {"code": 200, "message": "ok"}}),
            json!({"message": "系统错误日志已清除"}),
        ] {
            assert!(!no(answer.clone()), "{answer}");
        }
    }
}
