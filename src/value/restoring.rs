//! What was restored, and is said; or refused where a user wants nothing restored.

use super::options::ValueOptions;
use crate::problem::Problem;

/// Says that something was restored.
///
/// # Errors
/// Where nothing may be restored, the value is refused.
pub(super) fn say(options: &ValueOptions, word: Problem, noticed: &mut Vec<Problem>) -> Result<(), Problem> {
    if options.keep_raw {
        return Err(Problem::new("kept_raw"));
    }
    noticed.push(word);
    Ok(())
}
