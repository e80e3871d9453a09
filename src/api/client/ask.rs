//! Questions: asked again, with growing waits, for as long as that can help and holds up nobody else.

use tokio::time::timeout_at;
use url::Url;

use super::errors::read_rejected;
use super::read::Read;
use super::{Attempt, Client};
use crate::api::document::Document;
use crate::api::envelope::Rejection;
use crate::api::limiter::Permit;
use crate::api::patience::{Trouble, Verdict};
use crate::entity::Method;
use crate::error::{Error, Result};
use crate::interrupt::Interrupt;
use crate::message;
use crate::message::Message;
use crate::waiting::Wait;

/// How often something is asked for that fails while others are answered.
#[derive(Debug, Clone, Copy)]
struct Attempts {
    /// Times that it breaks.
    broken: u32,
    /// Times that no answer comes in time.
    hanging: u32,
    /// Times that "too many requests" is said.
    busy: u32,
}

/// Attempts at what cannot be done without.
const READ: Attempts = Attempts { broken: 6, hanging: 6, busy: u32::MAX };
/// Attempts at a page of a list.
const ASK: Attempts = Attempts { broken: 3, hanging: 3, busy: u32::MAX };
/// Attempts at what a record can do without. Being told "too many requests" so often takes about half a minute.
const BRIEF: Attempts = Attempts { broken: 3, hanging: 2, busy: 8 };
/// Attempts at the record that one row is about.
const RECORD: Attempts = Attempts { broken: 3, hanging: 3, busy: 4 };
/// Attempts at what was tried before: one.
const ONCE: Attempts = Attempts { broken: 1, hanging: 1, busy: u32::MAX };
/// As often as it takes.
const UNTIL_UP: Attempts = Attempts { broken: u32::MAX, hanging: u32::MAX, busy: u32::MAX };

/// What the service said of a single record.
#[derive(Debug)]
pub enum Single {
    /// Something.
    Document(Document),
    /// No.
    Rejected(Rejection),
    /// Nothing that can be used, time and again.
    Failing(Error),
}

/// How the attempts at one question have gone so far.
#[derive(Debug, Default)]
struct Course {
    /// How often it broke.
    tries: u32,
    /// How often no answer came in time.
    hung: u32,
    /// How often it was told "too many requests".
    busy: u32,
    /// What others had been answered when it broke first.
    answers: u64,
}

impl Course {
    /// Takes down one more attempt that came to nothing; `answers` is what others have been answered.
    fn goes_wrong(&mut self, trouble: Trouble, is_timeout: bool, answers: impl FnOnce() -> u64) {
        self.hung += u32::from(is_timeout);
        self.busy += u32::from(matches!(trouble, Trouble::Busy(_)));
        self.tries += u32::from(trouble == Trouble::Faltering);
        if self.tries == 1 {
            self.answers = answers();
        }
    }

    /// Whether it was tried so often that it may be the question that is broken.
    fn is_long(&self, trouble: Trouble, most: Attempts) -> bool {
        match trouble {
            Trouble::Faltering => self.tries.is_multiple_of(most.broken) || self.hung >= most.hanging,
            Trouble::Busy(_) => self.busy.is_multiple_of(most.busy),
            Trouble::Unreached => false,
        }
    }
}

/// What one attempt came to.
struct Failed<'a> {
    trouble: Trouble,
    why: &'a Message,
    verdict: Verdict,
}

impl Client {
    /// Reads a JSON document, repeating the request while that can help.
    ///
    /// # Errors
    /// The login is rejected, the host cannot be reached, or the service rejects the request or goes on failing.
    pub async fn read(&self, url: &Url) -> Result<Document> {
        match self.ask_up_to(url, READ).await? {
            Single::Document(document) => Ok(document),
            Single::Rejected(rejection) => Err(read_rejected(url.path(), &rejection, &self.target.host())),
            Single::Failing(error) => Err(error),
        }
    }

    /// Like [`Client::read`], where a plain no of the service (an unknown id, say) is an answer and not an error. One that
    /// fails while others are answered is given up after three tries: it is the record that is broken.
    ///
    /// # Errors
    /// The login is rejected, the host cannot be reached, or the service goes on failing.
    pub async fn ask(&self, url: &Url) -> Result<std::result::Result<Document, Rejection>> {
        match self.ask_up_to(url, ASK).await? {
            Single::Document(document) => Ok(Ok(document)),
            Single::Rejected(rejection) => Ok(Err(rejection)),
            Single::Failing(error) => Err(error),
        }
    }

    /// Like [`Client::ask`], for a single record that others can do without: that nothing of use is said of it is an answer,
    /// too.
    ///
    /// # Errors
    /// The host cannot be reached, or the service goes on failing whatever it is asked.
    pub async fn ask_briefly(&self, url: &Url) -> Result<Single> {
        self.ask_up_to(url, BRIEF).await
    }

    /// Like [`Client::ask_briefly`], for the record that one row is about.
    ///
    /// # Errors
    /// The host cannot be reached, or the service goes on failing whatever it is asked.
    pub async fn ask_for_record(&self, url: &Url) -> Result<Single> {
        self.ask_up_to(url, RECORD).await
    }

    /// Like [`Client::ask_briefly`], for something that failed before: it is tried once.
    ///
    /// # Errors
    /// The host cannot be reached, or the service goes on failing whatever it is asked.
    pub async fn ask_once(&self, url: &Url) -> Result<Single> {
        self.ask_up_to(url, ONCE).await
    }

    /// Waits, the longer the more `tries` there were, before something is asked for again that failed, for this reason.
    ///
    /// # Errors
    /// The user stops.
    pub async fn wait_before_asking_again(&self, tries: u32, why: Message) -> Result<()> {
        let pause = async {
            self.count_retry();
            self.pause(tries, why).await;
            Ok(())
        };
        Interrupt::of_process().unless_set(pause).await
    }

