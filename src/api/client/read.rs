//! What the answer to a question means.

use std::cell::OnceCell;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use url::Url;

use super::errors::{denied, moved};
use super::{Attempt, Client};
use crate::api::answer::Answer;
use crate::api::document::Document;
use crate::api::envelope::{self, Rejection};
use crate::api::page::{no_text, page_rejection, page_words};
use crate::api::patience::{Trouble, busy};
use crate::api::secrets::Secrets;
use crate::api::trouble;
use crate::error::Error;
use crate::message;
use crate::message::Message;

/// What came of an attempt to read.
pub(super) enum Read {
    Document(Document),
    /// The service said no.
    Rejected(Rejection),
    /// Asking again cannot help.
    ForGood(Error),
    /// Asking again may help: the error if not, what is wrong, and why there is a wait.
    ForNow(Error, Trouble, Message),
}

/// An answer, and what it says as far as it can be read.
struct Said<'a> {
    client: &'a Client,
    /// What was asked for.
    path: &'a str,
    answer: Answer,
    document: Option<Document>,
    /// The service's own no.
    rejection: Option<Rejection>,
    /// Its words, or its status where it has none.
    why: String,
    /// Most answers show nothing.
    secrets: OnceCell<Secrets>,
}

impl Client {
    pub(super) fn read_answer(&self, url: &Url, attempt: Attempt) -> Read {
        let path = url.path();
        let answer = match attempt {
            Attempt::Answered(answer) => answer,
            Attempt::NotSent(why) => {
                return self.for_now(path, why.clone(), Trouble::Unreached, self.no_connection(why));
            }
            Attempt::Lost(why) => return self.broken(path, why),
        };
        self.largest_answer.fetch_max(answer.body.len(), Ordering::Relaxed);
        match self.document_of(&answer.body) {
            Ok(document) => Said::of(self, path, answer, document).meaning(),
            Err(why) => self.broken(path, why),
        }
    }

    /// The document that a body is, if it is one; or why it is not to be believed.
    fn document_of(&self, body: &Bytes) -> Result<Option<Document>, Message> {
        match envelope::parse_document(body) {
            // A list that came up empty because something failed is not empty.
            Some((document, mends)) if mends.has_failure && !envelope::holds_records(&document) => {
                Err(message!("api.failed_and_empty"))
            }
            Some((document, mends)) => {
                self.mended.add(mends);
                Ok(Some(document))
            }
            None => Ok(None),
        }
    }

    /// Nothing of use came, for a reason that may pass; `said` while it is waited for.
    fn for_now(&self, path: &str, why: Message, trouble: Trouble, said: Message) -> Read {
        let hint = match why.code() {
            "api.timed_out" => message!("api.slow_hint"),
            "api.empty" => message!("api.empty_hint"),
            "api.cut_off" | "api.cut_off_somewhere" | "api.cut_json" | "api.not_unpacked" => {
                message!("api.cut_off_hint")
            }
            "api.failed" | "api.failed_and_empty" => message!("api.failed_hint"),
            "api.bad_json" | "api.repeated_member" => message!("api.bad_json_hint"),
            "api.no_text" => message!("api.no_text_hint"),
            "api.not_json" | "api.with_words" => message!("api.page_hint", host = self.target.host()),
            "api.no_such_host" => message!("api.no_such_host_hint", host = self.target.host()),
            _ => trouble::hint_of(&why),
        };
        let error = Error::cannot_run(message!("api.read_failed", path = path, why = why)).hint(hint);
        let error = match trouble == Trouble::Unreached && self.http.passes_proxy_by() {
            true => error.and_hint(message!("api.http_proxy_hint")),
            false => error,
        };
        Read::ForNow(error, trouble, said)
    }

    /// What was asked for, or the service, is broken.
    fn broken(&self, path: &str, why: Message) -> Read {
        self.for_now(path, why.clone(), Trouble::Faltering, message!("api.broken", why = why))
    }
}

