//! Whether a row made the record whose id the service answers with, where records with such ids were there before the run's
//! first write: most services count ids up, so that this costs nothing there.

use bytes::Bytes;

use super::earlier::Earlier;
use super::write::{RowWrite, in_doubt};
use crate::import::comparison::differences;
use crate::import::sent_members::sent_members;
use crate::journal::{Operation, Status};
use crate::message;
use crate::message::Message;

impl RowWrite<'_> {
    /// Whether a write is said to have made a record under an id that one may have had before.
    pub(super) fn is_of_before(&self, written: Option<&Operation>) -> bool {
        let id =
            written.filter(|operation| operation.status == Status::Created).and_then(|operation| operation.id.as_ref());
        id.is_some_and(|id| self.sender.earlier.get().is_some_and(|earlier| earlier.may_have(id)))
    }

    /// The end of a row whose record has such an id: in doubt where it is another record than the one that was sent.
    pub(super) async fn unless_of_before(&mut self, written: Option<Operation>, body: &Bytes) -> Option<Operation> {
        let (Some(earlier), Some(id)) = (self.sender.earlier.get(), written.as_ref().and_then(|made| made.id.clone()))
        else {
            return written;
        };
        let why = match self.is_new(earlier, &id, body).await {
            Ok(true) => return written,
            Ok(false) => message!("attempt.id_of_before", id = id),
            Err(why) => message!("attempt.id_unread", id = id, why = why),
        };
        Some(self.ended(Status::Unknown, None, Some(in_doubt(why))))
    }

    /// Whether a record says what was sent, and was not there before the run; the inner error is why it cannot be read.
    async fn is_new(&self, earlier: Earlier, id: &str, body: &Bytes) -> Result<bool, Message> {
        // Where single records cannot be had, nobody can tell.
        let Some(access) = self.sender.access.get(&self.sender.entity.name) else { return Ok(true) };
        // The write may be done, whatever can be seen of it.
        let record = match self.sender.read_unless_stopped(access, id).await {
            Ok(Some(Ok(record))) => record,
            Ok(Some(Err(reason))) => return Err(reason.message),
            Ok(None) => return Err(message!("attempt.stopped")),
            Err(error) => return Err(error.into_message()),
        };
        let sent = sent_members(&access.entity, body, &access.custom);
        Ok(match earlier.is_behind(access, &record) {
            Some(false) => false,
            _ if !access.entity.keys.is_empty() => self.witness(&access.entity, body).is_echo_of(&record),
            _ => differences(access, &sent, None, &record).is_empty(),
        })
    }
}