    /// Waits until the service answers a question, whatever it says: the one that it answered last, or this one.
    ///
    /// # Errors
    /// It is not there for longer than it is to be waited for.
    pub async fn wait_until_up(&self, otherwise: &Url) -> Result<()> {
        let known = self.last_read().clone();
        self.ask_up_to(known.as_ref().unwrap_or(otherwise), UNTIL_UP).await.map(drop)
    }

    /// Reads until there is an answer. `most` attempts are made while others are answered.
    async fn ask_up_to(&self, url: &Url, most: Attempts) -> Result<Single> {
        // Writes hold a place for the questions that some of them ask: a small one.
        Interrupt::of_process().unless_set(Box::pin(self.ask_patiently(url, most))).await
    }

    async fn ask_patiently(&self, url: &Url, most: Attempts) -> Result<Single> {
        let mut course = Course::default();
        let (mut again, mut failed) = (None, None);
        loop {
            let permit = self.limiter.acquire().await;
            let attempt = self.question_in_time(url, failed.take()).await?;
            let (error, trouble, why) = match self.read_answer(url, attempt) {
                Read::Document(document) => {
                    permit.on_success();
                    self.last_read().get_or_insert_with(|| url.clone());
                    return Ok(Single::Document(document));
                }
                Read::Rejected(rejection) => {
                    permit.on_answer();
                    return Ok(Single::Rejected(rejection));
                }
                Read::ForGood(error) => {
                    permit.on_answer();
                    return Ok(Single::Failing(error));
                }
                Read::ForNow(error, trouble, why) => (error, trouble, why),
            };
            drop(again.take());
            let trouble = match self.is_busy_alone(url, most, trouble, &error, &permit).await {
                true => Trouble::Faltering,
                false => trouble,
            };
            let is_timeout = is_timeout(&why);
            if is_timeout {
                // What comes next may take as long.
                again = Some(asked_once_more(&why).begin());
            }
            course.goes_wrong(trouble, is_timeout, || self.limiter.answers());
            let verdict = permit.on_trouble(trouble, &why);
            if self.is_given_up(url, most, &course, Failed { trouble, why: &why, verdict }, &permit).await {
                return Ok(Single::Failing(error));
            }
            drop(permit);
            if verdict == Verdict::Over {
                return Err(error);
            }
            failed = Some(error);
            self.count_retry();
            if course.tries > 0 {
                self.pause(course.tries, why).await;
            }
        }
    }

    /// One attempt; after one that `failed` no longer than it was said that the service is waited for.
    async fn question_in_time(&self, url: &Url, failed: Option<Error>) -> Result<Attempt> {
        match (self.limiter.waited_for_until(), failed) {
            (Some(until), Some(error)) => timeout_at(until, self.question(url)).await.unwrap_or(Err(error)),
            _ => self.question(url).await,
        }
    }

    /// Whether this alone is told to wait while others are answered: then it is broken, and holds up nobody else.
    async fn is_busy_alone(
        &self,
        url: &Url,
        most: Attempts,
        trouble: Trouble,
        error: &Error,
        permit: &Permit<'_>,
    ) -> bool {
        matches!(trouble, Trouble::Busy(_))
            && most.broken < u32::MAX
            && !error.is_about("api.read_limited")
            && self.is_up(url, permit).await
    }

    /// Whether it is this question that is broken, and not the service.
    async fn is_given_up(
        &self,
        url: &Url,
        most: Attempts,
        course: &Course,
        Failed { trouble, why, verdict }: Failed<'_>,
        permit: &Permit<'_>,
    ) -> bool {
        // Where no more may be repeated, others are not to wait because of one that is broken.
        let is_brief = trouble == Trouble::Faltering && most.broken < u32::MAX;
        if is_brief && verdict != Verdict::Again && self.is_up(url, permit).await {
            return true;
        }
        // Pages of a place that never answered with anything else are not the service's.
        let is_elsewhere =
            || matches!(why.code(), "api.broken_page" | "api.broken_empty") && !self.limiter.was_answered();
        // That others get through now and then says nothing of one that is told to wait.
        let is_answered_else = || course.tries > 0 && self.limiter.answers() > course.answers;
        if course.is_long(trouble, most) && (is_elsewhere() || is_answered_else() || self.is_up(url, permit).await) {
            return true;
        }
        // Of several that fail side by side none shows that the service answers others.
        if is_brief && course.tries < most.broken && self.limiter.is_waited_for() {
            self.is_up(url, permit).await;
        }
        false
    }

    /// Whether the service answers what it answered before, while it does not answer this.
    async fn is_up(&self, broken: &Url, permit: &Permit<'_>) -> bool {
        let Some(known) = self.last_read().clone().filter(|known| known != broken) else { return false };
        self.count_retry();
        let Ok(attempt) = self.question(&known).await else { return false };
        let is_up = matches!(self.read_answer(&known, attempt), Read::Document(_) | Read::Rejected(_));
        if is_up {
            permit.on_other_answer();
        }
        is_up
    }

    fn last_read(&self) -> std::sync::MutexGuard<'_, Option<Url>> {
        self.last_read.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// One attempt to read something.
    async fn question(&self, address: &Url) -> Result<Attempt> {
        self.attempt(Method::Get, address, None, |answer| answer.status == 401).await
    }
}

/// Whether no answer came in time, somewhere in a message.
fn is_timeout(why: &Message) -> bool {
    why.to_json().contains("\"api.timed_out\"")
}

/// What is said while something is asked for again that took too long.
fn asked_once_more(why: &Message) -> Wait {
    Wait { why: why.clone(), until: None, ends: message!("waiting.other"), is_retry: false, is_urgent: false }
}