impl<'a> Said<'a> {
    fn of(client: &'a Client, path: &'a str, answer: Answer, document: Option<Document>) -> Said<'a> {
        let why = format!("HTTP {}", answer.status);
        let mut said = Said { client, path, answer, document, rejection: None, why, secrets: OnceCell::new() };
        let rejection = said
            .document
            .as_ref()
            .and_then(|document| envelope::rejection(document, false).or_else(|| envelope::empty_rejection(document)));
        if let Some(rejection) = rejection.map(|rejection| rejection.shown(|text| said.hide(text))) {
            said.why = format!("{} {}", rejection.code, rejection.message).trim().to_owned();
            said.rejection = Some(rejection);
        }
        said
    }

    /// A text without the secrets of the login, which it may repeat.
    fn hide(&self, text: &str) -> String {
        self.secrets.get_or_init(|| Secrets::new(self.client.auth.secrets())).hide(text)
    }

    fn meaning(self) -> Read {
        if self.answer.status != 401 {
            if self.answer.status == 429 || self.document.as_ref().is_some_and(|document| envelope::is_limit(document))
            {
                return self.limited();
            }
            if let Some(words) = self.document.as_ref().and_then(|document| envelope::busy(document)) {
                return self.busy(&words);
            }
        }
        let status = self.answer.status;
        match status {
            300..=399 => Read::ForGood(self.moved()),
            401 => Read::ForGood(denied(status, &self.why)),
            403 => self.forbidden(),
            // A service that says when to come back is busy, whatever it calls it.
            503 if self.answer.retry_after.is_some() => self.patience(self.why.clone()),
            408 | 500.. => self.client.broken(self.path, message!("api.failed", why = self.why)),
            400.. => Read::Rejected(self.no()),
            _ => self.yes(),
        }
    }

    /// It may not be asked so fast.
    fn limited(self) -> Read {
        let asked = self.answer.retry_after;
        let error = self.client.limited(message!("api.read_limited", path = self.path, why = self.why), asked);
        Read::ForNow(error, Trouble::Busy(asked), busy(asked))
    }

    /// It says that it is busy, in these words.
    fn busy(self, words: &str) -> Read {
        let words = self.hide(words);
        match self.answer.retry_after {
            // It may be this one record.
            None => self.client.broken(self.path, words.into()),
            Some(_) => self.patience(words),
        }
    }

    /// A service that asks for patience can be reached: nothing is wrong with the network.
    fn patience(&self, why: String) -> Read {
        let asked: Option<Duration> = self.answer.retry_after;
        let hint = self.client.hint_of(asked).unwrap_or_else(|| message!("api.busy_hint"));
        let error = Error::stopped(message!("api.read_failed", path = self.path, why = why)).hint(hint);
        Read::ForNow(error, Trouble::Busy(asked), busy(asked))
    }

    fn moved(&self) -> Error {
        moved(self.path, &self.hide(self.answer.location.as_deref().unwrap_or_default()))
    }

    fn forbidden(self) -> Read {
        let is_document = self.document.is_some();
        // The bindings' own error shape says "403" of a single record, whatever the HTTP status.
        let is_of_record = self.document.as_ref().is_some_and(|document| document.get("state").is_some());
        // A firewall in front of the service says nothing of what the account may do.
        let page = if is_document { None } else { self.page() };
        match self.rejection.filter(|_| is_of_record).or(page) {
            Some(rejection) => Read::Rejected(rejection),
            None => Read::ForGood(denied(self.answer.status, &self.why)),
        }
    }

    /// The no of a page that is no document.
    fn page(&self) -> Option<Rejection> {
        page_rejection(self.answer.status, &self.answer.body, |text| self.hide(text))
    }

    fn no(self) -> Rejection {
        let page = || self.page();
        let status = self.answer.status;
        let bare = || Rejection { code: status.to_string(), message: format!("HTTP {status}"), is_page: false };
        self.rejection.clone().or_else(page).unwrap_or_else(bare)
    }

    fn yes(self) -> Read {
        match (self.rejection, self.document) {
            (Some(rejection), _) => Read::Rejected(rejection),
            (None, Some(document)) => Read::Document(document),
            // It says that there is nothing.
            (None, None) if self.answer.status == 204 => Read::Document(serde_json::Value::Null.into()),
            (rejection @ None, document @ None) => Said { rejection, document, ..self }.not_readable(),
        }
    }

    /// It says yes, and nothing that can be read.
    fn not_readable(&self) -> Read {
        let Said { client, path, .. } = *self;
        let body = &self.answer.body;
        if body.trim_ascii().is_empty() {
            return client.for_now(path, message!("api.empty"), Trouble::Faltering, message!("api.broken_empty"));
        }
        match envelope::broken_json(body, |text| self.hide(text)) {
            Some(why) => client.broken(path, why),
            None => {
                if let Some(why) = no_text(body) {
                    return client.broken(path, why);
                }
                let words = page_words(body, |text| self.hide(text));
                client.for_now(path, words, Trouble::Faltering, message!("api.broken_page"))
            }
        }
    }
}
