//! Old ids that are known, but only from accounts of which nobody has said whether they are this one.

use crate::account::SANDBOX;
use crate::journal::StrangeIds;
use crate::message;
use crate::message::Message;
use crate::terminal::quoted_path;

/// What there is to say of them: where they are known from, and what says whether that is this account.
pub fn words_of_strangers(strangers: &[StrangeIds]) -> Vec<Message> {
    let of_accounts = strangers.iter().filter(|stranger| !stranger.target.starts_with(SANDBOX));
    let words = of_accounts.map(|StrangeIds { target, folder, ids }| {
        message!("accounts.old_ids", ids = ids, target = target, folder = quoted_path(folder))
    });
    words.collect()
}
