//! Why a list cannot be said to be whole, and what helps, in words.

use super::decision::Doubt;
use super::list_query::ListQuery;
use crate::api;
use crate::error::Error;
use crate::message;
use crate::mirror::{PageCursor, Wall};

/// The error for a list that is not whole. Where it `takes_dates` it can be asked for in spans.
pub(super) fn not_whole(query: &ListQuery<'_>, takes_dates: bool, cursor: &PageCursor, doubt: &Doubt) -> Error {
    let entity = query.entity.labels();
    // Of a list that was read in parts, too, more may have come than what lies before the wall.
    let read = if matches!(doubt, Doubt::Wall(_)) { cursor.records.min(cursor.reached) } else { cursor.records };
    let path = &query.endpoint.path;
    let count = cursor.count_after.unwrap_or(read);
    let message = match doubt {
        Doubt::Wall(Wall::Empty) | Doubt::Missing if count <= read => {
            message!("refresh.more_follow", entity = entity, read = read)
        }
        Doubt::Wall(Wall::Refused(why)) => message!("refresh.wall_refused", entity = entity, read = read, why = why),
        Doubt::Wall(Wall::Failing(why)) => message!("refresh.wall_failing", entity = entity, read = read, why = why),
        Doubt::Wall(Wall::Unreadable(why)) => message!("refresh.unreadable", entity = entity, read = read, why = why),
        Doubt::Wall(Wall::Repeated) => message!("refresh.repeating", path = path, pages = cursor.pages),
        Doubt::Wall(Wall::Empty) => message!("refresh.wall_empty", entity = entity, read = read, count = count),
        Doubt::NotGiven => message!("refresh.not_given", entity = entity, read = read),
        Doubt::Vanished(id) => message!("refresh.vanished", entity = entity, read = read, id = id),
        Doubt::Missing | Doubt::TooLong => message!("refresh.missing", entity = entity, read = read, count = count),
        Doubt::Changing => message!("refresh.changing", entity = entity),
        Doubt::RoundTotal => message!("refresh.round_total", entity = entity, count = count),
        Doubt::Undivided(span) => message!("refresh.undivided", entity = entity, span = span.words()),
        Doubt::Undated(sum) => message!("refresh.undated", entity = entity, count = count, sum = sum),
    };
    let hint = match doubt {
        Doubt::Changing => message!("refresh.changing_hint"),
        Doubt::Missing | Doubt::TooLong | Doubt::Wall(Wall::Unreadable(_)) if takes_dates => {
            message!("refresh.missing_hint")
        }
        Doubt::Wall(Wall::Failing(_)) => message!("refresh.wall_failing_hint"),
        Doubt::Vanished(_) => message!("refresh.vanished_hint"),
        Doubt::Undivided(_) => message!("refresh.undivided_hint"),
        _ if takes_dates => message!("refresh.wall_hint"),
        _ => message!("refresh.wall_hint_no_dates"),
    };
    match doubt {
        Doubt::Wall(Wall::Refused(why)) if api::says_denied(why) => {
            Error::stopped(message).hint(message!("api.forbidden_hint")).and_hint(hint)
        }
        _ => Error::stopped(message).hint(hint),
    }
}
